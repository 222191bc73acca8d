/** A sender comes, changes, goes and comes back. Nothing here lets it send before it is proved. */

import { normaliseAddress } from '../mail/address.ts'
import type { KeyId, SenderId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import { sendActivation } from './activation.ts'
import type { DomainsContext } from './context.ts'
import { ensureDomainRow, type WantedKeys } from './domain-rows.ts'
import { normaliseDomain } from './domains.ts'
import { checkSenderName, findSender, isDomainActive, parseSenderAddress, type Sender } from './senders.ts'

export type NewSender = {
  keyId: KeyId
  /** An address, or `*@domain` for all addresses of a domain. */
  email: string
  name?: string
  kind?: Sender['kind']
  isDefault?: boolean
  /** For the keys of its domain, when they are made with it; the settings otherwise. */
  dkim?: Partial<WantedKeys>
}

/** Active at once when its domain is proved for this key; otherwise an activation mail goes to the address. */
export async function createSender(ctx: DomainsContext, wanted: NewSender): Promise<Sender> {
  const { keyId, name = '', kind = 'unknown', isDefault = false } = wanted
  const { email, domain, isWholeDomain } = readEmail(wanted.email)
  checkSenderName(name)
  const existing = await findSender(ctx.storage, { keyId, email })
  if (existing !== undefined) throw alreadyThere(existing)
  const now = ctx.clock.now()
  const domainId = await ensureDomainRow(ctx.storage, {
    keyId,
    name: domain,
    seal: ctx.seal,
    dkim: { ...ctx.settings.dkim, ...wanted.dkim },
    now,
  })
  const isActive = !isWholeDomain && (await isDomainActive(ctx.storage.db, { keyId, name: domain }))
  const id = (await ctx.storage.reserveIds(1)) as SenderId
  await ctx.storage.db.transaction().execute(async (transaction) => {
    const added = await transaction
      .insertInto('senders')
      .values({
        id,
        key_id: keyId,
        email,
        name,
        kind,
        is_default: isDefault ? 1 : 0,
        status: isActive ? 'active' : 'inactive',
        domain_id: domainId,
        created_at: now,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (added.numInsertedOrUpdatedRows === 0n) throw alreadyThere({ status: 'inactive' })
    if (isDefault) await unsetOtherDefaults(transaction, { keyId, id })
  })
  ctx.changed({ keyId, email, domain })
  const sender = await getSender(ctx, { keyId, id })
  if (!isActive && !isWholeDomain) await sendActivation(ctx, sender)
  return sender
}

export async function updateSender(
  ctx: DomainsContext,
  {
    keyId,
    senderId,
    ...changes
  }: { keyId: KeyId; senderId: SenderId; name?: string; kind?: Sender['kind']; isDefault?: boolean },
): Promise<Sender> {
  const { name, kind, isDefault } = changes
  if (name !== undefined) checkSenderName(name)
  await getSender(ctx, { keyId, id: senderId })
  const set = {
    ...(name !== undefined && { name }),
    ...(kind !== undefined && { kind }),
    ...(isDefault !== undefined && { is_default: isDefault ? (1 as const) : (0 as const) }),
  }
  if (Object.keys(set).length > 0) {
    await ctx.storage.db.transaction().execute(async (transaction) => {
      await transaction.updateTable('senders').set(set).where('id', '=', senderId).execute()
      if (isDefault) await unsetOtherDefaults(transaction, { keyId, id: senderId })
    })
  }
  return getSender(ctx, { keyId, id: senderId })
}

/** The row stays, so that its story can be told and its address is not mailed anew as if it were unknown. */
export async function deleteSender(
  ctx: DomainsContext,
  { keyId, senderId }: { keyId: KeyId; senderId: SenderId },
): Promise<void> {
  const { email } = await getSender(ctx, { keyId, id: senderId })
  await ctx.storage.db.transaction().execute(async (transaction) => {
    await transaction
      .updateTable('senders')
      .set({ status: 'deleted', is_default: 0 })
      .where('id', '=', senderId)
      .execute()
    // A link that is still in somebody's mailbox must not bring it back.
    await transaction.deleteFrom('activations').where('sender_id', '=', senderId).execute()
  })
  ctx.changed({ keyId, email })
}

/** Brings a deleted sender back, to be proved again unless its domain is. */
export async function reviveSender(
  ctx: DomainsContext,
  { keyId, senderId }: { keyId: KeyId; senderId: SenderId },
): Promise<Sender> {
  const { email, status } = await getSender(ctx, { keyId, id: senderId })
  if (status !== 'deleted') throw alreadyThere({ status })
  const { domain, isWholeDomain } = readEmail(email)
  const now = ctx.clock.now()
  const domainId = await ensureDomainRow(ctx.storage, {
    keyId,
    name: domain,
    seal: ctx.seal,
    dkim: ctx.settings.dkim,
    now,
  })
  const isActive = !isWholeDomain && (await isDomainActive(ctx.storage.db, { keyId, name: domain }))
  await ctx.storage.db
    .updateTable('senders')
    .set({ status: isActive ? 'active' : 'inactive', domain_id: domainId })
    .where('id', '=', senderId)
    .where('status', '=', 'deleted')
    .execute()
  ctx.changed({ keyId, email, domain })
  const sender = await getSender(ctx, { keyId, id: senderId })
  if (!isActive && !isWholeDomain) await sendActivation(ctx, sender)
  return sender
}

/** Refuses what the key has not. */
export async function getSender(
  ctx: Pick<DomainsContext, 'storage'>,
  { keyId, id }: { keyId: KeyId; id: SenderId },
): Promise<Sender> {
  const sender = await findSender(ctx.storage, { keyId, id })
  if (sender === undefined) throw new Refused('not-found', `this API key has no sender ${id}`)
  return sender
}

export function readEmail(text: string): { email: string; domain: string; isWholeDomain: boolean } {
  const trimmed = text.trim()
  if (trimmed.startsWith('*@')) {
    const domain = normaliseDomain(trimmed.slice(2))
    return { email: `*@${domain}`, domain, isWholeDomain: true }
  }
  const address = parseSenderAddress(trimmed)
  return { email: normaliseAddress(address), domain: address.domain, isWholeDomain: false }
}

/** The words that clients look for (reference/senders-domains-dns.md §1); a deleted one is brought back by an update. */
function alreadyThere({ status }: Pick<Sender, 'status'>): Refused {
  switch (status) {
    case 'active':
      return new Refused('conflict', 'There is an already existing active sender with the same email.')
    case 'inactive':
      return new Refused(
        'conflict',
        'There is an already existing inactive sender with the same email. You can use "validate" action in order to activate it.',
      )
    case 'deleted':
      return new Refused(
        'conflict',
        'There is an already existing inactive sender with the same email. It was deleted: bring it back with an update (PUT). Then you can use "validate" action in order to activate it.',
      )
  }
}

async function unsetOtherDefaults(
  db: DomainsContext['storage']['db'],
  { keyId, id }: { keyId: KeyId; id: SenderId },
): Promise<void> {
  await db
    .updateTable('senders')
    .set({ is_default: 0 })
    .where('key_id', '=', keyId)
    .where('id', '!=', id)
    .where('is_default', '=', 1)
    .execute()
}
