/** What campaigns need of the rest of the program. */
import type { Intake } from '../intake/draft.ts'
import type { Address } from '../mail/address.ts'
import type { CampaignId, KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import type { BreakerLimits } from './breaker.ts'

/** Of the deliveries of a campaign, as far as they are counted. */
export type CampaignCounts = {
  delivered: number
  softBounced: number
  hardBounced: number
  blocked: number
  deferred: number
  opened: number
  clicked: number
  complained: number
  unsubscribed: number
}

export type CampaignsContext = {
  storage: Storage
  clock: Clock
  log: Log
  intake: Pick<Intake, 'prepare' | 'store' | 'openMessage' | 'addRecipients'>
  /** Is it an active sender of the key? */
  maySendAs(keyId: KeyId, from: Address): Promise<boolean>
  /** Whether mail of the key is tracked where it does not say so itself. */
  trackingOf(keyId: KeyId): Promise<{ opens: boolean; clicks: boolean }>
  countsOf(id: CampaignId): Promise<CampaignCounts>
  /** What has happened is counted soon. */
  countNow(): Promise<unknown>
  breaker: BreakerLimits
  /** There is something to do: look now. */
  wake?(): void
}
