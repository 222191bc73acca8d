/** What was said last about the recipients of work whose time has run out: it says more than that it has. */
import type { Kysely } from 'kysely'
import type { Schema } from '../storage/schema.ts'
import type { Ending } from './give-up-address.ts'
import type { OutboundWork } from './outbound.ts'

export async function lastWords(
  db: Kysely<Schema>,
  { id, message, recipients }: Pick<OutboundWork, 'id' | 'message' | 'recipients'>,
): Promise<Ending[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['id', 'class', 'reply_code', 'reply_text'])
    .where('message_id', '=', message.id)
    .where('work_id', '=', id)
    .execute()
  const said = new Map(rows.map((row) => [row.id, row]))
  return recipients.map(({ deliveryId, address }) => {
    const row = said.get(deliveryId)
    return {
      deliveryId,
      address,
      class: row?.class ?? 'expired',
      said: [row?.reply_code, row?.reply_text].filter((part) => part != null).join(' '),
      isFinal: false,
    }
  })
}
