/** A report says that what counted as delivered has failed: its client is told, and soft failures are counted. */

import { requestClientReport } from '../intake/request-client-report.ts'
import type { DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import type { Storage, Write } from '../storage/storage.ts'
import { giveUpAddresses, isHardClass } from './give-up-address.ts'

type LateFailure = {
  messageId: MessageId
  deliveryId: DeliveryId
  keyId: KeyId
  address: string
  class: string
  said: string
  /** It may count against the address. */
  isProven: boolean
  at: number
}

/** For the commit in which the delivery fails. Hard failures are for whoever read the report. */
export function writesOfLateFailure({
  storage,
  onSuppressed,
}: {
  storage: Pick<Storage, 'db' | 'reserveIds'>
  onSuppressed(keyId: KeyId, address: string): void
}): (failure: LateFailure) => Promise<Write[]> {
  return async (failure) => [...(await giveUp(failure)), ...(await tell(failure))]

  async function giveUp({ messageId, keyId, isProven, at, ...ending }: LateFailure): Promise<Write[]> {
    if (!isProven || isHardClass(ending.class)) return []
    const endings = [{ ...ending, isFinal: true }]
    const { writes, addresses } = await giveUpAddresses(storage, { id: messageId, keyId }, endings, at)
    for (const address of addresses) onSuppressed(keyId, address)
    return writes
  }

  async function tell({ messageId, deliveryId, keyId, at }: LateFailure): Promise<Write[]> {
    const row = await storage.db
      .selectFrom('deliveries')
      .innerJoin('messages', 'messages.id', 'deliveries.message_id')
      .select(['messages.envelope_from as envelopeFrom', 'deliveries.dsn'])
      .where('deliveries.id', '=', deliveryId)
      .executeTakeFirst()
    if (row === undefined) return []
    const { envelopeFrom, dsn } = row
    return requestClientReport(storage, {
      message: { id: messageId, keyId, envelopeFrom },
      failed: [dsn === null ? { deliveryId } : { deliveryId, dsn }],
      now: at,
    })
  }
}
