/** A dispatcher with a server that answers as told, and messages stored as intake stores them. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { createDispatcher } from '../src/delivery/dispatcher.ts'
import type { DispatcherOptions, OutboundWork } from '../src/delivery/outbound.ts'
import { loopbackLimits } from '../src/delivery/site-limits.ts'
import { sizeInMemory } from '../src/intake/hand-over.ts'
import type { DeliveryId, KeyId, MessageId, WorkId } from '../src/mail/ids.ts'
import { createQueue } from '../src/queue/queue.ts'
import { never } from '../src/queue/work.ts'
import { insertWork } from '../src/queue/writes.ts'
import { systemClock } from '../src/runtime/clock.ts'
import type { DnsAnswer, Resolver } from '../src/runtime/dns.ts'
import { silentLog } from '../src/runtime/log.ts'
import type { SigningKey } from '../src/signing/signing-key.ts'
import type { Lane } from '../src/storage/schema.ts'
import { defineInsert, type Storage } from '../src/storage/storage.ts'
import { type Script, startScriptedSmtp } from './scripted-smtp.ts'
import { cleanUp } from './storage.ts'

const signingKey: SigningKey = {
  domain: 'shop.example',
  selector: 'k1',
  algorithm: 'rsa-sha256',
  key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
}

/** Everything resolves to one MX on loopback, but for the names given. */
export function fakeResolver(
  mx: Record<string, DnsAnswer<readonly { priority: number; exchange: string }[]>> = {},
): Resolver {
  return {
    mx: async (domain) =>
      mx[domain] ?? { kind: 'found', records: [{ priority: 10, exchange: `mx.${domain}` }] },
    addresses: async () => ({ kind: 'found', records: { v4: ['127.0.0.1'], v6: [] } }),
    txt: async () => ({ kind: 'none' }),
    ptr: async () => ({ kind: 'none' }),
    tlsa: async () => ({ kind: 'none' }),
  }
}

export async function startWorld(
  t: TestContext,
  storage: Storage,
  script: Script,
  more: Partial<DispatcherOptions> = {},
) {
  const server = await startScriptedSmtp(script)
  cleanUp(t, () => server.close())
  const queue = createQueue({ storage, clock: systemClock, log: silentLog })
  const dispatcher = createDispatcher({
    storage,
    queue,
    clock: systemClock,
    log: silentLog,
    resolver: fakeResolver(),
    signingKeys: async () => [signingKey],
    returnPath: (messageId) => `b+${messageId}@bounce.shop.example`,
    route: () => ({ kind: 'mx', because: [] }),
    mayConnect: () => true,
    metrics: { settled() {}, attempted() {}, connection() {} },
    name: 'out.example',
    port: server.port,
    defaultLimits: loopbackLimits,
    ...more,
  })
  cleanUp(t, () => dispatcher.stop(2_000))
  return { server, queue, dispatcher }
}

const insertMessage = defineInsert('messages', [
  'id',
  'key_id',
  'door',
  'lane',
  'priority',
  'accepted_at',
  'expires_at',
  'envelope_from',
  'from_address',
  'subject',
  'header_message_id',
  'size_bytes',
  'recipient_count',
  'custom_id',
  'event_payload',
  'campaign_id',
  'options',
  'submission_uuid',
])
const insertBody = defineInsert('bodies', ['message_id', 'content'])
const insertDelivery = defineInsert('deliveries', [
  'id',
  'message_id',
  'key_id',
  'work_id',
  'uuid',
  'recipient',
  'recipient_kind',
  'state',
  'class',
  'reply_code',
  'reply_text',
  'attempts',
  'next_attempt_at',
  'updated_at',
  'dsn',
])

export type Given = {
  to?: readonly string[]
  lane?: Lane
  priority?: number
  lifetimeMs?: number
  /** Stored as due instead of leased. */
  due?: boolean
  workAttempts?: number
  subject?: string
  from?: string
  /** Its content is made for its recipient. */
  individual?: boolean
}

/** Stores a message with one work item, as intake does. */
export async function store(storage: Storage, given: Given = {}): Promise<OutboundWork> {
  const {
    to = ['ada@example.net'],
    lane = 'transactional',
    priority = 2,
    due = false,
    subject = 'Hello',
    from = 'hello@shop.example',
  } = given
  const fromAddress = /[^<\s]+@[^>\s]+/.exec(from)?.[0] ?? from
  const firstId = await storage.reserveIds(2 + to.length)
  const id = firstId as MessageId
  const workId = (firstId + 1) as WorkId
  const now = Date.now()
  const content = Buffer.from(`From: ${from}\r\nTo: x@example.net\r\nSubject: ${subject}\r\n\r\nHello\r\n`)
  const recipients = to.map((address, i) => ({
    deliveryId: (firstId + 2 + i) as DeliveryId,
    address,
    attempts: 0,
  }))
  const keyId = 7 as KeyId
  const key = `${to[0]?.split('@')[1]} 7`
  const expiresAt = now + (given.lifetimeMs ?? 3_600_000)
  const attempts = given.workAttempts ?? (due ? 0 : 1)
  await storage.commit({
    writes: [
      insertMessage({
        id,
        key_id: keyId,
        door: 'api',
        lane,
        priority,
        accepted_at: now,
        expires_at: expiresAt,
        envelope_from: '',
        from_address: fromAddress,
        subject,
        header_message_id: '<1@shop.example>',
        size_bytes: content.length,
        recipient_count: to.length,
        custom_id: null,
        event_payload: null,
        campaign_id: null,
        options: given.individual ? '{"individual":true}' : '{}',
        submission_uuid: randomUUID(),
      }),
      insertBody({ message_id: id, content }),
      insertWork({
        id: workId,
        lane,
        key,
        due_at: due ? now : never,
        owner: due ? null : storage.nodeId,
        attempts,
        held_at: null,
        ref: id,
        created_at: now,
      }),
      ...recipients.map(({ deliveryId, address }) =>
        insertDelivery({
          id: deliveryId,
          message_id: id,
          key_id: keyId,
          work_id: workId,
          uuid: randomUUID(),
          recipient: address,
          recipient_kind: 'to',
          state: 'queued',
          class: null,
          reply_code: null,
          reply_text: null,
          attempts: 0,
          next_attempt_at: now,
          updated_at: now,
          dsn: null,
        }),
      ),
    ],
  })
  return {
    id: workId,
    lane,
    key,
    ref: id,
    attempts,
    createdAt: now,
    recipients,
    content,
    message: {
      id,
      keyId,
      lane,
      priority,
      acceptedAt: now,
      expiresAt,
      envelopeFrom: '',
      fromAddress,
      sizeBytes: content.length,
      options: given.individual ? { individual: true } : {},
    },
  }
}

export async function handOver(
  world: Awaited<ReturnType<typeof startWorld>>,
  storage: Storage,
  given: Given = {},
) {
  const work = await store(storage, given)
  assert.equal(world.dispatcher.tryReserve(sizeInMemory(work), 'transactional'), true)
  world.dispatcher.take(work)
  await world.dispatcher.idle()
  return work
}

/** Bounded, so that what never happens is a failure and not a silence. */
export async function until(happened: () => boolean) {
  const deadline = Date.now() + 10_000
  while (!happened()) {
    assert.ok(Date.now() < deadline, 'it did not happen in time')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Each delivery as `state class code attempts`, each event as `kind class`, and whether work is left. */
export async function story(storage: Storage, messageId: MessageId) {
  const deliveries = await storage.db
    .selectFrom('deliveries')
    .selectAll()
    .where('message_id', '=', messageId)
    .orderBy('id')
    .execute()
  const events = await storage.db
    .selectFrom('events')
    .selectAll()
    .where('message_id', '=', messageId)
    .orderBy('id')
    .execute()
  const attempts = await storage.db
    .selectFrom('attempts')
    .selectAll()
    .where('message_id', '=', messageId)
    .orderBy('id')
    .execute()
  const work = await storage.db.selectFrom('work').selectAll().where('ref', '=', messageId).execute()
  return {
    deliveries: deliveries.map((d) => [d.state, d.class, d.reply_code, d.attempts].join(' ')),
    texts: deliveries.map((d) => d.reply_text),
    nextAttempts: deliveries.map((d) => d.next_attempt_at),
    events: events.map((e) => (e.class === null ? e.kind : `${e.kind} ${e.class}`)),
    attempts,
    work: work.map((w) => ({ due: w.due_at, owner: w.owner, attempts: w.attempts })),
  }
}
