/** Reads claimed work back: message, recipients that still wait, and the body. A few statements for many items. */
import type { Kysely } from 'kysely'
import { blockFor, holdsBack, knownAmong } from '../contacts/suppressions.ts'
import type { MessageOptions } from '../intake/submission.ts'
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import type { MessageId, WorkId } from '../mail/ids.ts'
import type { Work } from '../queue/work.ts'
import type { Schema } from '../storage/schema.ts'
import { readPersons } from './load-persons.ts'
import type { OutboundMessage, OutboundRecipient, OutboundWork } from './outbound.ts'

/** Everything but the content, which is read when there is room for it. */
export type ClaimedWork = Work & Omit<OutboundWork, keyof Work | 'content'>

export type Claimed = {
  works: ClaimedWork[]
  /** Work whose message is gone or whose recipients are all settled. */
  spent: Work[]
  /** Recipients that came onto the suppression list while they waited; they are in none of the works. */
  suppressed: (Work & Pick<ClaimedWork, 'message'> & { suppressed: SuppressedRecipient[] })[]
}

/** `class` and `detail`: why nothing is sent there. */
export type SuppressedRecipient = { recipient: OutboundRecipient; class: string; detail: string }

export async function loadClaimed(db: Kysely<Schema>, claimed: readonly Work[]): Promise<Claimed> {
  const messageIds = [...new Set(claimed.map(({ ref }) => ref as MessageId))]
  const workIds = claimed.map(({ id }) => id)
  const [messages, recipients] = await Promise.all([
    readMessages(db, messageIds),
    readRecipients(db, workIds, messageIds),
  ])
  const result: Claimed = { works: [], spent: [], suppressed: [] }
  const loaded: ClaimedWork[] = []
  for (const work of claimed) {
    const message = messages.get(work.ref as MessageId)
    const waiting = recipients.get(work.id)
    if (message === undefined || waiting === undefined) result.spent.push(work)
    else loaded.push({ ...work, message: ofRecipient(message, work), recipients: waiting })
  }
  const [isHeldBack, ofMailings] = await Promise.all([heldBack(db, loaded), readPersons(db, loaded)])
  for (const found of loaded) {
    const work = ofMailings.with(found)
    const suppressed = work.recipients.flatMap((recipient) => {
      const block = isHeldBack(work, recipient) ?? ofMailings.heldBack(work, recipient)
      return block === undefined ? [] : [{ recipient, ...block }]
    })
    if (suppressed.length === 0) {
      result.works.push(work)
      continue
    }
    result.suppressed.push({ ...work, suppressed })
    const left = work.recipients.filter((recipient) => !suppressed.some((one) => one.recipient === recipient))
    if (left.length > 0) result.works.push({ ...work, recipients: left })
    else result.spent.push(work)
  }
  return result
}

/** Where recipients come in batches, the time of a message is that of the last: each of them has their own. */
function ofRecipient(message: OutboundMessage, { createdAt }: Work): OutboundMessage {
  const { recipientLifetimeMs } = message.options
  if (recipientLifetimeMs === undefined) return message
  return { ...message, acceptedAt: createdAt, expiresAt: createdAt + recipientLifetimeMs }
}

/** The lists may have grown since the door looked: one query for all. Says why, or undefined. */
async function heldBack(db: Kysely<Schema>, works: readonly ClaimedWork[]) {
  const entryOf = ({ message }: ClaimedWork, { address }: OutboundRecipient) => {
    const parsed = parseAddress(address)
    return `${message.keyId} ${parsed === undefined ? address : normaliseAddress(parsed)}`
  }
  const known = await knownAmong(
    db,
    works.flatMap((work) => work.recipients.map((recipient) => entryOf(work, recipient))),
  )
  return (work: ClaimedWork, recipient: OutboundRecipient) => {
    if (known.size === 0) return undefined
    const reason = known.get(entryOf(work, recipient))
    const isBulk = work.message.options.bulk === true
    if (reason === undefined || !holdsBack(reason, { isBulk })) return undefined
    return blockFor(recipient.address, reason)
  }
}

async function readMessages(
  db: Kysely<Schema>,
  ids: readonly MessageId[],
): Promise<Map<MessageId, OutboundMessage>> {
  const rows = await db
    .selectFrom('messages')
    .select([
      'id',
      'key_id',
      'lane',
      'priority',
      'accepted_at',
      'expires_at',
      'envelope_from',
      'from_address',
      'size_bytes',
      'options',
    ])
    .where('id', 'in', ids)
    .execute()
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        keyId: row.key_id,
        lane: row.lane,
        priority: row.priority,
        acceptedAt: row.accepted_at,
        expiresAt: row.expires_at,
        envelopeFrom: row.envelope_from,
        fromAddress: row.from_address,
        sizeBytes: row.size_bytes,
        // Written by intake and by nobody else.
        options: JSON.parse(row.options) as MessageOptions,
      },
    ]),
  )
}

async function readRecipients(
  db: Kysely<Schema>,
  workIds: readonly WorkId[],
  messageIds: readonly MessageId[],
): Promise<Map<WorkId, OutboundRecipient[]>> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['id', 'work_id', 'recipient', 'attempts', 'dsn'])
    // By message, because that is what there is an index for.
    .where('message_id', 'in', messageIds)
    .where('work_id', 'in', workIds)
    .where('state', 'in', ['queued', 'deferred'])
    .orderBy('id')
    .execute()
  const byWork = new Map<WorkId, OutboundRecipient[]>()
  for (const row of rows) {
    const recipient: OutboundRecipient = {
      deliveryId: row.id,
      address: row.recipient,
      attempts: row.attempts,
      ...(row.dsn !== null && { dsn: row.dsn }),
    }
    const known = byWork.get(row.work_id)
    if (known === undefined) byWork.set(row.work_id, [recipient])
    else known.push(recipient)
  }
  return byWork
}

export async function loadBodies(
  db: Kysely<Schema>,
  messageIds: readonly MessageId[],
): Promise<Map<MessageId, Buffer>> {
  const rows = await db
    .selectFrom('bodies')
    .select(['message_id', 'content'])
    .where('message_id', 'in', [...new Set(messageIds)])
    .execute()
  return new Map(
    rows.map(({ message_id, content }) => [
      message_id,
      Buffer.from(content.buffer, content.byteOffset, content.byteLength),
    ]),
  )
}
