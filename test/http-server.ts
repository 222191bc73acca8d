/** The HTTP face on a real storage and a real intake; nothing is sent on. For tests of src/http. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createApiKey } from '../src/accounts/api-keys.ts'
import { createAuthenticator } from '../src/accounts/authenticate.ts'
import { createSignIns } from '../src/accounts/sign-in.ts'
import { silentResolver } from '../src/app/absent-parts.ts'
import { createContactsPart } from '../src/app/contacts.ts'
import { createDoorCheck } from '../src/app/sender-check.ts'
import { createWebhooksPart } from '../src/app/webhooks.ts'
import { createRenderer } from '../src/campaigns/render.ts'
import { createRecipientCounts } from '../src/contacts/recipient-counts.ts'
import type { SignUpContext } from '../src/contacts/sign-up.ts'
import { testConnection } from '../src/delivery/test-connection.ts'
import { addDomain } from '../src/domains/domains.ts'
import { createSenderCheck } from '../src/domains/senders.ts'
import type { HttpDependencies } from '../src/http/dependencies.ts'
import {
  createHttpServer,
  type HttpListener,
  type HttpServer,
  type HttpServerOptions,
} from '../src/http/server.ts'
import { createIntake } from '../src/intake/intake.ts'
import type { KeyId } from '../src/mail/ids.ts'
import { createQueue, type Queue } from '../src/queue/queue.ts'
import { createRouter } from '../src/routing/router.ts'
import { type Clock, systemClock } from '../src/runtime/clock.ts'
import { createResolver } from '../src/runtime/dns.ts'
import { type Log, silentLog } from '../src/runtime/log.ts'
import { isLoopback } from '../src/runtime/loopback.ts'
import { createMetrics } from '../src/runtime/metrics.ts'
import type { Seal } from '../src/runtime/seal.ts'
import type { Storage } from '../src/storage/storage.ts'
import type { Tracking } from '../src/tracking/tracking.ts'
import type { WebhooksContext } from '../src/webhooks/context.ts'
import { createTestCampaigns, createTestTracking } from './campaigns-world.ts'
import { createTestDomains, type DomainsWorld } from './domains-world.ts'
import { cleanUp, openTestStorage, storagePlace, storageTest } from './storage.ts'

export const adminToken = 'test-admin-token-test-admin-token'

/** Sealing is not what these tests are about. */
const plainSeal: Seal = { seal: (text) => text, open: (text) => text, derive: () => Buffer.alloc(32) }

export type HttpAnswer = { status: number; headers: Record<string, unknown>; text: string; body: unknown }

export type TestHttp = {
  server: HttpServer
  storage: Storage
  contacts: SignUpContext
  queue: Queue
  keyId: KeyId
  publicKey: string
  secret: string
  /** Basic credentials of the key, and the admin token. */
  basic: string
  bearer: string
  call(request: {
    method?: string
    path: string
    body?: unknown
    headers?: Record<string, string>
  }): Promise<HttpAnswer>
  /** `/v3.1/send` or `/v3/send` with the key; `body` as text goes out as it is. */
  send(body: unknown, options?: { path?: string; headers?: Record<string, string> }): Promise<HttpAnswer>
  tracking: Tracking
  webhooks: WebhooksContext
  /** The world that senders and domains are proved in. */
  world: DomainsWorld
  /** Rows of the table messages. */
  storedMessages(): Promise<{ subject: string; custom_id: string | null; options: string; lane: string }[]>
}

export type TestHttpOptions = {
  listeners?: readonly HttpListener[]
  limits?: HttpServerOptions['limits']
  clock?: Clock
  log?: Log
  lab?: HttpDependencies['lab']
  problems?: HttpDependencies['problems']
  wakeDelivery?: () => void
  /** Where the console's build is; none without it. */
  consoleFolder?: string
}

export async function startTestHttp(
  storage: Storage,
  t: TestContext,
  options: TestHttpOptions = {},
): Promise<TestHttp> {
  const { clock = systemClock, log = silentLog, listeners = [], limits, lab, problems } = options
  const { key, secret } = await createApiKey(storage, { name: 'test', now: clock.now() })
  await addDomain(storage, {
    keyId: key.id,
    name: 'shop.example',
    seal: plainSeal,
    dkim: { bits: 1024 },
    isPublished: true,
    now: clock.now(),
  })
  const senders = createSenderCheck({ storage, clock })
  const router = createRouter({ storage, clock, seal: plainSeal })
  const doorCheck = createDoorCheck({ storage, senders, router })
  const { ctx: domains, world } = createTestDomains(storage, { clock, seal: plainSeal })
  const metrics = createMetrics({ processDefaults: false })
  const intake = createIntake({
    storage,
    clock,
    log,
    handOver: {
      tryReserve: () => false,
      take: () => undefined,
      unreserve: () => undefined,
      wake: () => undefined,
    },
    maySendAs: doorCheck.maySendAs,
    settings: {
      name: 'mail.paravion.example',
      systemKeyId: key.id,
      smtpSenderCheck: 'refuse',
      maxMessageBytes: 26_214_400,
      lifetimeMs: { transactional: 3_600_000, bulk: 3_600_000 },
    },
    metrics,
  })
  const queue = createQueue({ storage, clock, log })
  const { contacts } = createContactsPart({
    ...{ storage, clock, log, intake, suppressionCheck: { forget: () => undefined } },
    publicUrl: () => 'https://mail.paravion.example',
  })
  const tracking = await createTestTracking(storage, { clock })
  const { webhooks } = createWebhooksPart({
    config: {
      ...{ name: 'mail.paravion.example', mode: 'lab' },
      webhooks: { mailDomain: undefined, networks: [], timeoutSeconds: 10, logDays: 7 },
    },
    ...{ resolver: silentResolver, labCa: undefined, storage, clock, log, seal: plainSeal },
  })
  const campaigns = createTestCampaigns(storage, { clock, intake, maySendAs: doorCheck.maySendAs })
  const server = createHttpServer({
    listeners,
    storage,
    clock,
    log,
    metrics,
    intake,
    authenticator: createAuthenticator({ storage, clock }),
    queue,
    wakeDelivery: options.wakeDelivery ?? (() => undefined),
    adminToken,
    signIns: createSignIns({ storage, clock, seal: plainSeal }),
    seal: plainSeal,
    version: '0.0.0-test',
    goLive: async () => [],
    reach: () => ({
      ...{ smtpHost: 'mail.paravion.example', smtpPorts: [{ port: 587, security: 'starttls' as const }] },
      ...{ plainAuthOnLoopback: false, url: null, httpsUrl: 'https://mail.paravion.example', ca: null },
    }),
    consoleFolder: options.consoleFolder ?? fileURLToPath(new URL('no-console', import.meta.url)),
    suppressionCheck: { forget: () => undefined },
    contacts,
    tracking,
    webhooks,
    campaigns,
    recipientCounts: createRecipientCounts({ storage, clock }),
    renderer: createRenderer({ linksFor: tracking.personal.linksFor, now: clock.now }),
    statistics: { fresh: async () => true },
    inbound: { simulate: async () => [] },
    gateway: {
      router,
      seal: plainSeal,
      isHosted: false,
      explainSender: doorCheck.explain,
      destinationOf: async (domain) => ({ kind: 'hosts', hosts: [{ name: `mx.${domain}`, priority: 10 }] }),
      testServer: (server, asked) =>
        testConnection(server, {
          resolver: createResolver({ clock }),
          mayConnect: isLoopback,
          name: 'mail.paravion.example',
          timeoutMs: 10_000,
          ...asked,
        }),
    },
    domains: { ...domains, changed: (change) => forgetSender(senders, change) },
    ...(limits && { limits }),
    ...(lab && { lab }),
    ...(problems && { problems }),
  })
  cleanUp(t, () => server.stop())
  const basic = `Basic ${Buffer.from(`${key.publicKey}:${secret}`).toString('base64')}`

  const call: TestHttp['call'] = async ({ method = 'GET', path, body, headers = {} }) => {
    const answer = await server.inject({
      method,
      url: path,
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const isJson = String(answer.headers['content-type']).includes('json') && answer.body !== ''
    return {
      status: answer.status,
      headers: answer.headers,
      text: answer.body,
      body: isJson ? JSON.parse(answer.body) : undefined,
    }
  }

  return {
    server,
    storage,
    contacts,
    queue,
    keyId: key.id,
    world,
    tracking,
    webhooks,
    publicKey: key.publicKey,
    secret,
    basic,
    bearer: `Bearer ${adminToken}`,
    call,
    send: (body, { path = '/v3.1/send', headers = {} } = {}) =>
      call({
        method: 'POST',
        path,
        body,
        headers: { authorization: basic, 'content-type': 'application/json', ...headers },
      }),
    storedMessages: () =>
      storage.db
        .selectFrom('messages')
        .select(['subject', 'custom_id', 'options', 'lane'])
        .orderBy('id')
        .execute(),
  }
}

function forgetSender(
  senders: ReturnType<typeof createSenderCheck>,
  { keyId, email }: { keyId: KeyId; email?: string },
): void {
  if (email !== undefined) senders.forget(keyId, email)
}

/** Registers a test on SQLite alone: for what does not depend on the database. */
export function httpTest(
  name: string,
  run: (http: TestHttp, t: TestContext) => Promise<void>,
  options: TestHttpOptions = {},
) {
  test(name, async (t) => {
    const storage = await openTestStorage(t, await storagePlace(t, 'sqlite'))
    await run(await startTestHttp(storage, t, options), t)
  })
}

/** The same on both databases. */
export function httpStorageTest(name: string, run: (http: TestHttp, t: TestContext) => Promise<void>) {
  storageTest(name, async (t, storage) => run(await startTestHttp(storage, t), t))
}

export type V31Error = {
  ErrorIdentifier: string
  ErrorCode: string
  StatusCode: number
  ErrorMessage: string
  ErrorRelatedTo?: string[]
}

/** The errors of the only message of an answer, without their random ids, which are checked to be there. */
export function errorsOf(answer: HttpAnswer, index = 0): Omit<V31Error, 'ErrorIdentifier'>[] {
  const { Messages } = answer.body as { Messages: { Status: string; Errors?: V31Error[] }[] }
  const message = Messages[index]
  assert.deepEqual(message && Object.keys(message), ['Status', 'Errors'], answer.text)
  return (message?.Errors ?? []).map(withoutIdentifier)
}

export function withoutIdentifier({ ErrorIdentifier, ...rest }: V31Error): Omit<V31Error, 'ErrorIdentifier'> {
  assert.match(ErrorIdentifier, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  return rest
}
