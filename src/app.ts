/** Builds the parts and joins them. Everything that lives on is started here, and stopped here in the reverse order. */
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAuthenticator } from './accounts/authenticate.ts'
import { createSignIns } from './accounts/sign-in.ts'
import { closedLab, countedElsewhere, nobodyDelivers, silentResolver } from './app/absent-parts.ts'
import { startForgetting, startLaneWorkers } from './app/background.ts'
import { createCampaignsPart, createOwnContent } from './app/campaigns.ts'
import { openCertificates } from './app/certificates.ts'
import { createContactsPart } from './app/contacts.ts'
import { createDelivery, waysOut } from './app/delivery.ts'
import { createDomainsContext } from './app/domains-context.ts'
import { ensureIdentity } from './app/first-start.ts'
import { checkGoLive } from './app/go-live.ts'
import { createInboundMail } from './app/inbound.ts'
import { createIncoming } from './app/incoming.ts'
import { startLabFor } from './app/lab.ts'
import { guessUrl, httpListeners, isOpen } from './app/listeners.ts'
import { queueDepths, timeCommits, watchIncoming, watchSubmission } from './app/measures.ts'
import { describeReach } from './app/reach.ts'
import { type ReadyInfo, readyInfo } from './app/ready-info.ts'
import { removeRunFile, writeRunFile } from './app/run-file.ts'
import { holdsSecrets } from './app/sealed-rows.ts'
import { createDoorCheck } from './app/sender-check.ts'
import { routerSettings } from './app/settings.ts'
import { makeSetupUrl } from './app/setup-url.ts'
import { createStopper, type Stopper } from './app/stopper.ts'
import { createSubmission } from './app/submission.ts'
import { createTracking } from './app/tracking.ts'
import { createWebhooksPart, mailDomainOf } from './app/webhooks.ts'
import { createRenderer } from './campaigns/render.ts'
import type { Config } from './config.ts'
import { createRecipientCounts } from './contacts/recipient-counts.ts'
import { createSuppressionCheck } from './contacts/suppression-check.ts'
import { suppress } from './contacts/suppressions.ts'
import { resolveDestination } from './delivery/resolve-destination.ts'
import { testConnection } from './delivery/test-connection.ts'
import { createBulkSenders } from './domains/bulk-senders.ts'
import { returnPathLabel } from './domains/dns-records.ts'
import { createKeyring } from './domains/keyring.ts'
import { createSenderCheck } from './domains/senders.ts'
import { createHttpServer, type HttpServer } from './http/server.ts'
import { createIntake } from './intake/intake.ts'
import { createReturnPaths } from './mail/return-path.ts'
import { createQueue } from './queue/queue.ts'
import { createRouter } from './routing/router.ts'
import { type Clock, systemClock } from './runtime/clock.ts'
import { createResolver } from './runtime/dns.ts'
import type { Log } from './runtime/log.ts'
import { createMetrics } from './runtime/metrics.ts'
import { openSeal } from './runtime/seal.ts'
import { startStatistics } from './stats/statistics.ts'
import { openStorage } from './storage/open.ts'

export type RunningApp = {
  ready: ReadyInfo
  /** A request to the HTTP face without a socket. */
  inject: HttpServer['inject']
  adminToken: string
  /** For tests: resolves when nothing is being sent, nothing is due, and all of it is counted. */
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

/** The build of `web/`, in a checkout as in the package. */
const consoleFolder = fileURLToPath(new URL('../dist/web/', import.meta.url))

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

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
  stopper: Stopper,
): Promise<RunningApp> {
  const bounceDomain = config.bounceDomain ?? `bounce.${config.name}`
  const mailDomain = mailDomainOf(config)
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

  let mxPort: number | undefined
  const lab =
    config.mode === 'lab' && listen
      ? await startLabFor({
          ...{ config, storage, log, certificates, ownMailDomains: [bounceDomain, mailDomain] },
          mxPort: () => mxPort,
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
  const suppressions = createSuppressionCheck({ storage, clock })
  const authenticator = createAuthenticator({ storage, clock })
  const router = createRouter({ storage, clock, seal, settings: routerSettings(config) })
  const doorCheck = createDoorCheck({ storage, senders, router })
  // Mail for a domain whose MX is this host ends here, if this host takes any: it refuses what is for nobody, and so
  // nothing goes round. If it takes none, such mail is a loop (RFC 5321 §5.1).
  const takesMail = config.roles.includes('mx') && isOpen(config.mx.port)
  const ownHosts = config.mode === 'lab' || takesMail ? [] : [config.name]
  const queue = createQueue({ storage, clock, log })
  metrics.watchQueue(async () => queueDepths(await queue.counts()))
  const returnPaths = createReturnPaths({
    domain: bounceDomain,
    customLabel: returnPathLabel,
    secretOf: (period) => seal.derive(`return-path ${period}`),
    now: clock.now,
  })

  const connecting = waysOut(config, { resolver, certificates })
  let publicUrl = config.http.publicUrl ?? guessUrl(config)
  let httpsUrl: string | undefined
  const tracking = await createTracking({
    ...{ config, storage, clock, log, seal, suppressions, bounceDomain },
    urls: { publicUrl: () => publicUrl, httpsUrl: () => httpsUrl },
  })
  stopper.add(() => tracking.recorder.stop())
  const renderer = createRenderer({ linksFor: tracking.personal.linksFor, now: clock.now })
  const statistics = listen ? startStatistics({ storage, clock, log }) : countedElsewhere(storage)
  stopper.add(() => statistics.stop())

  const dispatcher = delivers
    ? createDelivery({
        ...{
          config,
          storage,
          queue,
          clock,
          log,
          metrics,
          connecting,
          ownHosts,
          returnPaths,
          keyring,
          router,
        },
        makeOwnContent: createOwnContent({ renderer, ofWork: tracking.personal.ofWork }),
        onSuppressed: suppressions.forget,
        ...(lab !== undefined && { receiverPort: lab.receiver.port, mxPort: () => mxPort }),
      })
    : undefined
  if (dispatcher) stopper.add(() => dispatcher.stop(graceMs))

  const intake = createIntake({
    storage,
    clock,
    log,
    handOver: dispatcher ?? nobodyDelivers,
    maySendAs: doorCheck.maySendAs,
    isBulkSender: bulkSenders.isBulkSender,
    trackingDefaults: tracking.defaults.of,
    suppressions,
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

  const campaignsPart = createCampaignsPart({
    ...{ config, storage, clock, log, intake, statistics },
    maySendAs: doorCheck.maySendAs,
    trackingOf: tracking.defaults.of,
  })
  const { campaigns } = campaignsPart

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

  const webhooksPart = createWebhooksPart({
    ...{ config, storage, clock, log, seal },
    // A command that runs beside no server must not ask the real world about lab domains.
    resolver: config.mode === 'lab' && lab === undefined ? silentResolver : resolver,
    labCa: config.mode === 'lab' ? certificates.ca : undefined,
  })
  const { webhooks } = webhooksPart
  const inbound = await createInboundMail({
    ...{ storage, clock, log, intake, returnPaths },
    suppress(entry) {
      suppressions.forget(entry.keyId, entry.address)
      return suppress(entry)
    },
    onSuppressed: suppressions.forget,
    unsubscribe: tracking.unsubscribing.byMail,
    programs: webhooksPart.programs,
    host: config.name,
    systemKeyId: identity.systemKeyId,
  })
  let reach = describeReach({ config, certificates, smtpPorts: [], url: publicUrl, httpsUrl: undefined })
  const contactsPart = createContactsPart({
    ...{ storage, clock, log, intake, suppressionCheck: suppressions },
    publicUrl: () => publicUrl,
  })
  const { contacts } = contactsPart
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
    reach: () => reach,
    goLive: () => checkGoLive({ config, certificates, resolver, storage, clock, bounceDomain }),
    consoleFolder,
    domains,
    suppressionCheck: suppressions,
    contacts,
    tracking,
    webhooks,
    campaigns,
    recipientCounts: createRecipientCounts({ storage, clock }),
    renderer,
    statistics,
    inbound,
    gateway: {
      router,
      seal,
      explainSender: doorCheck.explain,
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
      ? await createSubmission({ config, certificates, intake, authenticator, storage, log, clock })
      : undefined
  if (submission) {
    stopper.add(() => submission.stop({ graceMs }))
    watchSubmission(metrics, submission)
  }
  const incoming =
    listen && config.roles.includes('mx')
      ? createIncoming({
          ...{ config, certificates, dnsServers, bounceDomain, mailDomain, storage, returnPaths, inbound },
          ...{ programs: webhooksPart.programs, log, clock },
          isUnsubscribe: tracking.unsubscribing.isMailto,
        })
      : undefined
  if (incoming) {
    stopper.add(() => incoming.stop({ graceMs }))
    watchIncoming(metrics, incoming)
  }
  mxPort = await incoming?.listen()
  const smtpPorts = await submission?.listen()
  const bound = await http.listen()
  const ready = readyInfo({ config, identity, certificates, lab, smtpPorts, mx: mxPort, bound })
  // With a free port, the address is known only now.
  reach = describeReach({
    ...{ config, certificates, smtpPorts: smtpPorts?.ports },
    url: config.http.publicUrl ?? ready.url,
    httpsUrl: ready.httpsUrl,
  })
  httpsUrl = ready.httpsUrl
  if (config.mode === 'lab') publicUrl = config.http.publicUrl ?? ready.url ?? ready.httpsUrl ?? publicUrl
  const firstOwnerUrl = bound.length > 0 ? await makeSetupUrl(storage, { clock, publicUrl }) : undefined
  if (firstOwnerUrl !== undefined) ready.setupUrl = firstOwnerUrl

  if (listen) {
    startForgetting({ config, storage, clock, log }, stopper)
    if (delivers) {
      startLaneWorkers(
        {
          ...{ config, storage, clock, log, queue, intake, domains, bounceDomain },
          ...{ contactsPart, campaignsPart, webhooksPart },
        },
        stopper,
      )
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
    async idle() {
      await dispatcher?.idle()
      await tracking.recorder.flush()
      await statistics.catchUp()
    },
    stop: stopper.stop,
  }
}
