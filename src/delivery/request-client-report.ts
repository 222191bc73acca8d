/** Whom the client has to be told about: what it asked for (RFC 3461) decides, and by default it wants to know. */
import type { DeliveryId, KeyId, MessageId, WorkId } from '../mail/ids.ts'
import { insertWork } from '../queue/writes.ts'
import { defineInsert, type Storage, type Write } from '../storage/storage.ts'

export const clientReportLane = 'client-report'

const insertClientReport = defineInsert('client_reports', ['work_id', 'message_id', 'delivery_id'])

type Failed = { deliveryId: DeliveryId; dsn?: string }

/**
 * Writes for the commit in which the deliveries fail: the report is owed from then on, whatever happens to us. None for
 * mail that has nobody to tell: the null sender is never answered (RFC 5321 §4.5.5), and calls of an API know already.
 */
export async function requestClientReport(
  { reserveIds }: Pick<Storage, 'reserveIds'>,
  {
    message,
    failed,
    now,
  }: {
    message: { id: MessageId; keyId: KeyId; envelopeFrom: string }
    failed: readonly Failed[]
    now: number
  },
): Promise<Write[]> {
  if (message.envelopeFrom === '') return []
  const told = failed.filter(({ dsn }) => wantsFailures(dsn))
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
  ]
}

/** RFC 3461 §4.1: without NOTIFY, failures are told. */
export function wantsFailures(dsn: string | undefined): boolean {
  const notify = /(?:^|\s)NOTIFY=(\S+)/i.exec(dsn ?? '')?.[1]
  return notify === undefined || notify.toUpperCase().split(',').includes('FAILURE')
}
