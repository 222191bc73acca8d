/** Work comes in (fresh, or claimed), is planned and signed, waits at its site, is tried, and is settled. */
import { sizeInMemory } from '../intake/hand-over.ts'
import { type AttemptResult, attemptDelivery, type PutOff } from './attempt.ts'
import { createClaimLoop } from './claim-loop.ts'
import { createConnections } from './connections.ts'
import { createHostMemory } from './host-memory.ts'
import {
  createJob,
  envelopeSender,
  isReady,
  type Job,
  type ReadyJob,
  type SendableRoute,
  tooLargeFor,
  withSignature,
} from './job.ts'
import { createMemory } from './memory.ts'
import { createOutage } from './outage.ts'
import type { Dispatcher, DispatcherOptions, OutboundWork } from './outbound.ts'
import { createPlanner, type Plan, type Planned } from './plan.ts'
import { chooseRelay, type RelayRoute, takesOver, usableFallback } from './relay-choice.ts'
import { asRemarks, whySuspended, withRemarks } from './remarks.ts'
import { defaultSchedule } from './schedule.ts'
import { createSettler } from './settler.ts'
import { createSigner, type Signed, type SignedMail } from './signer.ts'
import { createSite, type Site } from './site.ts'
import { createTakeClaimed } from './take-claimed.ts'
import { defaultTimeouts } from './timeouts.ts'
import { toTransaction } from './to-transaction.ts'

/** Until when nothing may be sent, and the words that led to it. */
type Suspension = { until: number; reason: string }

const defaultMemory = { maxWorks: 2_000, maxBytes: 16 * 1024 * 1024 }
const sweepEveryMs = 5_000
const defaultGraceMs = 30_000
const maxSkippedKeys = 500
/** Claims without any result after which work is suspected of stopping the program, and after which it is given up. */
const suspectAfter = 10
const brokenAfter = 30

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { storage, queue, clock, log, resolver, metrics } = options
  const ownHosts = new Set(options.ownHosts ?? [])
  const schedule = options.schedule ?? defaultSchedule
  const memory = createMemory(options.memory ?? defaultMemory)
  const connections = createConnections({
    ...options,
    ipv6: options.ipv6 ?? false,
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
      const isSettled = await prepare(work)
      if (!isSettled) return
    } catch (error) {
      await settler.crashed(work, error)
    }
    leave(work)
  }

  /** True when there is nothing more to do; false when the work waits at its site now. */
  async function prepare(work: OutboundWork): Promise<boolean> {
    const { message } = work
    const now = clock.now()
    if (isStopping) return settler.putBack(work, now)
    if (now >= message.expiresAt) return settler.expired(work)
    const fruitless = work.attempts - 1 - Math.max(...work.recipients.map(({ attempts }) => attempts))
    if (fruitless >= brokenAfter) {
      return settler.broken(work, `given up: ${fruitless} tries ended without a result`)
    }
    if (fruitless >= suspectAfter) return settler.suspect(work, fruitless - suspectAfter + 1)

    const route = await options.route(message, work.content)
    if (route.kind === 'refused') {
      const text = route.because.at(-1) ?? 'the rules for outgoing mail refuse it'
      return settler.untried(work, {
        kind: 'deferred',
        class: 'routing',
        text,
        transcript: asRemarks(route.because),
      })
    }
    return route.kind === 'relay' ? prepareForRelay(work, route) : prepareForHosts(work, route)
  }

  async function prepareForHosts(work: OutboundWork, route: SendableRoute): Promise<boolean> {
    const [planned, signed] = await Promise.all([plan(domainOf(work)), signEarly(work, route)])
    return hand(work, route, { planned, signed, remarks: route.because })
  }

  /** Undefined where it waits for its turn: what is made for one recipient would only fill the memory until then. */
  async function signEarly(work: OutboundWork, route: SendableRoute): Promise<Signed | undefined> {
    return work.message.options.individual ? undefined : signer.sign(work, route.fromHeader)
  }

  /** What cannot go now is not signed: a server that is down must not cost the others anything. */
  async function prepareForRelay(work: OutboundWork, route: RelayRoute): Promise<boolean> {
    const chosen = chooseRelay(route, siteFor)
    if ('suspended' in chosen) return postpone(work, chosen.plan, chosen.suspended)
    const { plan: planned, remarks } = chosen
    const tooLarge = tooLargeFor(planned, work.content.length)
    if (tooLarge !== undefined)
      return refuseSize(work, { text: tooLarge, plan: planned, remarks: route.because })
    const signed = await signEarly(work, route)
    return hand(work, route, { planned, signed, remarks: [...route.because, ...remarks] })
  }

  /** To its site. True when it was settled instead. */
  function hand(
    work: OutboundWork,
    route: SendableRoute,
    {
      planned,
      signed,
      remarks,
    }: { planned: Planned; signed: Signed | undefined; remarks: readonly string[] },
  ): boolean | Promise<true> {
    if (signed !== undefined && !('body' in signed)) {
      signer.release(work, route.fromHeader)
      return settleUnsigned(work, signed, remarks)
    }
    if (!('site' in planned)) {
      signer.release(work, route.fromHeader)
      return settler.untried(work, { ...planned, transcript: asRemarks([...remarks, planned.text]) })
    }
    const unsigned = createJob({ work, route, plan: planned, remarks })
    const job = signed === undefined ? unsigned : withSignature(unsigned, signed)
    const site = siteFor(planned)
    const suspended = site.suspendedUntil()
    if (suspended.until > 0 || isStopping || !site.hasRoom()) {
      if (suspended.until > 0 && takeOver(job, suspended.reason)) return false
      signer.release(work, route.fromHeader)
      if (suspended.until > 0) return postpone(work, planned, suspended)
      return settler.putBack(work, isStopping ? clock.now() : site.expectedFreeAt())
    }
    site.add(job)
    return false
  }

  function settleUnsigned(
    work: OutboundWork,
    signed: Exclude<Signed, SignedMail>,
    remarks: readonly string[],
  ): Promise<true> {
    if ('block' in signed) return settler.blocked(work, signed.block)
    const { problem } = signed
    log.error({ messageId: work.message.id, problem }, 'not signed')
    const why = [...remarks, problem, 'not sent, because nothing goes out unsigned']
    return settler.untried(work, {
      ...{ kind: 'deferred', class: 'signing', text: problem },
      transcript: asRemarks(why),
    })
  }

  function refuseSize(
    work: OutboundWork,
    { text, plan: { server }, remarks }: { text: string; plan: Plan; remarks: readonly string[] },
  ): Promise<true> {
    return settler.untried(work, {
      kind: 'failed',
      class: 'too-large',
      text,
      serverId: server?.id ?? null,
      transcript: asRemarks([...remarks, text]),
    })
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

  function postpone(work: OutboundWork, plan: Plan, { until, reason }: Suspension): Promise<true> {
    // Spread, so that not everything comes back in the same second.
    const spreadMs = Math.min(60_000, until - clock.now()) * Math.random()
    return settler.postponed(work, {
      until: Math.round(until + spreadMs),
      eventClass: plan.server === undefined ? 'throttled' : 'connection',
      reason: whySuspended(plan, reason),
    })
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
        void postpone(job.work, job.plan, { until, reason }).then(() => done(job))
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
      void settleUnsigned(work, signed, remarks).then(() => done(waiting))
      return
    }
    const tooLarge = tooLargeFor(planned, signed.body.sizeBytes)
    if (tooLarge !== undefined) {
      void refuseSize(work, { text: tooLarge, plan: planned, remarks }).then(() => done(waiting))
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
        void postpone(work, planned, suspended).then(() => done(job))
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

function domainOf({ recipients }: OutboundWork): string {
  const address = recipients[0]?.address ?? ''
  return address.slice(address.lastIndexOf('@') + 1)
}
