/** Work comes in (fresh, or claimed), is planned and signed, waits at its site, is tried, and is settled. */
import { sizeInMemory } from '../intake/hand-over.ts'
import { type AttemptResult, attemptDelivery, type PutOff } from './attempt.ts'
import { createClaimLoop } from './claim-loop.ts'
import { createConnections } from './connections.ts'
import { createEndings } from './endings.ts'
import { createHostMemory } from './host-memory.ts'
import { envelopeSender, isReady, type Job, type ReadyJob, tooLargeFor, withSignature } from './job.ts'
import { createMemory } from './memory.ts'
import { createOutage } from './outage.ts'
import type { Dispatcher, DispatcherOptions, OutboundWork } from './outbound.ts'
import { createPlanner, type Plan } from './plan.ts'
import { createPrepare } from './prepare.ts'
import { takesOver, usableFallback } from './relay-choice.ts'
import { withRemarks } from './remarks.ts'
import { defaultSchedule } from './schedule.ts'
import { createSettler } from './settler.ts'
import { createSigner } from './signer.ts'
import { createSite, type Site } from './site.ts'
import { createTakeClaimed } from './take-claimed.ts'
import { defaultTimeouts } from './timeouts.ts'
import { toTransaction } from './to-transaction.ts'

const defaultMemory = { maxWorks: 2_000, maxBytes: 16 * 1024 * 1024 }
const sweepEveryMs = 5_000
const defaultGraceMs = 30_000
const maxSkippedKeys = 500

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { storage, queue, clock, log, resolver, metrics } = options
  const ownHosts = new Set(options.ownHosts ?? [])
  const schedule = options.schedule ?? defaultSchedule
  const memory = createMemory(options.memory ?? defaultMemory)
  const connections = createConnections({
    ...options,
    ipv6: options.ipv6 ?? false,
    chunking: options.chunking ?? true,
    ownHosts,
    memory: createHostMemory({ clock, ...(options.badHostMs && { badHostMs: options.badHostMs }) }),
    timeouts: { ...defaultTimeouts, ...options.timeouts },
  })
  const signer = createSigner(options)
  const settler = createSettler({
    ...{ storage, clock, log, metrics, schedule },
    ...(options.onSuppressed !== undefined && { onSuppressed: options.onSuppressed }),
  })
  const plan = createPlanner({
    resolver,
    clock,
    ownHosts,
    port: options.port ?? 25,
    defaultLimits: options.defaultLimits ?? {},
  })
  const endings = createEndings({ settler, clock, log })
  const prepare = createPrepare({
    ...{ clock, plan, siteFor, signer, settler, endings },
    routeOf: options.route,
  })
  const pauses = options.outagePausesMs === undefined ? {} : { pausesMs: options.outagePausesMs }
  const sites = new Map<string, Site<Job>>()
  const idleWaiters: (() => void)[] = []
  let isStopping = false

  const claims = createClaimLoop({
    queue,
    log,
    room: (lane) => (isStopping ? 0 : memory.room(lane)),
    skipKeys: crowdedKeys,
    take: createTakeClaimed({
      db: storage.db,
      memory,
      settler,
      clock,
      log,
      handle: (work) => void handle(work),
    }),
  })
  const sweeper = setInterval(sweep, Math.min(sweepEveryMs, options.stallMs ?? sweepEveryMs))
  sweeper.unref()

  function crowdedKeys(): string[] {
    const keys: string[] = []
    for (const site of sites.values()) {
      if (site.hasRoom()) continue
      for (const key of site.keys()) {
        if (keys.push(key) === maxSkippedKeys) return keys
      }
    }
    return keys
  }

  /** Most of what is in memory waits for sites that are full: what comes next probably would, too. */
  function isCrowded(): boolean {
    let waiting = 0
    for (const site of sites.values()) if (!site.isRelay && !site.hasRoom()) waiting += site.waiting()
    return waiting * 2 > memory.works()
  }

  const leave = (work: OutboundWork) => freeRoom(sizeInMemory(work))

  function freeRoom(sizeBytes: number): void {
    memory.remove(sizeBytes)
    claims.roomFreed()
    if (memory.works() === 0) for (const waiter of idleWaiters.splice(0)) waiter()
  }

  /** From here on the work is counted in memory until it has been settled. Never rejects. */
  async function handle(work: OutboundWork): Promise<void> {
    try {
      if (isStopping) await settler.putBack(work, clock.now())
      else {
        const job = await prepare(work)
        if (job !== true && !(await hand(job))) return
      }
    } catch (error) {
      await settler.crashed(work, error)
    }
    leave(work)
  }

  /** To its site. True when it was settled instead. */
  async function hand(job: Job): Promise<boolean> {
    const { work, route, plan: planned } = job
    const site = siteFor(planned)
    const suspended = site.suspendedUntil()
    if (suspended.until === 0 && !isStopping && site.hasRoom()) {
      site.add(job)
      return false
    }
    if (suspended.until > 0 && takeOver(job, suspended.reason)) return false
    signer.release(work, route.fromHeader)
    if (suspended.until > 0) return endings.suspended(work, planned, suspended)
    return settler.putBack(work, isStopping ? clock.now() : site.expectedFreeAt())
  }

  /** The fallback of its outgoing server gets it. False when there is none that could. */
  function takeOver(job: Job, reason: string, spoken: readonly string[] = []): boolean {
    const { route, plan: planned } = job
    if (route.kind !== 'relay' || route.fallback === undefined || isStopping) return false
    if (planned.server !== route.server) return false
    const instead = usableFallback(route.fallback, siteFor)
    if (instead === undefined) return false
    const remarks = [...job.remarks, ...spoken, takesOver(route.server, instead, reason)]
    siteFor(instead).add({ ...job, plan: instead, remarks })
    return true
  }

  function siteFor({ kind, site: { key, limits } }: Plan): Site<Job> {
    const known = sites.get(key)
    if (known !== undefined) {
      if (kind === 'relay') known.setLimits(limits)
      return known
    }
    const site: Site<Job> = createSite<Job>({
      key,
      limits,
      clock,
      ...(kind === 'relay' && { outage: createOutage({ clock, ...pauses }) }),
      ...(options.stallMs !== undefined && { stallMs: options.stallMs }),
      run: (job) => run(job, site),
      putOff(job, until, reason) {
        if (takeOver(job, reason)) return
        void endings.suspended(job.work, job.plan, { until, reason }).then(() => done(job))
      },
    })
    sites.set(key, site)
    return site
  }

  /** Resolves as soon as the connection is free; settling goes on meanwhile. */
  async function run(waiting: Job, site: Site<Job>): Promise<void> {
    if (isReady(waiting)) return attempt(waiting, site)
    const { work, route, plan: planned, remarks } = waiting
    const signed = await signer.sign(work, route.fromHeader)
    if (!('body' in signed)) {
      void endings.unsigned(work, signed, remarks).then(() => done(waiting))
      return
    }
    const tooLarge = tooLargeFor(planned, signed.body.sizeBytes)
    if (tooLarge !== undefined) {
      void endings.tooLarge(work, { text: tooLarge, plan: planned, remarks }).then(() => done(waiting))
      return
    }
    return attempt(withSignature(waiting, signed), site)
  }

  async function attempt(job: ReadyJob, site: Site<Job>): Promise<void> {
    const { work, plan: planned } = job
    const startedAt = clock.now()
    const began = performance.now()
    let result: AttemptResult | PutOff
    try {
      const transaction = toTransaction(work, {
        ...job.signed,
        envelopeFrom: envelopeSender(job, options.returnPath),
      })
      const attempts = work.recipients.map((recipient) => recipient.attempts + 1)
      const { hosts, tls } = planned
      const connector = connections.connectorFor(planned, site)
      result = await attemptDelivery({ hosts, tls, transaction, attempts }, connector)
    } catch (error) {
      void settler.crashed(work, error).then(() => done(job))
      return
    }
    const durationMs = Math.round(performance.now() - began)
    if ('putOffUntil' in result) {
      const { putOffUntil: until, class: eventClass, text: reason } = result
      void settler.postponed(work, { until, eventClass, reason }).then(() => done(job))
      return
    }
    const { server } = planned
    if (server?.isDebug) log.debug({ server: server.name, transcript: result.transcript }, 'SMTP dialogue')
    metrics.attempted(durationMs)
    if (server !== undefined && !result.reached) {
      const reason = result.outcomes[0]?.text ?? 'no answer'
      const isNews = site.failed(reason)
      if (isNews) log.warn({ server: server.name, reason }, 'an outgoing server cannot be used')
      if (takeOver(job, reason, [result.transcript])) return
      const suspended = site.suspendedUntil()
      // The one who found out has made an attempt; the others have not.
      if (!isNews && suspended.until > 0) {
        void endings.suspended(work, planned, suspended).then(() => done(job))
        return
      }
    } else {
      for (const { action, reason } of result.signals) learn(site, action, reason)
    }
    const transcript = withRemarks(job.remarks, result.transcript)
    void settler
      .tried(work, { ...result, transcript }, { at: startedAt, durationMs, serverId: server?.id ?? null })
      .then(() => done(job))
  }

  function done({ work, route }: Job): void {
    signer.release(work, route.fromHeader)
    leave(work)
  }

  function learn(site: Site<Job>, action: Parameters<Site<Job>['learn']>[0], reason: string): void {
    if (action === 'alert-operator' || action === 'suspend-site' || action === 'suspend-sender-domain') {
      log.warn({ site: site.key, action, reply: reason }, 'refused for a reason that needs a person')
    }
    site.learn(action, reason)
  }

  function sweep(): void {
    for (const [key, site] of sites) {
      for (const job of site.shed()) putAside(job, site)
      void site.closeIdle({ all: false })
      if (site.isUnused()) sites.delete(key)
    }
    connections.sweep()
  }

  /** Its server says nothing: it must not wait in memory, where it would be in the way of the others. */
  function putAside(job: Job, site: Site<Job>): void {
    if (takeOver(job, 'it accepts mail and then says nothing')) return
    void settler.putBack(job.work, site.expectedFreeAt()).then(() => done(job))
  }

  async function isAllDone(): Promise<boolean> {
    if (memory.works() > 0 || claims.isClaiming() || settler.isWriting()) return false
    const dues = await Promise.all([queue.nextDueAt('transactional'), queue.nextDueAt('bulk')])
    return dues.every((due) => due === undefined || due === null || due > clock.now())
  }

  async function emptied(withinMs: number): Promise<void> {
    if (memory.works() === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs)
      idleWaiters.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  return {
    tryReserve: (sizeBytes, lane) => !isStopping && !isCrowded() && memory.tryReserve(sizeBytes, lane),
    take: (work) => void handle(work),
    unreserve: freeRoom,
    wake: claims.wake,
    async idle() {
      while (!(await isAllDone())) {
        claims.wake()
        await emptied(1_000)
        // Lets a claim that is under way come to its end.
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    snapshot: () => ({
      works: memory.works(),
      bytes: memory.bytes(),
      signing: signer.waiting(),
      sites: [...sites.values()].map((site) => site.snapshot()),
    }),
    forgetAdjustments(key) {
      const site = sites.get(key)
      site?.forgetAdjustments()
      return site !== undefined
    },
    async stop(graceMs = defaultGraceMs) {
      isStopping = true
      clearInterval(sweeper)
      await claims.stop()
      for (const site of sites.values()) {
        for (const job of site.drain()) {
          void settler.putBack(job.work, clock.now()).then(() => done(job))
        }
      }
      await emptied(graceMs)
      settler.giveUp()
      connections.destroyAll()
      await emptied(graceMs)
      await Promise.all([...sites.values()].map((site) => site.closeIdle({ all: true })))
    },
  }
}
