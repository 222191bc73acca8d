/**
 * One receiving site: what waits for it, its connections, and how fast it may go. Transactional goes before bulk, and
 * bulk never has all connections, so that a campaign holds back a password reset by at most one message.
 */
import type { ReplyAction } from '../mail/reply-classes.ts'
import type { Clock } from '../runtime/clock.ts'
import { type Adjustment, adjust, dropSpent, effectiveLimits, noAdjustments } from './adjustments.ts'
import { createLaneQueue, type Ranked } from './lane-queue.ts'
import type { Outage } from './outage.ts'
import type { MailHost } from './resolve-destination.ts'
import type { SiteLimits } from './site-limits.ts'
import type { Session } from './smtp-client.ts'
import { createTokens } from './tokens.ts'

export type SiteSnapshot = {
  site: string
  waiting: { transactional: number; bulk: number }
  sending: number
  connections: number
  limits: SiteLimits
  adjustments: readonly Adjustment[]
}

export type SiteJob = Ranked & {
  /** Fairness key of the work, so that the queue can pass over what cannot go now. */
  readonly key: string
}

export type Site<J extends SiteJob> = {
  readonly key: string
  /** False when it has so much waiting, for its speed, that more should not wait in memory. */
  hasRoom(): boolean
  /** When to ask again for one that found no room; at least a second from now. Each gets a time of its own. */
  expectedFreeAt(): number
  /** 0, or the time until which nothing may be sent. */
  suspendedUntil(): { until: number; reason: string }
  add(job: J): void
  takeIdle(hosts: readonly MailHost[]): Session | undefined
  giveBack(session: Session): void
  opened(session: Session): void
  learn(action: ReplyAction, reason: string): void
  forgetAdjustments(): void
  /** The limits were changed while it is in use. */
  setLimits(limits: SiteLimits): void
  /** Tells that no connection came about; what waits is put off. False when that was known. */
  failed(reason: string): boolean
  /** One connection tries alone whether the server is back, so who comes now would wait for it. */
  isProbing(): boolean
  waiting(): number
  /** Of what waits. None for an outgoing server: other mail to the same domain may go another way. */
  keys(): Iterable<string>
  /** Is this one carrying mail for any domain, so that being full says nothing of what comes next? */
  readonly isRelay: boolean
  /** What waits for an outgoing server that has said nothing for so long, taken out. */
  shed(): J[]
  isUnused(): boolean
  /** Ends connections that have been idle too long, or all. */
  closeIdle(options: { all: boolean }): Promise<void>
  /** What waits, taken out. */
  drain(): J[]
  snapshot(): SiteSnapshot
}

const maxIdleMs = 30_000
const maxWaiting = 2_500
const waitingForMs = 30_000
/** A server that accepts a connection and then says nothing must not fill the memory. */
const maxWaitingUnproven = 200
const unprovenPauseMs = 10_000
export const defaultStallMs = 5_000
const longestPauseMs = 10 * 60_000

export function createSite<J extends SiteJob>({
  key,
  limits: firstLimits,
  clock,
  outage,
  stallMs = defaultStallMs,
  run,
  putOff,
}: {
  key: string
  limits: SiteLimits
  clock: Clock
  /** Of an outgoing server. Hosts of recipients have a memory of their own (host-memory.ts). */
  outage?: Outage
  /** An outgoing server that is used and gets nothing done for so long is not answering. */
  stallMs?: number
  /** Resolves when the job no longer needs a connection. */
  run(job: J): Promise<void>
  /** The site is suspended: the job must not wait in memory. */
  putOff(job: J, until: number, reason: string): void
}): Site<J> {
  const queue = createLaneQueue<J>()
  const keys = new Map<string, number>()
  const idle: { session: Session; since: number }[] = []
  const messageTokens = createTokens(clock)
  const connectionTokens = createTokens(clock)
  let limits = firstLimits
  let adjustments = noAdjustments
  let effective = effectiveLimits(limits, adjustments, clock.now())
  let effectiveAt = clock.now()
  let sending = 0
  let sendingBulk = 0
  let connections = 0
  let timer: NodeJS.Timeout | undefined
  /** When a connection or an attempt of ours last began or ended. */
  let movedAt = clock.now()
  let nextSlotAt = 0

  function currentLimits() {
    const now = clock.now()
    // Without adjustments the limits do not change with time.
    if (adjustments.active.length > 0 && now - effectiveAt >= 1_000) {
      adjustments = dropSpent(adjustments, limits, now)
      effective = effectiveLimits(limits, adjustments, now)
      effectiveAt = now
    }
    return effective
  }

  function setAdjustments(changed: typeof adjustments): void {
    adjustments = changed
    effectiveAt = clock.now()
    effective = effectiveLimits(limits, adjustments, effectiveAt)
    pump()
  }

  function suspendedUntil() {
    const outageUntil = outage?.until() ?? 0
    if (outage !== undefined && outageUntil > 0) return { until: outageUntil, reason: outage.reason() }
    const until = currentLimits().suspendedUntil
    const reason = adjustments.active.find(({ kind }) => kind === 'suspended')?.reason ?? ''
    return { until, reason }
  }

  function forgetKey(job: J): void {
    const count = keys.get(job.key) ?? 0
    if (count <= 1) keys.delete(job.key)
    else keys.set(job.key, count - 1)
  }

  function putAllOff(): boolean {
    const { until, reason } = suspendedUntil()
    if (until === 0) return false
    for (const job of drain()) putOff(job, until, reason)
    return true
  }

  function pump(): void {
    if (putAllOff()) return
    const limited = currentLimits()
    const now = outage?.isUnproven() ? { ...limited, connections: 1 } : limited
    // At least one, where there is only one; else one in five is kept for transactional mail.
    const bulkShare = Math.max(1, now.connections - Math.max(1, Math.floor(now.connections / 5)))
    while (sending < now.connections && queue.length() > 0) {
      const bulk = sendingBulk < bulkShare
      if (!bulk && queue.waits('transactional') === 0) return
      const waitMs = Math.max(
        messageTokens.waitMs(now.messagesPerSecond),
        idle.length > 0 ? 0 : connectionTokens.waitMs(now.newConnectionsPerMinute / 60),
      )
      if (waitMs > 0) {
        timer ??= setTimeout(() => {
          timer = undefined
          pump()
        }, waitMs)
        return
      }
      const job = queue.shift({ bulk })
      if (job === undefined) return
      messageTokens.take()
      forgetKey(job)
      start(job)
    }
  }

  function silentForMs(): number {
    return sending === 0 ? 0 : clock.now() - movedAt
  }

  const isDoubtful = () => outage !== undefined && (outage.isUnproven() || silentForMs() > stallMs)

  function start(job: J): void {
    if (sending === 0) movedAt = clock.now()
    sending += 1
    if (job.lane === 'bulk') sendingBulk += 1
    // `run` does not reject: what goes wrong in a job is settled there.
    void run(job).finally(() => {
      sending -= 1
      movedAt = clock.now()
      if (job.lane === 'bulk') sendingBulk -= 1
      pump()
    })
  }

  function drain(): J[] {
    keys.clear()
    return queue.drain()
  }

  function endSession(session: Session, { politely }: { politely: boolean }): Promise<void> {
    connections -= 1
    if (politely && session.isOpen()) return session.quit()
    session.destroy()
    return Promise.resolve()
  }

  return {
    key,
    hasRoom() {
      const { messagesPerSecond } = currentLimits()
      if (isDoubtful() && queue.length() >= maxWaitingUnproven) return false
      return queue.length() < Math.min(maxWaiting, Math.max(1, (messagesPerSecond * waitingForMs) / 1_000))
    },
    expectedFreeAt() {
      const now = clock.now()
      // The longer it says nothing, the less often is asked.
      const pauseMs = Math.min(Math.max(unprovenPauseMs, silentForMs()), longestPauseMs)
      if (isDoubtful()) return now + Math.round(pauseMs * (0.5 + Math.random()))
      const msEach = 1_000 / Math.min(currentLimits().messagesPerSecond, 1_000)
      const throughMs = queue.length() * msEach
      if (outage === undefined) return now + 1_000 + Math.round(throughMs * (0.5 + Math.random()))
      // A backlog comes back at the speed at which it can go, instead of all of it again and again.
      nextSlotAt = Math.min(Math.max(nextSlotAt, now + 1_000 + throughMs) + msEach, now + longestPauseMs)
      return Math.round(nextSlotAt)
    },
    suspendedUntil,
    add(job) {
      keys.set(job.key, (keys.get(job.key) ?? 0) + 1)
      queue.push(job)
      pump()
    },
    takeIdle(hosts) {
      for (let i = idle.length - 1; i >= 0; i--) {
        const session = idle[i]?.session
        if (session === undefined) continue
        if (!session.isOpen()) {
          idle.splice(i, 1)
          connections -= 1
        } else if (hosts.some(({ name }) => name === session.host)) {
          idle.splice(i, 1)
          return session
        }
      }
      // A new one will be opened: an idle one to another host makes room for it.
      const oldest = connections >= currentLimits().connections ? idle.shift() : undefined
      if (oldest !== undefined) void endSession(oldest.session, { politely: true })
      return undefined
    },
    opened() {
      connections += 1
      connectionTokens.take()
      movedAt = clock.now()
      if (!outage?.isUnproven()) return
      outage.letIn()
      pump()
    },
    giveBack(session) {
      const { messagesPerConnection, connections: allowed } = currentLimits()
      const isSpent = session.sent() >= messagesPerConnection || connections > allowed
      if (!session.isOpen() || isSpent) void endSession(session, { politely: true })
      else idle.push({ session, since: clock.now() })
    },
    learn(action, reason) {
      const changed = adjust(adjustments, { action, reason, now: clock.now() })
      if (changed !== adjustments) setAdjustments(changed)
    },
    forgetAdjustments: () => setAdjustments(noAdjustments),
    setLimits(changed) {
      if (isSame(limits, changed)) return
      limits = changed
      nextSlotAt = 0
      setAdjustments(adjustments)
    },
    failed(reason) {
      const isNews = outage?.failed(reason) ?? false
      if (isNews) putAllOff()
      return isNews
    },
    isProbing: () => outage !== undefined && outage.failures() > 0 && sending > 0,
    waiting: queue.length,
    keys: () => (outage === undefined ? keys.keys() : []),
    isRelay: outage !== undefined,
    shed: () => (outage !== undefined && silentForMs() > stallMs ? drain() : []),
    isUnused: () =>
      queue.length() === 0 &&
      sending === 0 &&
      idle.length === 0 &&
      adjustments.active.length === 0 &&
      (outage?.failures() ?? 0) === 0,
    async closeIdle({ all }) {
      const before = clock.now() - maxIdleMs
      const ending = idle.filter(({ session, since }) => all || since < before || !session.isOpen())
      for (const entry of ending) idle.splice(idle.indexOf(entry), 1)
      if (all) clearTimeout(timer)
      await Promise.all(ending.map(({ session }) => endSession(session, { politely: true })))
    },
    drain,
    snapshot() {
      const { suspendedUntil: _, ...limitsNow } = currentLimits()
      return {
        site: key,
        waiting: { transactional: queue.waits('transactional'), bulk: queue.waits('bulk') },
        sending,
        connections,
        limits: limitsNow,
        adjustments: adjustments.active,
      }
    },
  }
}

function isSame(a: SiteLimits, b: SiteLimits): boolean {
  return (
    a.connections === b.connections &&
    a.messagesPerConnection === b.messagesPerConnection &&
    a.messagesPerSecond === b.messagesPerSecond &&
    a.newConnectionsPerMinute === b.newConnectionsPerMinute
  )
}
