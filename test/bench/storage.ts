/**
 * How fast the storage alone takes messages, on both databases: each is accepted in one commit (message, 5 KB body,
 * delivery, work, event) and settled in another (lease, delivery, attempt with transcript, event). Prints JSON lines.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttemptId, DeliveryId, KeyId, MessageId, WorkId } from '../../src/mail/ids.ts'
import { never } from '../../src/queue/work.ts'
import { guardLease, insertWork } from '../../src/queue/writes.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { openStorage, type StoragePlace } from '../../src/storage/open.ts'
import { defineInsert, defineUpdate, type Storage } from '../../src/storage/storage.ts'
import { postgresMissing, startPostgres } from '../postgres.ts'

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
const settleDelivery = defineUpdate(
  'deliveries',
  ['state', 'class', 'reply_code', 'reply_text', 'attempts', 'next_attempt_at', 'updated_at'],
  ['id'],
)
const insertAttempt = defineInsert('attempts', [
  'id',
  'message_id',
  'work_id',
  'at',
  'duration_ms',
  'host',
  'address',
  'tls',
  'transcript',
])
const insertEvent = defineInsert('events', [
  'message_id',
  'delivery_id',
  'key_id',
  'kind',
  'at',
  'attempt_id',
  'class',
  'detail',
])

const keyId = 7 as KeyId
const content = Buffer.alloc(5_000, 'Subject: hello\r\n')
const transcript = 'S: 250 2.0.0 Ok: queued\nC: MAIL FROM:<hello@shop.example> SIZE=5000\n'.repeat(9)

async function sendOne(storage: Storage) {
  const first = await storage.reserveIds(4)
  const messageId = first as MessageId
  const deliveryId = (first + 1) as DeliveryId
  const workId = (first + 2) as WorkId
  const attemptId = (first + 3) as AttemptId
  const now = Date.now()
  const event = { message_id: messageId, key_id: keyId, at: now, class: null }
  await storage.commit({
    writes: [
      insertMessage({
        id: messageId,
        key_id: keyId,
        door: 'smtp',
        lane: 'transactional',
        priority: 2,
        accepted_at: now,
        expires_at: now + 259_200_000,
        envelope_from: 'hello@shop.example',
        from_address: 'hello@shop.example',
        subject: 'Your order 4711 is on its way',
        header_message_id: `<${first}@shop.example>`,
        size_bytes: content.length,
        recipient_count: 1,
        custom_id: null,
        event_payload: null,
        campaign_id: null,
        options: '{}',
        submission_uuid: randomUUID(),
      }),
      insertBody({ message_id: messageId, content }),
      insertEvent({ ...event, delivery_id: null, kind: 'accepted', attempt_id: null, detail: null }),
      insertDelivery({
        id: deliveryId,
        message_id: messageId,
        key_id: keyId,
        work_id: workId,
        uuid: randomUUID(),
        recipient: 'someone@example.com',
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
      insertWork({
        id: workId,
        lane: 'transactional',
        key: 'example.com 7',
        due_at: never,
        owner: storage.nodeId,
        attempts: 1,
        held_at: null,
        ref: messageId,
        created_at: now,
      }),
    ],
  })
  const detail = '250 2.0.0 Ok: queued as 4711'
  await storage.commit({
    guards: [guardLease({ id: workId, owner: storage.nodeId })],
    writes: [
      settleDelivery({
        id: deliveryId,
        state: 'delivered',
        class: null,
        reply_code: 250,
        reply_text: detail,
        attempts: 1,
        next_attempt_at: null,
        updated_at: now,
      }),
      insertAttempt({
        id: attemptId,
        message_id: messageId,
        work_id: workId,
        at: now,
        duration_ms: 12,
        host: 'mx.example.com',
        address: '127.0.0.1:25',
        tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384 unverified',
        transcript,
      }),
      insertEvent({ ...event, delivery_id: deliveryId, kind: 'delivered', attempt_id: attemptId, detail }),
    ],
  })
}

async function measure(storage: Storage, concurrency: number, durationMs: number) {
  let messages = 0
  const cpu = process.cpuUsage()
  const start = performance.now()
  const end = start + durationMs
  const client = async () => {
    while (performance.now() < end) {
      await sendOne(storage)
      messages++
    }
  }
  await Promise.all(Array.from({ length: concurrency }, client))
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return {
    workload: 'storage',
    database: storage.kind,
    concurrency,
    messagesPerSecond: Math.round(messages / seconds),
    commitsPerSecond: Math.round((2 * messages) / seconds),
    nodeCpuMicrosPerMessage: Math.round((user + system) / messages),
    residentMB: Math.round(process.memoryUsage.rss() / 1e6),
  }
}

async function measureOn(place: StoragePlace) {
  const storage = await openStorage({ ...place, log: silentLog, clock: systemClock })
  await measure(storage, 20, 500)
  for (const concurrency of [1, 20, 100]) {
    console.log(JSON.stringify(await measure(storage, concurrency, 3_000)))
  }
  await storage.stop()
}

const folder = mkdtempSync(join(tmpdir(), 'paravion-bench-'))
try {
  await measureOn({ kind: 'sqlite', folder })
} finally {
  rmSync(folder, { recursive: true })
}
if (postgresMissing === undefined) {
  const server = await startPostgres({ isDurable: true })
  try {
    const { url } = await server.createDatabase()
    await measureOn({ kind: 'postgres', url })
  } finally {
    await server.stop()
  }
}
