/** Whom the client has to be told about: what it asked for (RFC 3461) decides, and by default it wants to know. */
import type { DeliveryId, KeyId, MessageId, WorkId } from '../mail/ids.ts'
import { insertWork } from '../queue/writes.ts'
import { defineInsert, defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import { afterDelay, wants } from './dsn-wishes.ts'

export const clientReportLane = 'client-report'

const insertClientReport = defineInsert('client_reports', ['work_id', 'message_id', 'delivery_id'])

const setWishes = defineUpdate('deliveries', ['dsn'], ['id'])

type Told = { deliveryId: DeliveryId; dsn?: string }

/**
 * Writes for the commit in which it happens to the deliveries: the report is owed from then on, whatever happens to us.
 * What is told follows from the state that the deliveries are in afterwards, and a delay is told once. None for
 * mail that has nobody to tell: the null sender is never answered (RFC 5321 §4.5.5), and calls of an API know already.
 */
export async function requestClientReport(
  { reserveIds }: Pick<Storage, 'reserveIds'>,
  {
    message,
    failed,
    delayed = [],
    relayed = [],
    now,
  }: {
    message: { id: MessageId; keyId: KeyId; envelopeFrom: string }
    failed: readonly Told[]
    delayed?: readonly Told[]
    relayed?: readonly Told[]
    now: number
  },
): Promise<Write[]> {
  if (message.envelopeFrom === '') return []
  const told = [
    ...failed.filter(({ dsn }) => wants(dsn, 'failed')),
    ...delayed.filter(({ dsn }) => wants(dsn, 'delayed')),
    ...relayed.filter(({ dsn }) => wants(dsn, 'relayed')),
  ]
  if (told.length === 0) return []
  const workId = (await reserveIds(1)) as WorkId
  return [
    insertWork({
      id: workId,
      lane: clientReportLane,
      key: String(message.keyId),
      due_at: now,
      owner: null,
      attempts: 0,
      held_at: null,
      ref: message.id,
      created_at: now,
    }),
    ...told.map(({ deliveryId }) =>
      insertClientReport({ work_id: workId, message_id: message.id, delivery_id: deliveryId }),
    ),
    ...delayed.flatMap(({ deliveryId, dsn }) =>
      dsn !== undefined && wants(dsn, 'delayed') ? [setWishes({ id: deliveryId, dsn: afterDelay(dsn) })] : [],
    ),
  ]
}
