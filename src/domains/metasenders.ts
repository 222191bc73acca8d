/** Senders of a whole account: every API key of it may use them once the operator has enabled them. */
import type { Selectable } from 'kysely'
import type { AccountId, KeyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { DomainsContext } from './context.ts'
import { readEmail } from './create-sender.ts'
import { makeOwnershipToken } from './domain-rows.ts'
import { normaliseSender } from './senders.ts'

export type Metasender = {
  id: number
  accountId: AccountId
  /** An address, or `*@domain`. */
  email: string
  description: string
  isEnabled: boolean
  /** Of a whole domain: the file that would prove it; '' for an address. */
  fileName: string
  createdAt: Instant
}

export async function createMetasender(
  ctx: Pick<DomainsContext, 'storage' | 'clock'>,
  { accountId, email, description = '' }: { accountId: AccountId; email: string; description?: string },
): Promise<Metasender> {
  checkDescription(description)
  const id = await ctx.storage.reserveIds(1)
  const row = {
    id,
    account_id: accountId,
    email: readEmail(email).email,
    description,
    ownership_token: makeOwnershipToken(),
    is_enabled: 0 as const,
    created_at: ctx.clock.now(),
  }
  const added = await ctx.storage.db
    .insertInto('metasenders')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (added.numInsertedOrUpdatedRows === 0n) {
    throw new Refused('conflict', `${row.email} is a metasender of this account already`)
  }
  return toMetasender(row)
}

/** Enabling lets every key of the account send as it without proof: the operator's decision, not a client's. */
export async function updateMetasender(
  ctx: Pick<DomainsContext, 'storage' | 'changed'>,
  {
    accountId,
    id,
    description,
    isEnabled,
  }: { accountId: AccountId; id: number; description?: string; isEnabled?: boolean },
): Promise<Metasender> {
  if (description !== undefined) checkDescription(description)
  const set = {
    ...(description !== undefined && { description }),
    ...(isEnabled !== undefined && { is_enabled: isEnabled ? (1 as const) : (0 as const) }),
  }
  if (Object.keys(set).length > 0) {
    await ctx.storage.db
      .updateTable('metasenders')
      .set(set)
      .where('id', '=', id)
      .where('account_id', '=', accountId)
      .execute()
  }
  const metasender = await findMetasender(ctx.storage, { accountId, id })
  if (metasender === undefined) throw new Refused('not-found', `the account has no metasender ${id}`)
  if (isEnabled !== undefined) {
    for (const keyId of await keysOf(ctx.storage, accountId)) ctx.changed({ keyId, email: metasender.email })
  }
  return metasender
}

export async function findMetasender(
  { db }: Pick<Storage, 'db'>,
  { accountId, ...by }: { accountId: AccountId } & ({ id: number } | { email: string }),
): Promise<Metasender | undefined> {
  const own = db.selectFrom('metasenders').selectAll().where('account_id', '=', accountId)
  const row = await ('id' in by
    ? own.where('id', '=', by.id)
    : own.where('email', '=', normaliseSender(by.email))
  ).executeTakeFirst()
  return row && toMetasender(row)
}

export async function listMetasenders(
  { db }: Pick<Storage, 'db'>,
  { accountId }: { accountId: AccountId },
): Promise<Metasender[]> {
  const rows = await db
    .selectFrom('metasenders')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('id')
    .execute()
  return rows.map(toMetasender)
}

async function keysOf({ db }: Pick<Storage, 'db'>, accountId: AccountId): Promise<KeyId[]> {
  const rows = await db.selectFrom('api_keys').select('id').where('account_id', '=', accountId).execute()
  return rows.map(({ id }) => id)
}

function checkDescription(description: string): void {
  if (description.length > 500 || /\p{Cc}/u.test(description)) {
    throw new Refused(
      'bad-value',
      'a description must have at most 500 characters, none of them a control character',
    )
  }
}

function toMetasender(row: Selectable<Schema['metasenders']>): Metasender {
  return {
    id: row.id,
    accountId: row.account_id,
    email: row.email,
    description: row.description,
    isEnabled: row.is_enabled === 1,
    fileName: row.email.startsWith('*@') ? `${row.ownership_token}.txt` : '',
    createdAt: row.created_at,
  }
}
