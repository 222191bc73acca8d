/** Leads as rows: what began with a mail to an alias or an answer to a message of ours, and what came later. */
import type { Kysely } from 'kysely'
import { normaliseAddress } from '../mail/address.ts'
import type { AccountId, AliasId, InboxId, LeadId, MessageId } from '../mail/ids.ts'
import type { IncomingMessage } from '../mail/incoming-message.ts'
import { displayMailbox } from '../mail/mailbox.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { LeadState } from '../storage/tables/inbound.ts'

export type Lead = {
  id: LeadId
  name: string
  sender: string
  contact: string
  cc: string[]
  state: LeadState
  /** Alias that made it; null when none did, or it is gone. */
  aliasId: AliasId | null
  details: Record<string, string>
  /** The message of ours that it answers. */
  answersId: MessageId | null
  createdAt: Instant
  updatedAt: Instant
}

export type LeadOrigin = {
  aliasId: AliasId | null
  defaults: Record<string, string>
  answersId: MessageId | null
}

type Arrival = {
  accountId: AccountId
  inboxId: InboxId
  message: IncomingMessage
  /** Own addresses are no Cc of anybody's. */
  ownAddresses: readonly string[]
  now: Instant
}

export async function insertLead(
  db: Kysely<Schema>,
  { leadId, origin, ...arrival }: Arrival & { leadId: LeadId; origin: LeadOrigin },
): Promise<void> {
  const { accountId, message, now } = arrival
  const { name, ...details } = origin.defaults
  await db
    .insertInto('leads')
    .values({
      id: leadId,
      account_id: accountId,
      alias_id: origin.aliasId,
      // The alias wins over the mail.
      name: name ?? (message.subject || 'No Subject'),
      sender: message.from === undefined ? '' : displayMailbox(message.from),
      contact: contactOf(message),
      cc: ccOf(arrival, []).join(','),
      state: 'open',
      details: JSON.stringify(details),
      answers_id: origin.answersId,
      created_at: now,
      updated_at: now,
    })
    .execute()
  await insertLeadMessage(db, { leadId, ...arrival })
}

/** False when the lead is gone. A closed one opens again: somebody waits for an answer. */
export async function addToLead(
  db: Kysely<Schema>,
  { leadId, ...arrival }: Arrival & { leadId: LeadId },
): Promise<boolean> {
  const lead = await db
    .selectFrom('leads')
    .select('cc')
    .where('id', '=', leadId)
    .where('account_id', '=', arrival.accountId)
    .executeTakeFirst()
  if (lead === undefined) return false
  await db
    .updateTable('leads')
    .set({ updated_at: arrival.now, state: 'open', cc: ccOf(arrival, splitCc(lead.cc)).join(',') })
    .where('id', '=', leadId)
    .execute()
  await insertLeadMessage(db, { leadId, ...arrival })
  return true
}

async function insertLeadMessage(
  db: Kysely<Schema>,
  { leadId, accountId, inboxId, message, now }: Arrival & { leadId: LeadId },
): Promise<void> {
  await db
    .insertInto('lead_messages')
    .values({
      lead_id: leadId,
      inbox_id: inboxId,
      account_id: accountId,
      header_message_id: message.messageId ?? '',
      contact: contactOf(message),
      received_at: now,
    })
    .execute()
}

function contactOf({ from }: IncomingMessage): string {
  return from === undefined ? '' : normaliseAddress(from.address)
}

const maxCc = 100

function ccOf({ message, ownAddresses }: Arrival, kept: readonly string[]): string[] {
  const written = message.cc.map(({ address }) => normaliseAddress(address))
  // The list is kept with commas between; a quoted local part that holds one is nobody's.
  const added = written.filter((address) => !ownAddresses.includes(address) && !address.includes(','))
  return [...new Set([...kept, ...added])].slice(0, maxCc)
}

function splitCc(cc: string): string[] {
  return cc === '' ? [] : cc.split(',')
}

export async function listLeads(
  { db }: Pick<Storage, 'db'>,
  {
    accountId,
    state,
    before,
    limit = 50,
  }: { accountId: AccountId; state?: LeadState; before?: number; limit?: number },
): Promise<Lead[]> {
  let query = db.selectFrom('leads').selectAll().where('account_id', '=', accountId)
  if (state !== undefined) query = query.where('state', '=', state)
  if (before !== undefined) query = query.where('id', '<', before as LeadId)
  return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toLead)
}

export async function findLead(
  { db }: Pick<Storage, 'db'>,
  { accountId, leadId }: { accountId: AccountId; leadId: LeadId },
): Promise<Lead> {
  const row = await db
    .selectFrom('leads')
    .selectAll()
    .where('id', '=', leadId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (row === undefined) throw new Refused('not-found', `there is no lead ${leadId} (paravion lead list)`)
  return toLead(row)
}

export async function setLeadState(
  storage: Pick<Storage, 'db'>,
  { accountId, leadId, state, now }: { accountId: AccountId; leadId: LeadId; state: LeadState; now: Instant },
): Promise<Lead> {
  await storage.db
    .updateTable('leads')
    .set({ state, updated_at: now })
    .where('id', '=', leadId)
    .where('account_id', '=', accountId)
    .execute()
  return findLead(storage, { accountId, leadId })
}

function toLead(row: Schema['leads']): Lead {
  return {
    id: row.id,
    name: row.name,
    sender: row.sender,
    contact: row.contact,
    cc: splitCc(row.cc),
    state: row.state,
    aliasId: row.alias_id,
    details: JSON.parse(row.details) as Record<string, string>,
    answersId: row.answers_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
