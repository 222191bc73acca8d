/** The whole program for a scenario: lab world, free ports, a data folder of its own, on either database. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type RunningApp, startApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { type Clock, systemClock } from '../src/runtime/clock.ts'
import { silentLog } from '../src/runtime/log.ts'
import type { StoragePlace } from '../src/storage/open.ts'
import { postgresMissing } from './postgres.ts'
import { cleanUp, storagePlace, temporaryFolder } from './storage.ts'

export type TestApp = RunningApp & {
  /** The first API key with its secret. */
  credentials: { apiKey: string; secretKey: string }
  /** A Mailjet call with the first key, over real HTTP. */
  mailjet(method: string, path: string, body?: unknown): Promise<Answer>
  /** A call of the admin API. */
  admin(method: string, path: string, body?: unknown): Promise<Answer>
  /** Sends through v3.1 and returns the ids; fails the test when it is not accepted. */
  send(message: {
    from?: string
    to: string
    subject?: string
    text?: string
  }): Promise<{ messageId: number }>
  /** What the lab's inbox holds for that recipient, waiting up to 10 s for the first. */
  received(to: string): Promise<LabMessage[]>
  /** Kinds of the events of a message, oldest first. */
  eventKinds(messageId: number): Promise<string[]>
}

export type Answer = { status: number; headers: Headers; body: unknown; text: string }

export type LabMessage = {
  id: number
  from: string
  to: string
  subject: string
  dkim: string
  spf: string
  dmarc: string
  tls: string
}

export type TestAppOptions = { env?: Record<string, string>; clock?: Clock; folder?: string }

/** Registers a scenario on SQLite and on PostgreSQL. */
export function scenario(
  name: string,
  run: (t: TestContext, app: TestApp) => Promise<void>,
  options: TestAppOptions = {},
) {
  for (const kind of ['sqlite', 'postgres'] as const) {
    const skip = kind === 'postgres' && postgresMissing !== undefined ? postgresMissing : false
    test(`${name} (${kind})`, { skip }, async (t) => {
      await run(t, await startTestApp(t, kind, options))
    })
  }
}

export async function startTestApp(
  t: TestContext,
  kind: 'sqlite' | 'postgres' = 'sqlite',
  { env = {}, clock = systemClock, folder }: TestAppOptions = {},
): Promise<TestApp> {
  const place: StoragePlace =
    kind === 'sqlite' && folder !== undefined ? { kind, folder } : await storagePlace(t, kind)
  const data = folder ?? (place.kind === 'sqlite' ? place.folder : temporaryFolder(t))
  const loaded = loadConfig({
    env: {
      PARAVION_DATA: data,
      PARAVION_PORTS: 'free',
      // Smaller keys are made faster; what is signed and checked is the same.
      PARAVION_DKIM_BITS: '1024',
      ...(place.kind === 'postgres' && { PARAVION_DATABASE_URL: place.url }),
      ...env,
    },
    readFile: () => undefined,
    folder: data,
  })
  assert.equal(loaded.kind, 'loaded', JSON.stringify(loaded))
  const app = await startApp({ config: loaded.config, log: silentLog, clock })
  cleanUp(t, () => app.stop())
  const credentials = { apiKey: app.ready.apiKey, secretKey: app.ready.secretKey ?? '' }
  const { url = '' } = app.ready

  const admin: TestApp['admin'] = (method, path, body) =>
    call(url + path, method, `Bearer ${app.adminToken}`, body)
  const mailjet: TestApp['mailjet'] = (method, path, body) => {
    const login = Buffer.from(`${credentials.apiKey}:${credentials.secretKey}`).toString('base64')
    return call(url + path, method, `Basic ${login}`, body)
  }

  return {
    ...app,
    credentials,
    admin,
    mailjet,

    async send({ from = app.ready.from, to, subject = 'Hello', text = 'It works.' }) {
      const answer = await mailjet('POST', '/v3.1/send', {
        Messages: [{ From: { Email: from }, To: [{ Email: to }], Subject: subject, TextPart: text }],
      })
      assert.equal(answer.status, 200, answer.text)
      const { Messages } = answer.body as { Messages: { To: { MessageID: number }[] }[] }
      const messageId = Messages[0]?.To[0]?.MessageID
      assert.ok(messageId !== undefined)
      return { messageId }
    },

    async received(to) {
      const answer = await admin('GET', `/api/lab/inbox?to=${encodeURIComponent(to)}&waitMs=10000`)
      assert.equal(answer.status, 200, answer.text)
      return (answer.body as { messages: LabMessage[] }).messages
    },

    async eventKinds(messageId) {
      const answer = await admin('GET', `/api/messages/${messageId}`)
      assert.equal(answer.status, 200, answer.text)
      return (answer.body as { story: { events: { kind: string }[] } }).story.events.map(
        (event) => event.kind,
      )
    },
  }
}

async function call(url: string, method: string, authorization: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') && text !== ''
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : undefined,
    text,
  }
}
