/**
 * `npm run bench [-- WORKLOAD…] [--postgres]`: one JSON line per workload. Server in a process of its own, load
 * generator here, the lab's counting sink inside the server; all on loopback, bounded, durable (fsync on), 5 KB messages.
 */
import { Agent, request } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { makeDataFolder, type ServerProcess, startServer, waitFor } from '../load/server-process.ts'
import { loadMessage, runSmtpLoad } from '../load/smtp-load.ts'
import { startPostgres } from '../postgres.ts'
import { flushesPerSecond, signaturesPerSecond } from './ceilings.ts'
import { measureLatency } from './latency.ts'
import { seedSenders } from './seed-senders.ts'

const messageBytes = 5_000
const recipient = 'reader@sink.test'

type Figures = Record<string, number | string>
type Workload = (env: Record<string, string>) => Promise<Figures>

let ceilings = { signatures: 0, flushes: 0 }

/** Starts a fresh server, runs the work, and ends it whatever happens. */
async function withServer(
  env: Record<string, string>,
  work: (server: ServerProcess, folder: string) => Promise<Figures>,
): Promise<Figures> {
  const folder = await makeDataFolder()
  try {
    const server = await startServer({ folder: folder.path, env })
    try {
      return await work(server, folder.path)
    } finally {
      await server.kill('SIGTERM')
    }
  } finally {
    await folder.remove()
  }
}

function smtpLoad(
  server: ServerProcess,
  options: { count: number; connections: number; recipients?: number; to?: string },
) {
  const { ready } = server
  const { count, connections, recipients = 1, to = recipient } = options
  const [local, domain] = to.split('@')
  const everybody = Array.from({ length: recipients }, (_, n) =>
    recipients === 1 ? to : `${local}+${n}@${domain}`,
  )
  return runSmtpLoad({
    port: ready.submission.starttls,
    user: ready.apiKey,
    password: ready.secretKey ?? '',
    from: ready.from,
    recipientsOf: () => everybody,
    messageOf: (index) => loadMessage({ from: ready.from, to, id: `m${index}`, sizeBytes: messageBytes }),
    count,
    connections,
  })
}

/** Submits and waits until the last message has been delivered; the rate is over the whole time. */
async function endToEnd(
  server: ServerProcess,
  options: { count: number; connections: number; recipients?: number },
): Promise<Figures> {
  const before = await server.metric('paravion_delivered_total')
  const total = options.count * (options.recipients ?? 1)
  const cpuBefore = server.cpuMicros()
  const started = performance.now()
  const load = await smtpLoad(server, options)
  await waitFor(async () => (await server.metric('paravion_delivered_total')) - before >= total, 120_000)
  const seconds = (performance.now() - started) / 1000
  return {
    perSecond: Math.round(total / seconds),
    acceptedPerSecond: Math.round((load.accepted * (options.recipients ?? 1)) / load.seconds),
    serverCpuMicrosPerDelivery: Math.round((server.cpuMicros() - cpuBefore) / total),
    residentMb: Math.round(server.residentBytes() / 1e6),
    deliveries: total,
    seconds: round(seconds),
  }
}

/** Submissions a second from `used` of so many validated addresses; nothing is delivered. */
async function submitAs(
  env: Record<string, string>,
  { senders, domains, used }: { senders: number; domains: number; used: number },
): Promise<number> {
  const figures = await withServer({ ...env, PARAVION_ROLES: 'submission' }, async (server, folder) => {
    const addressOf = (index: number) => `sender${index}@domain${index % domains}.example`
    await seedSenders({ folder, env, apiKey: server.ready.apiKey, senders, domains, addressOf })
    const load = (count: number) =>
      runSmtpLoad({
        port: server.ready.submission.starttls,
        user: server.ready.apiKey,
        password: server.ready.secretKey ?? '',
        from: server.ready.from,
        recipientsOf: () => [recipient],
        messageOf: (index) =>
          loadMessage({
            from: addressOf((index * 7919) % used),
            to: recipient,
            id: `m${index}`,
            sizeBytes: messageBytes,
          }),
        count,
        connections: 20,
      })
    await load(2_000)
    const result = await load(20_000)
    return { perSecond: Math.round(result.accepted / result.seconds) }
  })
  return Number(figures.perSecond)
}

async function warmUp(server: ServerProcess): Promise<void> {
  await endToEnd(server, { count: 2_000, connections: 20 })
}

const workloads: Record<string, Workload> = {
  'smtp-submit-20': (env) =>
    withServer({ ...env, PARAVION_ROLES: 'submission' }, async (server) => {
      await smtpLoad(server, { count: 2_000, connections: 20 })
      const load = await smtpLoad(server, { count: 20_000, connections: 20 })
      return {
        perSecond: Math.round(load.accepted / load.seconds),
        flushShare: share(load.accepted / load.seconds, ceilings.flushes),
      }
    }),

  'smtp-submit-1': (env) =>
    withServer({ ...env, PARAVION_ROLES: 'submission' }, async (server) => {
      await smtpLoad(server, { count: 1_000, connections: 1 })
      const load = await smtpLoad(server, { count: 5_000, connections: 1 })
      return {
        perSecond: Math.round(load.accepted / load.seconds),
        flushShare: share(load.accepted / load.seconds, ceilings.flushes),
      }
    }),

  // What a check at the door costs when there is much to look through: hot senders, as most instances have them, and
  // the worst case, in which each message comes from another address.
  'many-senders': async (env) => {
    const few = await submitAs(env, { senders: 10, domains: 10, used: 10 })
    const hot = await submitAs(env, { senders: 100_000, domains: 10_000, used: 10 })
    const all = await submitAs(env, { senders: 100_000, domains: 10_000, used: 100_000 })
    return {
      perSecondWith10: few,
      perSecondWith100000: hot,
      perSecondFromAll100000: all,
      ratio: round(hot / few),
      ratioFromAll: round(all / few),
    }
  },

  'api-batch-1': (env) =>
    withServer(env, (server) => apiLoad(server, { calls: 6_000, perCall: 1, concurrency: 20 })),
  'api-batch-50': (env) =>
    withServer(env, (server) => apiLoad(server, { calls: 200, perCall: 50, concurrency: 8 })),

  'end-to-end-20': (env) =>
    withServer(env, async (server) => {
      await warmUp(server)
      return withShare(await endToEnd(server, { count: 20_000, connections: 20 }))
    }),

  'end-to-end-1': (env) =>
    withServer(env, async (server) => {
      await warmUp(server)
      return withShare(await endToEnd(server, { count: 6_000, connections: 1 }))
    }),

  // The same receiver both ways: what an outgoing server costs beside direct delivery.
  'relay-20': (env) =>
    withServer(env, async (server) => {
      await warmUp(server)
      const direct = await endToEnd(server, { count: 10_000, connections: 20 })
      await server.admin('POST', '/api/outgoing-servers', {
        name: 'sink',
        host: '127.0.0.1',
        port: server.ready.lab?.receiver,
        security: 'none',
        authentication: 'none',
        maxConnections: 20,
        maxMessagesPerConnection: 100_000,
      })
      await endToEnd(server, { count: 2_000, connections: 20 })
      const relayed = await endToEnd(server, { count: 10_000, connections: 20 })
      return {
        ...withShare(relayed),
        perSecondDirect: direct.perSecond ?? 0,
        ratio: round(Number(relayed.perSecond) / Number(direct.perSecond)),
      }
    }),

  // Each message names its server by its From. Once all five answer, then one takes connections and never says a word.
  'dead-server-among-five': (env) =>
    withServer(env, async (server) => {
      await warmUp(server)
      const mute = await listenMute()
      try {
        const ids: number[] = []
        for (let number = 0; number < 5; number++) {
          const made = await server.admin('POST', '/api/outgoing-servers', {
            name: `Server ${number}`,
            host: '127.0.0.1',
            port: server.ready.lab?.receiver,
            security: 'none',
            authentication: 'none',
            fromFilter: `s${number}@shop.example`,
            maxConnections: 4,
            maxMessagesPerConnection: 100_000,
          })
          ids.push((made as { server: { id: number } }).server.id)
        }
        await throughServers(server, { count: 2_000, delivered: 2_000 })
        const healthy = await throughServers(server, { count: 10_000, delivered: 10_000 })
        await server.admin('PATCH', `/api/outgoing-servers/${ids[4]}`, { port: mute.port })
        const withDead = await throughServers(server, { count: 10_000, delivered: 8_000 })
        return {
          perSecondOfEachWithFive: Math.round(healthy.perSecond / 5),
          perSecondOfEachWithFour: Math.round(withDead.perSecond / 4),
          ratio: round(withDead.perSecond / 4 / (healthy.perSecond / 5)),
          heldUp: withDead.heldUp,
        }
      } finally {
        mute.close()
      }
    }),

  latency: measureLatency,

  'one-message-1000-recipients': (env) =>
    withServer(env, async (server) => {
      await warmUp(server)
      await endToEnd(server, { count: 5, connections: 1, recipients: 1_000 })
      const one = await endToEnd(server, { count: 1, connections: 1, recipients: 1_000 })
      const many = await endToEnd(server, { count: 40, connections: 1, recipients: 1_000 })
      return { ...many, oneMessagePerSecond: one.perSecond ?? 0 }
    }),

  'deferred-200000': (env) =>
    withServer(env, async (server) => {
      await warmUp(server)
      const before = await endToEnd(server, { count: 10_000, connections: 20 })
      await smtpLoad(server, { count: 200, connections: 4, recipients: 1_000, to: 'busy@away.example' })
      await waitFor(async () => (await server.metric('paravion_deferred_total')) >= 200_000, 300_000)
      const after = await endToEnd(server, { count: 10_000, connections: 20 })
      return {
        perSecondBefore: before.perSecond ?? 0,
        perSecondWith200000Waiting: after.perSecond ?? 0,
        ratio: round(Number(after.perSecond) / Number(before.perSecond)),
        residentMb: after.residentMb ?? 0,
      }
    }),
}

/**
 * Deliveries a second until so many have arrived, each message by the server that its From names. After half a minute the
 * rest counts as held up, which makes the rate what it is.
 */
async function throughServers(
  server: ServerProcess,
  { count, delivered }: { count: number; delivered: number },
): Promise<{ perSecond: number; heldUp: number }> {
  const before = await server.metric('paravion_delivered_total')
  const started = performance.now()
  await runSmtpLoad({
    port: server.ready.submission.starttls,
    user: server.ready.apiKey,
    password: server.ready.secretKey ?? '',
    from: server.ready.from,
    recipientsOf: () => [recipient],
    messageOf: (index) =>
      loadMessage({
        from: `s${index % 5}@shop.example`,
        to: recipient,
        id: `m${index}`,
        sizeBytes: messageBytes,
      }),
    count,
    connections: 20,
  })
  const giveUpAt = started + 30_000
  let arrived = 0
  await waitFor(async () => {
    arrived = (await server.metric('paravion_delivered_total')) - before
    return arrived >= delivered || performance.now() > giveUpAt
  }, 60_000)
  const perSecond = arrived / ((performance.now() - started) / 1000)
  return { perSecond, heldUp: Math.max(0, delivered - arrived) }
}

/** Takes connections and says nothing. */
async function listenMute(): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => sockets.add(socket.on('error', () => {})))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('no port to be mute on')
  return {
    port: address.port,
    close() {
      for (const socket of sockets) socket.destroy()
      listener.close()
    },
  }
}

async function apiLoad(
  server: ServerProcess,
  { calls, perCall, concurrency }: { calls: number; perCall: number; concurrency: number },
): Promise<Figures> {
  const text = 'All work and no play makes mail a dull affair for everybody.\n'.repeat(40)
  const body = JSON.stringify({
    Messages: Array.from({ length: perCall }, (_, index) => ({
      From: { Email: server.ready.from },
      To: [{ Email: recipient }],
      Subject: `load ${index}`,
      TextPart: text,
      HTMLPart: `<p>${text}</p>`,
    })),
  })
  const before = await server.metric('paravion_delivered_total')
  const started = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next++ < calls) await post(server, body)
    }),
  )
  const accepting = (performance.now() - started) / 1000
  await waitFor(
    async () => (await server.metric('paravion_delivered_total')) - before >= calls * perCall,
    120_000,
  )
  const seconds = (performance.now() - started) / 1000
  return {
    acceptedPerSecond: Math.round((calls * perCall) / accepting),
    perSecond: Math.round((calls * perCall) / seconds),
    residentMb: Math.round(server.residentBytes() / 1e6),
  }
}

const keepAlive = new Agent({ keepAlive: true })

function post(server: ServerProcess, body: string): Promise<void> {
  const { url, apiKey, secretKey } = server.ready
  return new Promise((resolve, reject) => {
    const call = request(
      `${url}/v3.1/send`,
      {
        method: 'POST',
        agent: keepAlive,
        auth: `${apiKey}:${secretKey}`,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.resume()
        response.on('end', () =>
          response.statusCode === 200
            ? resolve()
            : reject(new Error(`the Send API answered ${response.statusCode}`)),
        )
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}

function withShare(figures: Figures): Figures {
  return { ...figures, signatureShare: share(Number(figures.perSecond), ceilings.signatures) }
}

function share(rate: number, ceiling: number): number {
  return round(rate / ceiling)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

function print(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const onPostgres = process.argv.includes('--postgres')
for (const name of wanted) {
  if (!(name in workloads))
    throw new Error(`unknown workload ${name}; there are: ${Object.keys(workloads).join(', ')}`)
}

ceilings = { signatures: await signaturesPerSecond(), flushes: flushesPerSecond() }
print({
  workload: 'ceilings',
  node: process.version,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryGb: Math.round(totalmem() / 1e9),
  signaturesPerSecond: Math.round(ceilings.signatures),
  flushesPerSecond: Math.round(ceilings.flushes),
})

const postgres = onPostgres ? await startPostgres({ isDurable: true }) : undefined
try {
  for (const [name, workload] of Object.entries(workloads)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const database = postgres === undefined ? 'sqlite' : 'postgres'
    const env: Record<string, string> = {}
    if (postgres !== undefined) env.PARAVION_DATABASE_URL = (await postgres.createDatabase()).url
    print({ workload: name, database, ...(await workload(env)) })
  }
} finally {
  await postgres?.stop()
}
