/**
 * The commit in which planned messages are stored with their deliveries, work and events: who must not get them is looked
 * up before, and what found room is handed to delivery after.
 */
import type { Met } from '../contacts/met.ts'
import type { SuppressionCheck } from '../contacts/suppression-check.ts'
import { normaliseAddress } from '../mail/address.ts'
import type { DeliveryId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { Refused } from '../runtime/refused.ts'
import type { Lane } from '../storage/schema.ts'
import { type Commit, Conflict, type Storage, StorageUnavailable, type Write } from '../storage/storage.ts'
import type { SuppressionReason } from '../storage/tables/suppressions.ts'
import type { CampaignNames } from './campaign-names.ts'
import type { HandedWork, HandOver } from './hand-over.ts'
import type { IntakeMetrics, IntakeSettings } from './intake.ts'
import { requestClientReport } from './request-client-report.ts'
import { type PlannedMessage, placeMessage } from './store.ts'

/** `alongside` stands or falls with it. Throws Refused when nothing can be stored now. */
export function createCommit({
  storage,
  clock,
  handOver,
  campaigns,
  suppressions,
  met,
  settings,
  metrics,
}: {
  storage: Storage
  clock: Clock
  handOver: HandOver
  campaigns: Pick<CampaignNames, 'reached'>
  suppressions: Pick<SuppressionCheck, 'among'> | undefined
  met: Met
  settings: Pick<IntakeSettings, 'lifetimeMs'>
  metrics: IntakeMetrics
}): (planned: readonly PlannedMessage[], alongside: Commit) => Promise<void> {
  async function duplicatesOf(planned: readonly PlannedMessage[]): Promise<Set<number>> {
    const duplicates = new Set<number>()
    const seenInThisCommit = new Set<string>()
    for (const { submission, campaignId, recipients } of planned) {
      if (campaignId === undefined || !submission.campaign?.deduplicate || submission.blocked !== undefined)
        continue
      const reached = await campaigns.reached(
        campaignId,
        recipients.map(({ address }) => normaliseAddress(address)),
      )
      for (const { address, deliveryId } of recipients) {
        const email = normaliseAddress(address)
        const seen = `${campaignId} ${email}`
        if (reached.has(email) || seenInThisCommit.has(seen)) duplicates.add(deliveryId)
        seenInThisCommit.add(seen)
      }
    }
    return duplicates
  }

  /** The instance's own mail goes to whoever asked for it. */
  async function suppressedOf(
    planned: readonly PlannedMessage[],
  ): Promise<ReadonlyMap<number, SuppressionReason>> {
    const suppressed = new Map<number, SuppressionReason>()
    if (suppressions === undefined) return suppressed
    for (const { submission, recipients } of planned) {
      if (submission.door === 'system' || submission.blocked !== undefined) continue
      const found = await suppressions.among(
        submission.keyId,
        recipients.map(({ address }) => address),
        { isBulk: submission.options.bulk === true },
      )
      for (const [place, reason] of found) {
        const recipient = recipients[place]
        if (recipient !== undefined) suppressed.set(recipient.deliveryId, reason)
      }
    }
    return suppressed
  }

  /** A client whose mail was taken over SMTP does not look here for what became of it. */
  async function tellSuppressed(
    planned: readonly PlannedMessage[],
    suppressed: ReadonlyMap<number, SuppressionReason>,
    now: number,
  ): Promise<Write[]> {
    if (suppressed.size === 0) return []
    const writes: Write[] = []
    for (const { id, submission, recipients } of planned) {
      const { keyId, envelopeFrom } = submission
      const failed = recipients.flatMap(({ deliveryId, dsn }) =>
        suppressed.has(deliveryId)
          ? [{ deliveryId: deliveryId as DeliveryId, ...(dsn !== undefined && { dsn }) }]
          : [],
      )
      const message = { id, keyId, envelopeFrom }
      writes.push(...(await requestClientReport(storage, { message, failed, now })))
    }
    return writes
  }

  async function commitOnce(
    planned: readonly PlannedMessage[],
    { guards, writes: alongside }: Commit,
  ): Promise<void> {
    const now = clock.now()
    const duplicates = await duplicatesOf(planned)
    const suppressed = await suppressedOf(planned)
    const contacts = await met.meet(
      planned
        .filter(({ submission: { door, blocked } }) => door !== 'system' && blocked === undefined)
        .map(({ submission: { keyId }, recipients }) => ({
          keyId,
          addresses: recipients.map(({ address }) => address),
        })),
      now,
    )
    const writes: Write[] = [
      ...alongside,
      ...contacts.writes,
      ...(await tellSuppressed(planned, suppressed, now)),
    ]
    const handed: HandedWork[] = []
    let reservedBytes: number[] = []
    const reserve = (sizeBytes: number, lane: Lane) => {
      const taken = handOver.tryReserve(sizeBytes, lane)
      if (taken) reservedBytes.push(sizeBytes)
      return taken
    }
    let waiting = false
    for (const message of planned) {
      const { lane } = message.submission
      const placed = placeMessage(message, {
        now,
        expiresAt: now + settings.lifetimeMs[lane],
        nodeId: storage.nodeId,
        duplicates,
        suppressed,
        reserve: (sizeBytes) => reserve(sizeBytes, lane),
      })
      for (const write of placed.writes) writes.push(write)
      handed.push(...placed.handed)
      waiting ||= placed.handed.length < message.groups.length
    }
    try {
      const result = await storage.commit({ ...(guards !== undefined && { guards }), writes })
      if (result === 'lost') return
      reservedBytes = []
      contacts.stored()
    } finally {
      for (const sizeBytes of reservedBytes) handOver.unreserve(sizeBytes)
    }
    for (const work of handed) handOver.take(work)
    if (waiting) handOver.wake()
    for (const { submission, recipients } of planned) {
      metrics.accepted(submission.lane, recipients.length)
      if (submission.blocked !== undefined) metrics.blocked(submission.blocked.class, recipients.length)
    }
    if (duplicates.size > 0) metrics.blocked('duplicate-in-campaign', duplicates.size)
    if (suppressed.size > 0) metrics.blocked('suppressed', suppressed.size)
  }

  async function commit(planned: readonly PlannedMessage[], alongside: Commit): Promise<void> {
    const deduplicated = planned.some((message) => message.submission.campaign?.deduplicate)
    for (let attempt = 1; ; attempt++) {
      try {
        return await commitOnce(planned, alongside)
      } catch (error) {
        // Somebody else reached one of our addresses for the same campaign meanwhile: look again, it is a duplicate now.
        if (error instanceof Conflict && deduplicated && attempt < 5) continue
        if (error instanceof StorageUnavailable) {
          throw new Refused(
            'storage-unavailable',
            'the message could not be stored just now; nothing was accepted, try again',
            {
              cause: error,
            },
          )
        }
        throw error
      }
    }
  }

  return commit
}
