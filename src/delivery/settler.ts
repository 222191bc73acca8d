/** Commits what became of work, as often as it takes: a result that is known must not be lost to a full disk. */

import { requestClientReport } from '../intake/request-client-report.ts'
import type { AttemptId, KeyId, ServerId } from '../mail/ids.ts'
import type { Work } from '../queue/work.ts'
import { guardLease } from '../queue/writes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { type Commit, type Storage, StorageUnavailable } from '../storage/storage.ts'
import type { AttemptResult } from './attempt.ts'
import { type Ending, giveUpAddresses } from './give-up-address.ts'
import { lastWords } from './last-words.ts'
import type { SuppressedRecipient } from './load.ts'
import type { Block, DeliveryMetrics, OutboundWork, Outcome } from './outbound.ts'
import type { RetrySchedule } from './schedule.ts'
import {
  type Postponement,
  settleAttempt,
  settleBlocked,
  settleBroken,
  settleExpired,
  settlePostponed,
  settlePutBack,
  settleSpent,
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
  /** Nothing is sent, and no remote had a say. */
  blocked(work: OutboundWork, block: Block): Promise<true>
  /** Our own bug. */
  crashed(work: OutboundWork, error: unknown): Promise<true>
  /** Some of its recipients are not sent to any more; the lease stays. */
  suppressed(work: Suppressed): Promise<true>
  putBack(work: Work, dueAt: number): Promise<true>
  spent(work: Work): Promise<true>
  /** Something is known that is not written down yet. */
  isWriting(): boolean
  /** The program stops: what cannot be written now is left to whoever takes the leases over. */
  giveUp(): void
}

export type Suppressed = Work &
  Pick<OutboundWork, 'message'> & {
    suppressed: readonly SuppressedRecipient[]
  }

const retryPauseMs = 1_000
/** When a client that asked for it hears that its mail still waits (RFC 3461 §4.1: not for an hour's delay). */
const delayToldAfterMs = 4 * 60 * 60_000
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

  /** Nobody waits for some of them, so they are counted. */
  let writing = 0
  const write: typeof writeDown = (work, build) => {
    writing += 1
    return writeDown(work, build).finally(() => {
      writing -= 1
    })
  }

  async function writeDown(work: Work, build: (now: number) => Commit | Promise<Commit>): Promise<true> {
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

  /** The same commit says what the client is to be told, and what is to become of addresses that failed. */
  async function concluding(
    { message, recipients }: OutboundWork,
    {
      commit,
      endings,
      outcomes = [],
      now,
    }: { commit: Commit; endings: readonly Ending[]; outcomes?: readonly Outcome[]; now: number },
  ): Promise<Commit> {
    // Success and delay are told only to whom asked.
    if (endings.length === 0 && recipients.every(({ dsn }) => dsn === undefined)) return commit
    const ended = new Set(endings.map(({ deliveryId }) => deliveryId))
    const isLate = now - message.acceptedAt >= delayToldAfterMs
    const { writes, addresses } = await giveUpAddresses(storage, message, endings, now)
    for (const address of addresses) onSuppressed?.(message.keyId, address)
    const telling = await requestClientReport(storage, {
      message,
      failed: recipients.filter(({ deliveryId }) => ended.has(deliveryId)),
      delayed: recipients.filter((_, place) => isLate && outcomes[place]?.kind === 'deferred'),
      relayed: recipients.filter((_, place) => outcomes[place]?.kind === 'delivered'),
      now,
    })
    return { ...commit, writes: [...commit.writes, ...writes, ...telling] }
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
      return concluding(work, { commit, endings: endingsOf(work, outcomes), outcomes, now })
    })
  }

  function countAll(work: OutboundWork, kind: Outcome['kind'] | 'expired', outcomeClass: string): void {
    metrics.settled(work.message.lane, kind, outcomeClass, work.recipients.length)
  }

  function postponed(work: OutboundWork, postponement: Postponement): Promise<true> {
    countAll(work, 'deferred', postponement.eventClass)
    const { eventClass, reason } = postponement
    const outcomes = work.recipients.map(
      () => ({ kind: 'deferred', class: eventClass, text: reason }) as const,
    )
    return write(work, (now) => {
      const commit = settlePostponed(work, { owner, now, ...postponement })
      return concluding(work, { commit, endings: [], outcomes, now })
    })
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
      return write(work, async (now) => {
        const endings = await lastWords(storage.db, work)
        return concluding(work, { commit: settleExpired(work, { owner, now }), endings, now })
      })
    },
    broken(work, reason) {
      countAll(work, 'failed', 'system')
      const endings = endingsOf(
        work,
        work.recipients.map(() => ({ kind: 'failed', class: 'system', text: reason })),
      )
      return write(work, (now) =>
        concluding(work, { commit: settleBroken(work, { owner, now, reason }), endings, now }),
      )
    },
    blocked(work, block) {
      metrics.settled(work.message.lane, 'failed', block.class, work.recipients.length)
      const suppressed = work.recipients.map((recipient) => ({ recipient, ...block }))
      return write(work, (now) => ({
        guards: [guardLease({ id: work.id, owner })],
        ...settleBlocked(work, suppressed, { now }),
      }))
    },
    crashed(work, error) {
      log.error({ err: error, messageId: work.message.id, workId: work.id }, 'an attempt failed inside')
      const reason = 'an error inside this program; it is in the log'
      return postponed(work, { until: clock.now() + crashPauseMs, eventClass: 'system', reason })
    },
    suppressed(work) {
      metrics.settled(work.message.lane, 'failed', 'suppressed', work.suppressed.length)
      const { message, suppressed } = work
      return write(work, async (now) => {
        const { writes } = settleBlocked(work, suppressed, { now })
        const failed = suppressed.map(({ recipient }) => recipient)
        return { writes: [...writes, ...(await requestClientReport(storage, { message, failed, now }))] }
      })
    },
    putBack: (work, dueAt) => write(work, () => settlePutBack(work, { owner, dueAt })),
    spent: (work) => write(work, () => settleSpent(work, { owner })),
    isWriting: () => writing > 0,
    giveUp() {
      isGivingUp = true
    },
  }
}

function endingsOf({ recipients }: OutboundWork, outcomes: readonly Outcome[]): Ending[] {
  return recipients.flatMap(({ deliveryId, address }, place) => {
    const outcome = outcomes[place]
    if (outcome?.kind !== 'failed') return []
    const said = outcome.code === undefined ? outcome.text : `${outcome.code} ${outcome.text}`
    return [{ deliveryId, address, class: outcome.class, said, isFinal: true }]
  })
}
