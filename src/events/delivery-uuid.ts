/**
 * The UUID of a delivery, Mailjet's `MessageUUID`: RFC 9562 version 8, whose first 48 bits are the delivery's id. So it is
 * found by its id, without an index that each delivery would have to be written into. It tells no more than the
 * `MessageID` beside it.
 */
import { randomUUID } from 'node:crypto'
import type { DeliveryId } from '../mail/ids.ts'

const pattern = /^([0-9a-f]{8})-([0-9a-f]{4})-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export function makeDeliveryUuid(id: DeliveryId): string {
  const digits = id.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}-8${randomUUID().slice(15)}`
}

/** Undefined: it is the UUID of something else. Whether the delivery has it, only its row tells. */
export function deliveryOfUuid(uuid: string): DeliveryId | undefined {
  const [, high, low] = pattern.exec(uuid.toLowerCase()) ?? []
  return high === undefined ? undefined : (Number.parseInt(`${high}${low}`, 16) as DeliveryId)
}
