/** What incoming mail needs of the rest of the program, joined. */

import { forgiveSoftBounces } from '../contacts/soft-bounces.ts'
import { requestClientReport } from '../delivery/request-client-report.ts'
import { type ApplyReportParts, applyReport, type LateFailure } from '../inbound/apply-report.ts'
import { createInbound, type Inbound } from '../inbound/inbound.ts'
import type { Intake } from '../intake/draft.ts'
import type { AccountId, KeyId } from '../mail/ids.ts'
import { readReport } from '../mail/read-report.ts'
import type { ReturnPaths } from '../mail/return-path.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Storage, Write } from '../storage/storage.ts'

export async function createInboundMail({
  storage,
  clock,
  log,
  intake,
  returnPaths,
  suppress,
  host,
  systemKeyId,
}: {
  storage: Storage
  clock: Clock
  log: Log
  intake: Pick<Intake, 'prepare' | 'store'>
  returnPaths: Pick<ReturnPaths, 'read'>
  suppress: ApplyReportParts['suppress']
  host: string
  systemKeyId: KeyId
}): Promise<Inbound> {
  return createInbound({
    storage,
    clock,
    log,
    readReturnPath: returnPaths.read,
    async applyReport({ message, raw, addressedTo, now }) {
      const report = readReport(message, raw)
      if (report === undefined) return { outcome: 'unreadable', steps: ['It is no report that can be read.'] }
      const parts = {
        storage,
        clock,
        returnPaths,
        suppress,
        failedLate: (failure: LateFailure) => tellLate(storage, failure),
      }
      return applyReport(parts, { report, addressedTo, now })
    },
    heardFrom: (person) => forgiveSoftBounces(storage, person),
    async send(draft) {
      await intake.store([await intake.prepare(draft)])
    },
    host,
    system: { accountId: await accountOf(storage, systemKeyId), keyId: systemKeyId },
  })
}

async function accountOf({ db }: Storage, keyId: KeyId): Promise<AccountId> {
  const row = await db
    .selectFrom('api_keys')
    .select('account_id')
    .where('id', '=', keyId)
    .executeTakeFirstOrThrow()
  return row.account_id
}

/** A report about mail that a client submitted over SMTP goes on to that client. */
async function tellLate(storage: Storage, { messageId, deliveryId, at }: LateFailure): Promise<Write[]> {
  const row = await storage.db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.id', 'deliveries.message_id')
    .select(['messages.key_id as keyId', 'messages.envelope_from as envelopeFrom', 'deliveries.dsn'])
    .where('deliveries.id', '=', deliveryId)
    .executeTakeFirst()
  if (row === undefined) return []
  const { keyId, envelopeFrom, dsn } = row
  return requestClientReport(storage, {
    message: { id: messageId, keyId, envelopeFrom },
    failed: [dsn === null ? { deliveryId } : { deliveryId, dsn }],
    now: at,
  })
}
