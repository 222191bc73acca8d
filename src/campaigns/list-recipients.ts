/** Whom a mailing goes to, one by one and as a file. */
import { stringify } from 'csv-stringify/sync'
import type { Kysely } from 'kysely'
import type { ContactId, DeliveryId, MailingId } from '../mail/ids.ts'
import type { DeliveryState, Schema } from '../storage/schema.ts'
import type { MailingExclusion, MailingRecipientState } from '../storage/tables/mailings.ts'

export type ListedRecipient = {
  contactId: ContactId
  address: string
  state: MailingRecipientState
  reason: MailingExclusion | null
  deliveryId: DeliveryId | null
  /** Null: there is no delivery, or it is forgotten. */
  delivery: DeliveryState | null
  /** What the remote said, or we where no remote spoke. */
  said: string | null
}

/** In the order of contacts; `after` is the last of the page before. */
export async function listRecipients(
  db: Kysely<Schema>,
  query: {
    mailingId: MailingId
    state?: MailingRecipientState
    reason?: MailingExclusion
    after?: ContactId
    limit: number
  },
): Promise<ListedRecipient[]> {
  const { mailingId, state, reason, after, limit } = query
  let selection = db
    .selectFrom('mailing_recipients')
    .leftJoin('deliveries', 'deliveries.id', 'mailing_recipients.delivery_id')
    .select([
      'mailing_recipients.contact_id as contactId',
      'mailing_recipients.address',
      'mailing_recipients.state',
      'mailing_recipients.reason',
      'mailing_recipients.delivery_id as deliveryId',
      'deliveries.state as delivery',
      'deliveries.reply_text as said',
    ])
    .where('mailing_recipients.mailing_id', '=', mailingId)
  if (state !== undefined) selection = selection.where('mailing_recipients.state', '=', state)
  if (reason !== undefined) {
    // The state as well: the index of these holds no others.
    selection = selection
      .where('mailing_recipients.state', '=', 'excluded')
      .where('mailing_recipients.reason', '=', reason)
  }
  if (after !== undefined) selection = selection.where('mailing_recipients.contact_id', '>', after)
  return selection.orderBy('mailing_recipients.contact_id').limit(limit).execute()
}

const pageSize = 1_000

export async function* exportRecipients(db: Kysely<Schema>, mailingId: MailingId): AsyncGenerator<string> {
  yield stringify([['email', 'state', 'reason', 'delivery', 'said', 'message_id']])
  for (let after = 0 as ContactId; ; ) {
    const page = await listRecipients(db, { mailingId, after, limit: pageSize })
    const last = page.at(-1)
    if (last === undefined) return
    yield stringify(
      page.map(({ address, state, reason, delivery, said, deliveryId }) => [
        harmless(address),
        state,
        reason ?? '',
        delivery ?? '',
        harmless(said ?? ''),
        deliveryId ?? '',
      ]),
    )
    after = last.contactId
  }
}

/** A spreadsheet would take what begins so for a formula. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}
