/** Everything that the decision has to know, read from the database. */
import { sql } from 'kysely'
import { normaliseAddress } from '../mail/address.ts'
import type { AccountId, LeadId } from '../mail/ids.ts'
import type { IncomingMessage } from '../mail/incoming-message.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { withStoredMessageIds } from '../mail/own-message-id.ts'
import { readParameters } from '../routing/parameters.ts'
import { indexedMessageId, startOfMessageId } from '../storage/message-id-index.ts'
import type { Storage } from '../storage/storage.ts'
import { specialAddresses } from './addresses.ts'
import { listAliases } from './aliases.ts'
import type { DecisionMessage, Knowledge, StoredMessage } from './decide.ts'

const defaultLoopMinutes = 120
const defaultLoopThreshold = 20

/** The envelope's recipients count as Delivered-To: the port knows what other systems must guess. */
export function toDecisionMessage(
  message: IncomingMessage,
  envelopeRecipients: readonly string[],
): DecisionMessage {
  const texts = (mailboxes: readonly Mailbox[]) => mailboxes.map(({ address }) => normaliseAddress(address))
  const { contentType } = message
  return {
    messageId: message.messageId,
    sender: message.from === undefined ? '' : normaliseAddress(message.from.address),
    to: [...new Set([...envelopeRecipients, ...texts(message.deliveredTo), ...texts(message.to)])],
    recipients: [...new Set([...envelopeRecipients, ...texts(message.recipients)])],
    inReplyTo: message.inReplyTo,
    references: message.references,
    contentType: contentType.value,
    reportType: contentType.parameters.get('report-type')?.toLowerCase() ?? '',
  }
}

export async function lookUp(
  storage: Storage,
  {
    accountId,
    message,
    hasReturnPath,
    now,
  }: { accountId: AccountId; message: DecisionMessage; hasReturnPath: boolean; now: number },
): Promise<Knowledge> {
  const parameters = await readParameters(storage, accountId)
  const aliases = await listAliases(storage, { accountId, now })
  const minutes = Number(parameters['mail.gateway.loop.minutes'] ?? defaultLoopMinutes)
  const since = now - minutes * 60_000
  const { sender } = message
  const stored = await findStored(storage, { accountId, message })
  const duplicateOf = await findDuplicate(storage, { accountId, messageId: message.messageId })
  const allowed = parameters['mail.catchall.domain.allowed']?.split(',')
  const fallback = aliases.find(({ address }) => address === parameters['mail.gateway.fallback'])
  return {
    now,
    ...(duplicateOf !== undefined && { duplicateOf }),
    addresses: specialAddresses(parameters),
    hasReturnPath,
    aliases,
    ...(allowed !== undefined && { allowedDomains: allowed }),
    stored,
    senderIsKnown: await isKnownContact(storage, { accountId, sender }),
    ...(fallback !== undefined && { fallback: fallback.id }),
    loop: {
      threshold: Number(parameters['mail.gateway.loop.threshold'] ?? defaultLoopThreshold),
      minutes,
      senderIsAllowed: parameters['mail.gateway.allowed']?.split(',').includes(sender) ?? false,
      newLeads: await countNewLeads(storage, { accountId, sender, since }),
      onLead: await countOnLeads(storage, { stored, sender, since }),
    },
  }
}

async function findDuplicate(
  { db }: Storage,
  { accountId, messageId }: { accountId: AccountId; messageId: string | undefined },
): Promise<string | undefined> {
  if (messageId === undefined) return undefined
  const taken = await db
    .selectFrom('inbox')
    .select('id')
    .where('taken_id', '=', messageId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (taken !== undefined) return `incoming mail ${taken.id} had it`
  const sent = await db
    .selectFrom('messages')
    .innerJoin('api_keys', 'api_keys.id', 'messages.key_id')
    .select('messages.id')
    .where(indexedMessageId, '=', startOfMessageId(messageId))
    .where('messages.header_message_id', '=', messageId)
    .where('api_keys.account_id', '=', accountId)
    .executeTakeFirst()
  return sent === undefined ? undefined : `message ${sent.id}, which this account has sent, has it`
}

async function findStored(
  { db }: Storage,
  { accountId, message }: { accountId: AccountId; message: DecisionMessage },
): Promise<StoredMessage[]> {
  const ids = [...new Set([...message.inReplyTo, ...message.references])]
  if (ids.length === 0) return []
  const onLeads = await db
    .selectFrom('lead_messages')
    .select(['lead_id', 'header_message_id', 'received_at'])
    .where('header_message_id', 'in', ids)
    .where('account_id', '=', accountId)
    .execute()
  // Mail of a campaign has an id for each recipient.
  const named = new Map(
    ids.flatMap((id) => withStoredMessageIds([id]).map((stored) => [stored, id] as const)),
  )
  const storedIds = [...named.keys()]
  const sent = await db
    .selectFrom('messages')
    .innerJoin('api_keys', 'api_keys.id', 'messages.key_id')
    .select(['messages.id', 'messages.header_message_id', 'messages.accepted_at'])
    .where(indexedMessageId, 'in', storedIds.map(startOfMessageId))
    .where('messages.header_message_id', 'in', storedIds)
    .where('api_keys.account_id', '=', accountId)
    .execute()
  // What this sender has answered before has its lead already.
  const answered =
    sent.length === 0
      ? []
      : await db
          .selectFrom('leads')
          .select(['id', 'answers_id'])
          .where(
            'answers_id',
            'in',
            sent.map(({ id }) => id),
          )
          .where('account_id', '=', accountId)
          .where('contact', '=', message.sender)
          .execute()
  return [
    ...onLeads.map(
      (row): StoredMessage => ({
        kind: 'lead',
        leadId: row.lead_id,
        headerId: row.header_message_id,
        at: row.received_at,
      }),
    ),
    ...sent.map(({ id, header_message_id, accepted_at: at }): StoredMessage => {
      const headerId = named.get(header_message_id) ?? header_message_id
      const lead = answered.find(({ answers_id }) => answers_id === id)
      return lead === undefined
        ? { kind: 'message', messageId: id, headerId, at }
        : { kind: 'lead', leadId: lead.id, headerId, at }
    }),
  ]
}

/** Somebody the account has written to, or who has a lead. */
async function isKnownContact(
  { db }: Storage,
  { accountId, sender }: { accountId: AccountId; sender: string },
): Promise<boolean> {
  if (sender === '') return false
  const lead = await db
    .selectFrom('leads')
    .select('id')
    .where('account_id', '=', accountId)
    .where('contact', '=', sender)
    .limit(1)
    .executeTakeFirst()
  if (lead !== undefined) return true
  const delivery = await db
    .selectFrom('deliveries')
    .innerJoin('api_keys', 'api_keys.id', 'deliveries.key_id')
    .select('deliveries.id')
    .where(sql<string>`lower(deliveries.recipient)`, '=', sender.toLowerCase())
    .where('api_keys.account_id', '=', accountId)
    .limit(1)
    .executeTakeFirst()
  return delivery !== undefined
}

async function countNewLeads(
  { db }: Storage,
  { accountId, sender, since }: { accountId: AccountId; sender: string; since: number },
): Promise<number> {
  const { count } = await db
    .selectFrom('leads')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('contact', '=', sender)
    .where('created_at', '>', since)
    .executeTakeFirstOrThrow()
  return Number(count)
}

async function countOnLeads(
  { db }: Storage,
  { stored, sender, since }: { stored: readonly StoredMessage[]; sender: string; since: number },
): Promise<Map<LeadId, number>> {
  const ids = stored.flatMap((one) => (one.kind === 'lead' ? [one.leadId] : []))
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('lead_messages')
    .select((eb) => ['lead_id', eb.fn.countAll<number>().as('count')])
    .where('lead_id', 'in', ids)
    .where('contact', '=', sender)
    .where('received_at', '>', since)
    .groupBy('lead_id')
    .execute()
  return new Map(rows.map((row) => [row.lead_id, Number(row.count)]))
}
