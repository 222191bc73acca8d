/** The members of a list as a CSV file that an import takes again. */
import { stringify } from 'csv-stringify/sync'
import type { Kysely } from 'kysely'
import type { ContactListId, KeyId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { listProperties } from './properties.ts'
import { type Recipient, type RecipientsQuery, recipientsOf } from './recipients.ts'

const pageSize = 500

/** `status` is subscribed, unsubscribed, excluded, blocked or pending. */
export async function* exportList(
  db: Kysely<Schema>,
  query: { keyId: KeyId; listId: ContactListId; segment?: RecipientsQuery['segment']; now: Instant },
): AsyncGenerator<string> {
  const properties = await listProperties(db, { keyId: query.keyId, namespace: 'static' })
  const names = properties.map(({ name }) => name)
  yield stringify([['email', 'contact_name', 'list_status', ...names]])
  for await (const page of recipientsOf(db, { ...query, pageSize })) {
    yield stringify(
      page.map((recipient) => [
        recipient.email,
        harmless(recipient.name),
        statusOf(recipient),
        ...names.map((name) => harmless(String(recipient.properties[name] ?? ''))),
      ]),
    )
  }
}

const statusWords = {
  suppressed: 'blocked',
  'excluded-from-campaigns': 'excluded',
  unsubscribed: 'unsubscribed',
  'opt-in-pending': 'pending',
} as const

function statusOf({ exclusion }: Recipient): string {
  return exclusion === undefined ? 'subscribed' : statusWords[exclusion.kind]
}

/** A spreadsheet would take what begins so for a formula; numbers are none. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
}
