/** What is counted, for Prometheus. One registry per process, handed in; each part gets the functions it needs. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type QueueDepth = { lane: string; state: string; count: number }

export type Metrics = {
  readonly registry: Registry
  /** Intake. Counts are recipients: the unit that is delivered. */
  accepted(lane: string, recipients: number): void
  blocked(reason: string, recipients: number): void
  /** Delivery. */
  settled(
    lane: string,
    kind: 'delivered' | 'deferred' | 'failed' | 'expired',
    outcomeClass: string | null,
    recipients: number,
  ): void
  attempted(durationMs: number): void
  connection(result: 'opened' | 'failed'): void
  /** `route` is the pattern, never the path: paths hold ids. */
  httpRequest(request: { route: string; method: string; status: number; durationMs: number }): void
  committed(durationMs: number): void
  /** Read at each scrape. */
  watchQueue(read: () => Promise<readonly QueueDepth[]>): void
  watchGauge(gauge: { name: string; help: string }, read: () => number): void
}

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

export function createMetrics({ processDefaults = true }: { processDefaults?: boolean } = {}): Metrics {
  const registry = new Registry()
  const registers = [registry]
  if (processDefaults) collectDefaultMetrics({ register: registry })

  const accepted = new Counter({
    name: 'paravion_accepted_total',
    help: 'Recipients of accepted messages.',
    labelNames: ['lane'],
    registers,
  })
  const blocked = new Counter({
    name: 'paravion_blocked_total',
    help: 'Recipients accepted and never tried, by reason.',
    labelNames: ['reason'],
    registers,
  })
  const settled = {
    delivered: outcomes('delivered', 'Recipients that the next host took.'),
    deferred: outcomes('deferred', 'Attempts put off, one for each recipient, by class.'),
    failed: outcomes('failed', 'Recipients given up after a refusal, by class.'),
    expired: outcomes('expired', 'Recipients given up because their time ran out, by last class.'),
  }
  const attempts = new Histogram({
    name: 'paravion_attempt_seconds',
    help: 'Duration of delivery attempts.',
    buckets: secondsBuckets,
    registers,
  })
  const connections = new Counter({
    name: 'paravion_outgoing_connections_total',
    help: 'Outgoing SMTP connections.',
    labelNames: ['result'],
    registers,
  })
  const requests = new Histogram({
    name: 'paravion_http_request_seconds',
    help: 'HTTP requests by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: secondsBuckets,
    registers,
  })
  const commits = new Histogram({
    name: 'paravion_commit_seconds',
    help: 'Time until a commit is durable.',
    buckets: secondsBuckets,
    registers,
  })

  function outcomes(name: string, help: string) {
    return new Counter({
      name: `paravion_${name}_total`,
      help,
      labelNames: ['lane', 'class'],
      registers,
    })
  }

  return {
    registry,
    accepted: (lane, recipients) => accepted.inc({ lane }, recipients),
    blocked: (reason, recipients) => blocked.inc({ reason }, recipients),
    settled: (lane, kind, outcomeClass, recipients) =>
      settled[kind].inc({ lane, class: outcomeClass ?? '' }, recipients),
    attempted: (durationMs) => attempts.observe(durationMs / 1000),
    connection: (result) => connections.inc({ result }),
    httpRequest: ({ route, method, status, durationMs }) =>
      requests.observe({ route, method, status }, durationMs / 1000),
    committed: (durationMs) => commits.observe(durationMs / 1000),

    watchQueue(read) {
      const gauge: Gauge<'lane' | 'state'> = new Gauge({
        name: 'paravion_queue',
        help: 'Work in the queue by lane and state; one unit is a message for up to 50 recipients of a domain.',
        labelNames: ['lane', 'state'],
        registers,
        async collect() {
          const depths = await read()
          gauge.reset()
          for (const { lane, state, count } of depths) gauge.set({ lane, state }, count)
        },
      })
    },
    watchGauge({ name, help }, read) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers,
        collect() {
          gauge.set(read())
        },
      })
    },
  }
}
