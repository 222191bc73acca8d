import type { DeliveryId, MessageId, WorkId } from '../../mail/ids.ts'

export interface ClientReportTables {
  /** Failures that the client of a message is still to be told of, by the work that will tell it. */
  client_reports: { work_id: WorkId; message_id: MessageId; delivery_id: DeliveryId }
}
