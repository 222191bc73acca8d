/** Everything that came in, with what was decided: rows. */
import { type Kysely, sql } from 'kysely'
import type { Address } from '../mail/address.ts'
import { formatAddress } from '../mail/address.ts'
import type { AccountId, InboxId, LeadId } from '../mail/ids.ts'
import type { IncomingMessage } from '../mail/incoming-message.ts'
import { displayMailbox } from '../mail/mailbox.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { Authentication } from './answers.ts'

export type InboxEntry = {
  id: InboxId
  receivedAt: Instant
  envelopeFrom: string
  recipients: string[]
  sender: string
  subject: string
  messageId: string
  sizeBytes: number
  spf: string
  dkim: string
  dmarc: string
  client: string
  outcome: string
  because: string[]
}

type KeptMail = {
  message: IncomingMessage
  envelopeFrom: string
  recipientsOfAccount: readonly Address[]
  raw: Buffer
  client: string
  authentication: Authentication
}

export async function insertIncoming(
  db: Kysely<Schema>,
  {
    inboxId,
    accountId,
    mail,
    outcome,
    because,
    isTaken,
    takenBy = '',
    now,
  }: {
    inboxId: InboxId
    accountId: AccountId
    mail: KeptMail
    outcome: string
    because: readonly string[]
    /** False: its body is not kept, and the same mail may come again. */
    isTaken: boolean
    /** Who took it, where several may take the same mail, each once. */
    takenBy?: string
    now: Instant
  },
): Promise<void> {
  const { message, authentication } = mail
  const messageId = message.messageId ?? ''
  await db
    .insertInto('inbox')
    .values({
      id: inboxId,
      account_id: accountId,
      received_at: now,
      envelope_from: mail.envelopeFrom,
      recipients: mail.recipientsOfAccount.map(formatAddress).join(','),
      sender: message.from === undefined ? '' : displayMailbox(message.from),
      subject: message.subject,
      header_message_id: messageId,
      taken_id: isTaken && messageId !== '' ? takenId(messageId, takenBy) : null,
      size_bytes: mail.raw.length,
      spf: authentication.spf,
      dkim: authentication.dkim,
      dmarc: authentication.dmarc,
      client: mail.client,
      outcome,
      because: JSON.stringify(because),
      answered_to: null,
    })
    .execute()
  if (isTaken) {
    await db.insertInto('inbox_bodies').values({ inbox_id: inboxId, content: mail.raw }).execute()
  }
}

export function takenId(messageId: string, takenBy: string): string {
  return takenBy === '' ? messageId : `${messageId} ${takenBy}`
}

const dayMs = 86_400_000

/** RFC 3834 §2: one answer to an address in a while. */
export async function answeredLately(
  { db }: Pick<Storage, 'db'>,
  { accountId, to, now }: { accountId: AccountId; to: string; now: Instant },
): Promise<boolean> {
  const row = await db
    .selectFrom('inbox')
    .select('id')
    .where('answered_to', '=', to)
    .where('account_id', '=', accountId)
    .where('received_at', '>', now - dayMs)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export async function noteAnswer(
  { db }: Pick<Storage, 'db'>,
  { inboxId, to }: { inboxId: InboxId; to: string },
): Promise<void> {
  await db.updateTable('inbox').set({ answered_to: to }).where('id', '=', inboxId).execute()
}

export async function listInbox(
  { db }: Pick<Storage, 'db'>,
  {
    accountId,
    before,
    limit = 50,
    leadId,
  }: { accountId: AccountId; before?: number; limit?: number; leadId?: LeadId },
): Promise<InboxEntry[]> {
  let query = db.selectFrom('inbox').selectAll().where('account_id', '=', accountId)
  if (before !== undefined) query = query.where('id', '<', before as InboxId)
  if (leadId !== undefined) {
    query = query.where('id', 'in', (eb) =>
      eb.selectFrom('lead_messages').select('inbox_id').where('lead_id', '=', leadId),
    )
  }
  return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toEntry)
}

export async function findIncoming(
  { db }: Pick<Storage, 'db'>,
  { accountId, inboxId, leadId }: { accountId: AccountId; inboxId: InboxId; leadId?: LeadId },
): Promise<{ entry: InboxEntry; content: Buffer | undefined }> {
  let query = db.selectFrom('inbox').selectAll().where('id', '=', inboxId).where('account_id', '=', accountId)
  if (leadId !== undefined) {
    query = query.where('id', 'in', (eb) =>
      eb.selectFrom('lead_messages').select('inbox_id').where('lead_id', '=', leadId),
    )
  }
  const row = await query.executeTakeFirst()
  if (row === undefined)
    throw new Refused('not-found', `there is no incoming mail ${inboxId} (paravion inbound list)`)
  const body = await db
    .selectFrom('inbox_bodies')
    .select('content')
    .where('inbox_id', '=', inboxId)
    .executeTakeFirst()
  return { entry: toEntry(row), content: body && Buffer.from(body.content) }
}

/** What neither a lead nor a program that waits for it needs is forgotten like outgoing mail: bodies first, the rest much later. In small steps. */
export async function forgetOldInbox(
  { db }: Pick<Storage, 'db'>,
  { now, bodiesDays, messagesDays }: { now: Instant; bodiesDays: number; messagesDays: number },
): Promise<number> {
  const isFree = sql<boolean>`NOT EXISTS (SELECT 1 FROM lead_messages WHERE lead_messages.inbox_id = inbox.id)
    AND NOT EXISTS (SELECT 1 FROM webhook_calls WHERE webhook_calls.inbox_id = inbox.id)`
  const old = (days: number) =>
    db
      .selectFrom('inbox')
      .select('id')
      .where('received_at', '<', now - days * dayMs)
      .where(isFree)
      .orderBy('received_at')
      .limit(500)
  let forgotten = 0
  for (;;) {
    const rows = await old(bodiesDays)
      .where(sql<boolean>`EXISTS (SELECT 1 FROM inbox_bodies WHERE inbox_bodies.inbox_id = inbox.id)`)
      .execute()
    if (rows.length === 0) break
    const ids = rows.map(({ id }) => id)
    await db.deleteFrom('inbox_bodies').where('inbox_id', 'in', ids).execute()
  }
  for (;;) {
    const rows = await old(messagesDays).execute()
    if (rows.length === 0) return forgotten
    const ids = rows.map(({ id }) => id)
    await db.deleteFrom('inbox_bodies').where('inbox_id', 'in', ids).execute()
    await db.deleteFrom('inbox').where('id', 'in', ids).execute()
    forgotten += ids.length
  }
}

function toEntry(row: Schema['inbox']): InboxEntry {
  return {
    id: row.id,
    receivedAt: row.received_at,
    envelopeFrom: row.envelope_from,
    recipients: row.recipients.split(','),
    sender: row.sender,
    subject: row.subject,
    messageId: row.header_message_id,
    sizeBytes: row.size_bytes,
    spf: row.spf,
    dkim: row.dkim,
    dmarc: row.dmarc,
    client: row.client,
    outcome: row.outcome,
    because: JSON.parse(row.because) as string[],
  }
}
