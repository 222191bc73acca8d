/** Commits what became of work, as often as it takes: a result that is known must not be lost to a full disk. */
import type { AttemptId, KeyId, ServerId } from '../mail/ids.ts'
import type { Work } from '../queue/work.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { type Commit, type Storage, StorageUnavailable } from '../storage/storage.ts'
import type { AttemptResult } from './attempt.ts'
import { giveUpAddresses } from './give-up-address.ts'
import type { DeliveryMetrics, OutboundRecipient, OutboundWork, Outcome } from './outbound.ts'
import { requestClientReport } from './request-client-report.ts'
import type { RetrySchedule } from './schedule.ts'
import {
  type Postponement,
  settleAttempt,
  settleBroken,
  settleExpired,
  settlePostponed,
  settlePutBack,
  settleSpent,
  settleSuppressed,
} from './settle.ts'

export type AttemptFacts = { at: number; durationMs: number; serverId: ServerId | null }

/** All resolve with true when it is written down, or when that was given up. They never reject. */
export type Settler = {
  tried(work: OutboundWork, result: AttemptResult, facts: AttemptFacts): Promise<true>
  /** An attempt that came to its end before any connection. */
  untried(
    work: OutboundWork,
    outcome: Exclude<Outcome, { kind: 'delivered' }> & { transcript: string; serverId?: ServerId | null },
  ): Promise<true>
  postponed(work: OutboundWork, postponement: Postponement): Promise<true>
  /** Claimed without result, and now for the `times`th time put off because of that. */
  suspect(work: OutboundWork, times: number): Promise<true>
  expired(work: OutboundWork): Promise<true>
  broken(work: OutboundWork, reason: string): Promise<true>
  /** Our own bug. */
  crashed(work: OutboundWork, error: unknown): Promise<true>
  /** Some of its recipients are not sent to any more; the lease stays. */
  suppressed(work: Suppressed): Promise<true>
  putBack(work: Work, dueAt: number): Promise<true>
  spent(work: Work): Promise<true>
  /** The program stops: what cannot be written now is left to whoever takes the leases over. */
  giveUp(): void
}

export type Suppressed = Work &
  Pick<OutboundWork, 'message'> & {
    suppressed: readonly { recipient: OutboundRecipient; detail: string }[]
  }

const retryPauseMs = 1_000
const crashPauseMs = 15 * 60_000

export function createSettler({
  storage,
  clock,
  log,
  metrics,
  schedule,
  onSuppressed,
}: {
  storage: Storage
  clock: Clock
  log: Log
  metrics: DeliveryMetrics
  schedule: RetrySchedule
  /** An address is about to be on the suppression list of a key. */
  onSuppressed?(keyId: KeyId, address: string): void
}): Settler {
  const owner = storage.nodeId
  let isGivingUp = false

  async function write(work: Work, build: (now: number) => Commit | Promise<Commit>): Promise<true> {
    for (let isFirst = true; ; isFirst = false) {
      try {
        const result = await storage.commit({ ...(await build(clock.now())), isPatient: true })
        if (result === 'lost')
          log.warn({ workId: work.id }, 'the lease was no longer ours: result not recorded')
        return true
      } catch (error) {
        if (!(error instanceof StorageUnavailable)) {
          log.error({ err: error, workId: work.id }, 'recording a result failed')
          return true
        }
        if (isGivingUp) {
          log.error({ workId: work.id }, 'stopped before a result could be recorded')
          return true
        }
        if (isFirst) log.error({ err: error, workId: work.id }, 'storage unavailable: a result waits')
        await new Promise((resolve) => setTimeout(resolve, retryPauseMs))
      }
    }
  }

  /** The commit in which they fail also says that the client is to be told. */
  async function tellingOf(
    { message }: OutboundWork,
    failed: readonly OutboundRecipient[],
    commit: Commit,
    now: number,
  ): Promise<Commit> {
    const writes = await requestClientReport(storage, { message, failed, now })
    return { ...commit, writes: [...commit.writes, ...writes] }
  }

  function count({ message }: OutboundWork, outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      metrics.settled(message.lane, outcome.kind, outcome.kind === 'delivered' ? null : outcome.class, 1)
    }
  }

  function tried(work: OutboundWork, result: AttemptResult, facts: AttemptFacts): Promise<true> {
    const { outcomes, host, address, tls, transcript } = result
    const random = Math.random()
    count(work, outcomes)
    return write(work, async (now) => {
      const id = (await storage.reserveIds(1)) as AttemptId
      const attempt = { id, ...facts, host, address, tls, transcript }
      const commit = settleAttempt(work, outcomes, attempt, { owner, now, schedule, random })
      const failed = work.recipients.filter((_, place) => outcomes[place]?.kind === 'failed')
      if (failed.length === 0) return commit
      const { writes, addresses } = await giveUpAddresses(storage, work, outcomes, now)
      for (const address of addresses) onSuppressed?.(work.message.keyId, address)
      return tellingOf(work, failed, { ...commit, writes: [...commit.writes, ...writes] }, now)
    })
  }

  function countAll(work: OutboundWork, kind: Outcome['kind'] | 'expired', outcomeClass: string): void {
    metrics.settled(work.message.lane, kind, outcomeClass, work.recipients.length)
  }

  function postponed(work: OutboundWork, postponement: Postponement): Promise<true> {
    countAll(work, 'deferred', postponement.eventClass)
    return write(work, (now) => settlePostponed(work, { owner, now, ...postponement }))
  }

  return {
    tried,
    untried(work, { transcript, serverId = null, ...outcome }) {
      const outcomes = work.recipients.map(() => outcome)
      const result = { outcomes, signals: [], host: '', address: '', tls: '', transcript, reached: false }
      return tried(work, result, { at: clock.now(), durationMs: 0, serverId })
    },
    postponed,
    suspect(work, times) {
      const delayMs = schedule.delaysMs[times - 1] ?? schedule.repeatMs
      return postponed(work, {
        until: clock.now() + delayMs,
        eventClass: 'system',
        reason: 'several tries ended without a result, because the program stopped during each of them',
        isSuspect: true,
      })
    },
    expired(work) {
      countAll(work, 'expired', 'expired')
      return write(work, (now) => tellingOf(work, work.recipients, settleExpired(work, { owner, now }), now))
    },
    broken(work, reason) {
      countAll(work, 'failed', 'system')
      return write(work, (now) =>
        tellingOf(work, work.recipients, settleBroken(work, { owner, now, reason }), now),
      )
    },
    crashed(work, error) {
      log.error({ err: error, messageId: work.message.id, workId: work.id }, 'an attempt failed inside')
      const reason = 'an error inside this program; it is in the log'
      return postponed(work, { until: clock.now() + crashPauseMs, eventClass: 'system', reason })
    },
    suppressed(work) {
      metrics.settled(work.message.lane, 'failed', 'suppressed', work.suppressed.length)
      return write(work, (now) => settleSuppressed(work, work.suppressed, { now }))
    },
    putBack: (work, dueAt) => write(work, () => settlePutBack(work, { owner, dueAt })),
    spent: (work) => write(work, () => settleSpent(work, { owner })),
    giveUp() {
      isGivingUp = true
    },
  }
}
