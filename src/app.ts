/** Builds the parts and joins them. Everything that lives on is started here, and stopped here in the reverse order. */
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { findApiKey } from './accounts/api-keys.ts'
import { createAuthenticator } from './accounts/authenticate.ts'
import { createSignIns } from './accounts/sign-in.ts'
import { createDomainsContext } from './app/domains-context.ts'
import { ensureIdentity, type Identity } from './app/first-start.ts'
import { publishedRecords } from './app/published-records.ts'
import { removeRunFile, writeRunFile } from './app/run-file.ts'
import { makeSetupUrl } from './app/setup-url.ts'
import type { Config, Port } from './config.ts'
import { createDispatcher } from './delivery/dispatcher.ts'
import { mayConnectLive } from './delivery/public-address.ts'
import { resolveDestination } from './delivery/resolve-destination.ts'
import { startRetention } from './delivery/retention.ts'
import { defaultSchedule, type RetrySchedule } from './delivery/schedule.ts'
import type { SiteLimits } from './delivery/site-limits.ts'
import { testConnection } from './delivery/test-connection.ts'
import { createBulkSenders } from './domains/bulk-senders.ts'
import { returnPathLabel } from './domains/dns-records.ts'
import { watchDomains } from './domains/domain-watch.ts'
import { createKeyring } from './domains/keyring.ts'
import { createSenderCheck } from './domains/senders.ts'
import { createHttpServer, type HttpListener, type HttpServer } from './http/server.ts'
import type { HandOver } from './intake/hand-over.ts'
import { createIntake } from './intake/intake.ts'
import { createInbox } from './lab/inbox.ts'
import { type Lab, startLab } from './lab/lab.ts'
import { createLabRecords } from './lab/records.ts'
import { createReturnPaths } from './mail/return-path.ts'
import { createQueue } from './queue/queue.ts'
import { readFromText } from './routing/from-text.ts'
import { createRouter, type RouterSettings } from './routing/router.ts'
import { ownReturnPath } from './routing/rules.ts'
import { type Certificates, ensureCertificates, loadCertificates } from './runtime/certificates.ts'
import { type Clock, systemClock } from './runtime/clock.ts'
import { createResolver } from './runtime/dns.ts'
import type { Log } from './runtime/log.ts'
import { isLoopback } from './runtime/loopback.ts'
import { createMetrics, type Metrics } from './runtime/metrics.ts'
import { openSeal } from './runtime/seal.ts'
import { createSubmissionServer, type SubmissionServer } from './smtp/submission.ts'
import { openStorage } from './storage/open.ts'
import type { Storage } from './storage/storage.ts'

/** What scripts, containers and tests learn from a start (`serve --ready`). */
export type ReadyInfo = {
  pid: number
  url?: string
  httpsUrl?: string
  submission: { starttls?: number; tls?: number; trusted?: number }
  lab?: { dns: number; receiver: number }
  /** File of the authority that clients have to trust. */
  ca?: string
  /** An address that may send at once; '' when there is none yet. */
  from: string
  apiKey: string
  /** Only from the start that made the key. */
  secretKey?: string
  /** One-time link that makes the first owner of the console; missing once there is one. */
  setupUrl?: string
}

export type RunningApp = {
  ready: ReadyInfo
  /** A request to the HTTP face without a socket. */
  inject: HttpServer['inject']
  adminToken: string
  /** For tests: resolves when nothing is being sent and nothing is due. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export type AppOptions = {
  config: Config
  log: Log
  clock?: Clock
  /** False: no sockets, no delivery; for commands that run while no server does. */
  listen?: boolean
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/** What has been started so far, to be stopped backwards. */
function createStopper() {
  const steps: (() => Promise<unknown>)[] = []
  let stopped: Promise<void> | undefined
  async function stopAll() {
    const failures: unknown[] = []
    for (const step of steps.reverse()) await step().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  return {
    add: (step: () => Promise<unknown>) => void steps.push(step),
    stop: () => (stopped ??= stopAll()),
  }
}

export async function startApp(options: AppOptions): Promise<RunningApp> {
  const stopper = createStopper()
  try {
    return await start(options, stopper)
  } catch (error) {
    await stopper
      .stop()
      .catch((stopError: unknown) => options.log.error({ err: stopError }, 'stop after a failed start'))
    throw error
  }
}

async function start(
  { config, log, clock = systemClock, listen = true }: AppOptions,
  stopper: ReturnType<typeof createStopper>,
): Promise<RunningApp> {
  const bounceDomain = config.bounceDomain ?? `bounce.${config.name}`
  const delivers = listen && config.roles.includes('delivery')
  const graceMs = config.stopSeconds * 1000

  const metrics = createMetrics()
  const storage = timeCommits(
    await openStorage({
      ...(config.databaseUrl === undefined
        ? { kind: 'sqlite', folder: config.data }
        : { kind: 'postgres', url: config.databaseUrl }),
      log,
      clock,
    }),
    metrics,
  )
  stopper.add(() => storage.stop())
  const seal = await openSeal(join(config.data, 'instance.key'), { create: !(await holdsSecrets(storage)) })
  const certificates = await openCertificates(config, clock)
  const identity = await ensureIdentity(storage, {
    seal,
    now: clock.now(),
    mode: config.mode,
    name: config.name,
    dkim: config.dkim,
  })

  const lab =
    config.mode === 'lab' && listen
      ? await startLab({
          storage,
          log,
          logLevel: config.log.level === 'silent' ? 'fatal' : config.log.level,
          ports: { dns: config.lab.dnsPort, receiver: config.lab.receiverPort },
          tls: { cert: certificates.certificate, key: certificates.key },
          published: () => publishedRecords(storage, { name: config.name, bounceDomain }),
          settings: {
            greylistMs: config.lab.greylistSeconds * 1000,
            slowMs: config.lab.slowSeconds * 1000,
            reportDelayMs: config.lab.reportSeconds * 1000,
          },
        })
      : undefined
  if (lab) stopper.add(() => lab.stop())

  const dnsServers = lab === undefined ? config.dns.servers : [`${lab.dns.host}:${lab.dns.port}`]
  const resolver = createResolver({ ...(dnsServers.length > 0 && { servers: dnsServers }), clock })
  const keyring = createKeyring({
    storage,
    seal,
    clock,
    own: { keyId: identity.systemKeyId, domain: config.name },
  })
  const senders = createSenderCheck({ storage, clock })
  const bulkSenders = createBulkSenders({ storage, clock })
  const authenticator = createAuthenticator({ storage, clock })
  const router = createRouter({ storage, clock, seal, settings: routerSettings(config) })
  const ownHosts = config.mode === 'lab' ? [] : [config.name]
  const queue = createQueue({ storage, clock, log })
  metrics.watchQueue(async () => queueDepths(await queue.counts()))
  const returnPaths = createReturnPaths({
    domain: bounceDomain,
    customLabel: returnPathLabel,
    secrets: [seal.derive('return-path')],
  })

  const connecting = {
    resolver,
    mayConnect: config.mode === 'lab' ? isLoopback : mayConnectLive,
    name: config.delivery.ehloName ?? config.name,
    ...(config.delivery.bindAddress !== undefined && { localAddress: config.delivery.bindAddress }),
    ipv6: config.delivery.ipv6,
    ...(certificates.ca !== undefined && { trustedCas: [certificates.ca] }),
  }
  const dispatcher = delivers
    ? createDispatcher({
        storage,
        queue,
        clock,
        log,
        signingKeys: keyring.signingKeys,
        returnPath: (messageId, { keyId, fromAddress }) =>
          returnPaths.make(messageId, keyring.returnPathDomain(keyId, domainOfAddress(fromAddress))),
        route(message, content) {
          const returnPath = ownReturnPath(message)
          return router.route(message.keyId, {
            readFrom: () => readFromText(content),
            isBulk: message.options.bulk === true,
            ...(returnPath !== undefined && { returnPath }),
          })
        },
        ...connecting,
        metrics,
        ...(lab !== undefined && { port: lab.receiver.port }),
        ownHosts,
        schedule: retrySchedule(config),
        // In the lab somebody watches: a host that was started a moment too late is tried again at once.
        ...(config.mode === 'lab' && { badHostMs: [1_000, 2_000] as const, outagePausesMs: [1_000, 2_000] }),
        defaultLimits: siteLimits(config),
      })
    : undefined
  if (dispatcher) stopper.add(() => dispatcher.stop(graceMs))

  const intake = createIntake({
    storage,
    clock,
    log,
    handOver: dispatcher ?? nobodyDelivers,
    async maySendAs(keyId, from) {
      if (await senders.maySendAs(keyId, from)) return true
      return router.mayCarry(keyId, from, (address) => senders.maySendAs(keyId, address))
    },
    isBulkSender: bulkSenders.isBulkSender,
    settings: {
      name: config.name,
      systemKeyId: identity.systemKeyId,
      smtpSenderCheck: config.smtp.senderCheck,
      maxMessageBytes: config.smtp.maxMessageBytes,
      lifetimeMs: {
        transactional: config.delivery.transactionalHours * 3_600_000,
        bulk: config.delivery.bulkHours * 3_600_000,
      },
    },
    metrics,
  })

  let publicUrl = config.http.publicUrl ?? guessUrl(config)
  const domains = createDomainsContext({
    config,
    dnsServers: config.mode === 'lab' && lab === undefined ? 'none' : dnsServers,
    intake,
    systemKeyId: identity.systemKeyId,
    bounceDomain,
    publicUrl: () => publicUrl,
    changed({ keyId, email, domain }) {
      if (email !== undefined) senders.forget(keyId, email)
      if (email !== undefined) bulkSenders.forget(keyId)
      if (domain !== undefined) keyring.forget(keyId, domain)
    },
    storage,
    seal,
    clock,
    log,
  })

  const adminToken = randomBytes(32).toString('hex')
  const problems: string[] = []
  const http = createHttpServer({
    listeners: listen ? httpListeners(config, certificates) : [],
    limits: {
      maxBodyBytes: config.http.maxBodyBytes,
      requestTimeoutMs: config.http.requestSeconds * 1000,
      stopGraceMs: graceMs,
    },
    storage,
    clock,
    log,
    metrics,
    intake,
    authenticator,
    queue,
    wakeDelivery: () => dispatcher?.wake(),
    adminToken,
    signIns: createSignIns({ storage, clock, seal }),
    seal,
    ...(config.http.publicUrl !== undefined && { publicUrl: config.http.publicUrl }),
    version,
    domains,
    gateway: {
      router,
      seal,
      isHosted: config.gateway.hosted,
      destinationOf: (domain) => resolveDestination(domain, { resolver, ownHosts: new Set(ownHosts) }),
      testServer: (server, asked) =>
        testConnection(server, { ...connecting, ...asked, timeoutMs: config.gateway.testSeconds * 1000 }),
    },
    problems: () => problems,
    ...(config.mode === 'lab' && { lab: lab ?? closedLab(storage, log) }),
  })
  stopper.add(() => http.stop())

  const submission =
    listen && config.roles.includes('submission')
      ? await createSubmission({ config, certificates, intake, authenticator, storage, log, clock, identity })
      : undefined
  if (submission) {
    stopper.add(() => submission.stop({ graceMs }))
    watchSubmission(metrics, submission)
  }
  const smtpPorts = await submission?.listen()
  const bound = await http.listen()
  const ready = readyInfo({ config, identity, certificates, lab, smtpPorts, bound })
  // With a free port, the address is known only now.
  if (config.mode === 'lab') publicUrl = config.http.publicUrl ?? ready.url ?? ready.httpsUrl ?? publicUrl
  const firstOwnerUrl = bound.length > 0 ? await makeSetupUrl(storage, { clock, publicUrl }) : undefined
  if (firstOwnerUrl !== undefined) ready.setupUrl = firstOwnerUrl

  if (listen) {
    const retention = startRetention({ storage, clock, log, settings: config.retention })
    stopper.add(() => retention.stop())
    if (delivers) {
      const watch = watchDomains(domains, { queue })
      stopper.add(() => watch.stop())
    }
    if (ready.url !== undefined || ready.httpsUrl !== undefined) {
      await writeRunFile(config.data, {
        pid: process.pid,
        url: ready.url ?? ready.httpsUrl ?? '',
        adminToken,
      })
      stopper.add(() => removeRunFile(config.data))
    }
    dispatcher?.wake()
  }
  return {
    ready,
    inject: http.inject,
    adminToken,
    idle: async () => dispatcher?.idle(),
    stop: stopper.stop,
  }
}

function timeCommits(storage: Storage, metrics: Metrics): Storage {
  return {
    ...storage,
    async commit(commit) {
      const began = performance.now()
      const result = await storage.commit(commit)
      metrics.committed(performance.now() - began)
      return result
    },
  }
}

function watchSubmission(metrics: Metrics, { stats }: SubmissionServer): void {
  const gauges = [
    ['connections', 'SMTP connections of clients that are open.'],
    ['connectionsRefused', 'SMTP connections turned away since the start: too many at one time.'],
    ['messagesRefused', 'Messages answered with 4xx or 5xx since the start.'],
    ['authenticationFailures', 'Failed SMTP logins since the start.'],
    ['protocolErrors', 'SMTP commands that were wrong since the start.'],
    ['heldBytes', 'Bytes of messages that are being received.'],
  ] as const
  for (const [key, help] of gauges) {
    const name = `paravion_smtp_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
    metrics.watchGauge({ name, help }, () => stats()[key])
  }
}

/** Secrets that only the instance key can open: then it must not be made anew. */
async function holdsSecrets({ db }: Storage): Promise<boolean> {
  const key = await db.selectFrom('dkim_keys').select('id').limit(1).executeTakeFirst()
  const server = await db.selectFrom('outgoing_servers').select('id').limit(1).executeTakeFirst()
  const user = await db
    .selectFrom('users')
    .select('id')
    .where('totp_secret_sealed', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return key !== undefined || server !== undefined || user !== undefined
}

async function openCertificates({ tls, data, mode, name }: Config, clock: Clock): Promise<Certificates> {
  const now = clock.now()
  if (tls.certificate !== undefined && tls.key !== undefined) {
    return loadCertificates({
      certificatePath: tls.certificate,
      keyPath: tls.key,
      ...(tls.ca !== undefined && { caPath: tls.ca }),
      now,
    })
  }
  const names = mode === 'lab' ? [name, 'mx.lab.test'] : [name]
  return ensureCertificates({ folder: join(data, 'tls'), names, now })
}

/** Where browsers reach this instance, as far as the settings tell. */
function guessUrl({ name, mode, http: { port, tlsPort } }: Config): string {
  const host = mode === 'lab' ? '127.0.0.1' : name
  if (isOpen(tlsPort) && mode === 'live') return `https://${host}${tlsPort === 443 ? '' : `:${tlsPort}`}`
  return `http://${host}${!isOpen(port) || port === 80 ? '' : `:${port}`}`
}

function domainOfAddress(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

function routerSettings({ gateway, delivery: { smarthost } }: Config): RouterSettings {
  const { host, port, security, user, password = '' } = smarthost
  const { emailFrom, fromFilter } = gateway
  return {
    ...(emailFrom !== undefined && { emailFrom }),
    ...(fromFilter !== undefined && { fromFilter }),
    ...(host !== undefined && {
      smarthost: {
        id: undefined,
        name: `smarthost ${host}`,
        host,
        port,
        security: security === 'none' ? security : (`${security}-strict` as const),
        authentication: user === undefined ? { kind: 'none' } : { kind: 'login', user, password },
        isDebug: false,
        limits: {},
      },
    }),
  }
}

function siteLimits({ delivery }: Config): SiteLimits {
  return {
    connections: delivery.connectionsPerSite,
    messagesPerConnection: delivery.messagesPerConnection,
    messagesPerSecond: delivery.messagesPerSecond || Number.POSITIVE_INFINITY,
    newConnectionsPerMinute: delivery.newConnectionsPerMinute || Number.POSITIVE_INFINITY,
  }
}

function retrySchedule({ delivery: { retryMinutes } }: Config): RetrySchedule {
  const delaysMs = retryMinutes.map((minutes) => minutes * 60_000)
  return { ...defaultSchedule, delaysMs, repeatMs: delaysMs.at(-1) ?? defaultSchedule.repeatMs }
}

/** Where this process does not deliver, accepted mail waits in the queue for one that does. */
const nobodyDelivers: HandOver = {
  tryReserve: () => false,
  take: () => {
    throw new Error('work was handed over where nobody delivers')
  },
  unreserve: () => undefined,
  wake: () => undefined,
}

/** The lab's inbox and DNS records while no lab runs: what is stored can be read and changed all the same. */
function closedLab(storage: Storage, log: Log) {
  const { inbox } = createInbox({ storage, log })
  return { inbox, records: createLabRecords({ storage, onChange: async () => undefined }) }
}

function httpListeners({ http, roles }: Config, { certificate, key }: Certificates): HttpListener[] {
  if (!roles.includes('api')) return []
  const listeners: HttpListener[] = []
  if (http.port !== 'off') listeners.push({ host: http.host, port: http.port })
  if (http.tlsPort !== 'off') {
    listeners.push({ host: http.host, port: http.tlsPort, tls: { cert: certificate, key } })
  }
  return listeners
}

async function createSubmission({
  config: { smtp, name },
  certificates,
  intake,
  authenticator,
  storage,
  log,
  clock,
}: {
  config: Config
  certificates: Certificates
  intake: Parameters<typeof createSubmissionServer>[0]['intake']
  authenticator: Parameters<typeof createSubmissionServer>[0]['authenticator']
  storage: Storage
  log: Log
  clock: Clock
  identity: Identity
}): Promise<SubmissionServer> {
  const { trusted } = smtp
  const trustedKey = trusted.apiKey === undefined ? undefined : await findApiKey(storage, trusted.apiKey)
  const starttls = smtp.starttlsPorts.map((port) => ({ host: smtp.host, port, tls: 'starttls' as const }))
  const implicit =
    smtp.tlsPort === 'off' ? [] : [{ host: smtp.host, port: smtp.tlsPort, tls: 'implicit' as const }]
  return createSubmissionServer({
    listeners: [...starttls, ...implicit],
    ...(isOpen(trusted.port) &&
      trustedKey !== undefined && {
        trusted: {
          host: trusted.host,
          port: trusted.port,
          networks: trusted.networks,
          keyId: trustedKey.id,
        },
      }),
    secureContext: { cert: certificates.certificate, key: certificates.key },
    intake,
    authenticator,
    config: {
      name,
      maxMessageBytes: smtp.maxMessageBytes,
      maxRecipients: smtp.maxRecipients,
      plainAuthOnLoopback: smtp.plainAuthOnLoopback,
    },
    limits: {
      maxConnections: smtp.maxConnections,
      maxConnectionsPerAddress: smtp.maxConnectionsPerAddress,
      idleTimeoutMs: smtp.idleSeconds * 1000,
      dataTimeoutMs: smtp.dataSeconds * 1000,
      messageTimeoutMs: smtp.messageSeconds * 1000,
    },
    log,
    clock,
  })
}

function isOpen(port: Port): port is number {
  return port !== 'off'
}

function readyInfo({
  config,
  identity,
  certificates,
  lab,
  smtpPorts,
  bound,
}: {
  config: Config
  identity: Identity
  certificates: Certificates
  lab: Lab | undefined
  smtpPorts: { ports: number[]; trusted: number | undefined } | undefined
  bound: readonly { port: number; tls: boolean }[]
}): ReadyInfo {
  const host = urlHost(config)
  const plain = bound.find((listener) => !listener.tls)
  const secure = bound.find((listener) => listener.tls)
  const starttls = config.smtp.starttlsPorts.length > 0 ? smtpPorts?.ports[0] : undefined
  const tls = config.smtp.tlsPort === 'off' ? undefined : smtpPorts?.ports[config.smtp.starttlsPorts.length]
  return {
    pid: process.pid,
    ...(plain && { url: `http://${host}:${plain.port}` }),
    ...(secure && { httpsUrl: `https://${host}:${secure.port}` }),
    submission: {
      ...(starttls !== undefined && { starttls }),
      ...(tls !== undefined && { tls }),
      ...(smtpPorts?.trusted !== undefined && { trusted: smtpPorts.trusted }),
    },
    ...(lab && { lab: { dns: lab.dns.port, receiver: lab.receiver.port } }),
    ...(certificates.caPath !== undefined && { ca: certificates.caPath }),
    from: identity.from,
    apiKey: identity.apiKey,
    ...(identity.secretKey !== undefined && { secretKey: identity.secretKey }),
  }
}

/** A host that a client on this machine can use in a URL. */
function urlHost({ http: { host } }: Config): string {
  if (host === '::' || host === '0.0.0.0' || host === '127.0.0.1') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

function queueDepths(
  counts: readonly { lane: string; due: number; waiting: number; leased: number; held: number }[],
) {
  return counts.flatMap(({ lane, ...states }) =>
    Object.entries(states).map(([state, count]) => ({ lane, state, count })),
  )
}
