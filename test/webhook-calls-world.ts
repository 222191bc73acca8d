/** Webhooks on a storage with a clock of their own, and messages to which things happen. */
import { recordEvent } from '../src/events/record.ts'
import type { AccountId, AttemptId, DeliveryId, InboxId, KeyId, MessageId, WorkId } from '../src/mail/ids.ts'
import { createQueue, type Queue } from '../src/queue/queue.ts'
import type { Clock } from '../src/runtime/clock.ts'
import { silentLog } from '../src/runtime/log.ts'
import type { EventKind } from '../src/storage/schema.ts'
import type { Storage } from '../src/storage/storage.ts'
import { addCallback, type CallbackInput } from '../src/webhooks/callbacks.ts'
import { callLane } from '../src/webhooks/calls.ts'
import type { WebhooksContext } from '../src/webhooks/context.ts'
import { openHook } from '../src/webhooks/post-body.ts'
import { runCalls } from '../src/webhooks/run-calls.ts'
import { tellEvents } from '../src/webhooks/tell-events.ts'
import { countWaiting } from '../src/webhooks/waiting.ts'
import { findWebhook, selectWebhooks, type Webhook } from '../src/webhooks/webhooks.ts'
import { createTestWebhooks, type Receiver } from './webhooks-world.ts'

export const accountId = 1 as AccountId
export const keyId = 7 as KeyId
export const otherKey = 8 as KeyId
export const start = Date.UTC(2026, 0, 2)
export const minute = 60_000
export const hour = 60 * minute

export type World = {
  ctx: WebhooksContext
  queue: Queue
  clock: Clock & { time: number }
  /** Adds a webhook at the receiver. */
  add(input?: Partial<CallbackInput> & { keyId?: KeyId }): Promise<Webhook>
  /** Tells what happened, and makes the calls that are due. */
  work(): Promise<void>
  state(hook: Webhook): Promise<Webhook & { waiting: number }>
}

/** `changed`: in place of what is otherwise in the context. */
export function createWorld(
  storage: Storage,
  receiver: Receiver,
  changed: Partial<WebhooksContext> = {},
): World {
  const clock = { time: start, now: () => clock.time, sleep: async () => {} }
  const ctx = { ...createTestWebhooks(storage, { clock }), ...changed }
  const queue = createQueue({ storage, clock, log: silentLog })

  async function run(): Promise<boolean> {
    const works = await queue.claim({ lane: callLane, maxItems: 10, maxPerKey: 1 })
    for (const work of works) {
      const [row] = await selectWebhooks(storage.db, { id: work.ref as Webhook['id'] }).execute()
      const hook = row && openHook(ctx, row)
      const signal = new AbortController().signal
      await runCalls({ ...ctx, takeRoom: async () => () => undefined }, { work, hook, signal })
    }
    return works.length > 0
  }

  return {
    ctx,
    queue,
    clock,
    async add({ keyId: ofKey = keyId, ...input } = {}) {
      const callback = { keyId: ofKey, topic: 'delivered', url: `${receiver.url}/a`, ...input }
      return (await addCallback(ctx, callback)).webhook
    },
    async work() {
      while ((await tellEvents(ctx)).isMore);
      while (await run());
    },
    async state({ id }) {
      const waiting = await countWaiting(storage, [id])
      return { ...(await findWebhook(ctx, { id })), waiting: waiting.get(id) ?? 0 }
    },
  }
}

export async function addMessage(storage: Storage, id: number, ofKey = keyId): Promise<void> {
  await storage.db
    .insertInto('messages')
    .values({
      id: id as MessageId,
      key_id: ofKey,
      door: 'api',
      lane: 'bulk',
      priority: 2,
      accepted_at: start,
      expires_at: start,
      envelope_from: '',
      from_address: 'news@shop.example',
      subject: '',
      header_message_id: `<${id}@shop.example>`,
      size_bytes: 1,
      recipient_count: 1,
      custom_id: `C-${id}`,
      event_payload: null,
      campaign_id: null,
      options: '{}',
      submission_uuid: '',
    })
    .execute()
  await storage.db
    .insertInto('deliveries')
    .values({
      id: id as DeliveryId,
      message_id: id as MessageId,
      key_id: ofKey,
      work_id: 0 as WorkId,
      uuid: `uuid-${id}`,
      recipient: `r${id}@client.example`,
      recipient_kind: 'to',
      state: 'delivered',
      class: null,
      reply_code: null,
      reply_text: null,
      attempts: 1,
      next_attempt_at: null,
      updated_at: start,
      dsn: null,
    })
    .execute()
}

export async function happen(
  storage: Storage,
  id: number,
  {
    kind = 'delivered',
    at = start,
    eventClass = null,
    ofKey = keyId,
    isTried = true,
  }: { kind?: EventKind; at?: number; eventClass?: string | null; ofKey?: KeyId; isTried?: boolean } = {},
): Promise<void> {
  const event = recordEvent({
    message_id: id as MessageId,
    delivery_id: id as DeliveryId,
    key_id: ofKey,
    kind,
    at,
    attempt_id: isTried ? (1 as AttemptId) : null,
    class: eventClass,
    detail: '250 Ok',
  })
  await storage.commit({ writes: [event] })
}

/** Messages 101, 102, … each delivered. */
export async function deliver(storage: Storage, count: number, from = 101): Promise<void> {
  for (let id = from; id < from + count; id++) {
    await addMessage(storage, id)
    await happen(storage, id)
  }
}

export function idsOf(receiver: Receiver): unknown[] {
  return receiver.received
    .flatMap(({ body }) => (Array.isArray(body) ? body : [body]))
    .map((one) => one.MessageID)
}

/** Mail that came for a webhook's address at that time; `oweMail` owes it. */
export async function addMail(
  storage: Storage,
  {
    id,
    to,
    at = start,
    header = 'From: ann@client.example',
  }: { id: number; to: string; at?: number; header?: string },
): Promise<InboxId> {
  const inboxId = id as InboxId
  const raw = Buffer.from(`${header}\r\nSubject: Mail ${id}\r\n\r\nHello`)
  await storage.db
    .insertInto('inbox')
    .values({
      id: inboxId,
      account_id: accountId,
      received_at: at,
      envelope_from: 'ann@client.example',
      recipients: to,
      sender: 'ann@client.example',
      subject: `Mail ${id}`,
      header_message_id: `<${id}@client.example>`,
      taken_id: `<${id}@client.example> ${to}`,
      size_bytes: raw.length,
      spf: 'pass',
      dkim: 'pass',
      dmarc: 'pass',
      client: 'test',
      outcome: 'parse',
      because: '[]',
      answered_to: null,
    })
    .execute()
  await storage.db.insertInto('inbox_bodies').values({ inbox_id: inboxId, content: raw }).execute()
  return inboxId
}

/** Keys of one account, to whom its mail belongs. */
export async function addKeys(storage: Storage, keyIds: readonly KeyId[]): Promise<void> {
  const rows = keyIds.map((id) => ({
    id,
    account_id: accountId,
    name: '',
    public_key: String(id).padStart(32, '0'),
    secret_hash: '',
    is_master: 0 as const,
    is_active: 1 as const,
    created_at: start,
    rotated_at: null,
  }))
  await storage.db.insertInto('api_keys').values(rows).execute()
}
