/** What incoming mail needs of the rest of the program, joined. */

import { forgiveSoftBounces } from '../contacts/soft-bounces.ts'
import { writesOfLateFailure } from '../delivery/late-failure.ts'
import { type ApplyReportParts, applyReport } from '../inbound/apply-report.ts'
import { createInbound, type Inbound, type InboundParts } from '../inbound/inbound.ts'
import type { Intake } from '../intake/draft.ts'
import type { AccountId, KeyId } from '../mail/ids.ts'
import { readReport } from '../mail/read-report.ts'
import type { ReturnPaths } from '../mail/return-path.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'

export async function createInboundMail({
  storage,
  clock,
  log,
  intake,
  returnPaths,
  suppress,
  onSuppressed,
  unsubscribe,
  programs,
  host,
  systemKeyId,
}: {
  storage: Storage
  clock: Clock
  log: Log
  intake: Pick<Intake, 'prepare' | 'store'>
  returnPaths: Pick<ReturnPaths, 'read'>
  suppress: ApplyReportParts['suppress']
  onSuppressed(keyId: KeyId, address: string): void
  unsubscribe: InboundParts['unsubscribe']
  programs: InboundParts['programs']
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
        failedLate: writesOfLateFailure({ storage, onSuppressed }),
      }
      return applyReport(parts, { report, addressedTo, now })
    },
    unsubscribe,
    programs,
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
