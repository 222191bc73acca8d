/**
 * Turns events into calls, each exactly once: the calls and how far the events have been read stand in one commit, which
 * stands only if nobody has come further meanwhile. Keys without webhooks cost nothing.
 */
import type { KeyId, WebhookId } from '../mail/ids.ts'
import { defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import { callSoon, type NewCall, oweCalls } from './calls.ts'
import type { WebhooksContext } from './context.ts'
import { readToldEvents, type ToldEvent } from './read-events.ts'
import { isEventTopic } from './topics.ts'

/** Small enough that a step neither keeps mail waiting nor fills the memory. */
const eventsPerStep = 200
/** Of a call with several events. */
const eventsPerCall = 100

const setProgress = defineUpdate('webhook_progress', ['last_id'], ['name', 'last_id'])

type TellParts = Pick<WebhooksContext, 'storage' | 'clock' | 'format' | 'wakeCalls'>

type Callback = {
  id: WebhookId
  keyId: KeyId
  topic: string
  isBackup: boolean
  version: 1 | 2
  isAlive: boolean
  afterEventId: number
}

/** One step. `isMore`: there are more at once. */
export async function tellEvents(
  { storage, clock, format, wakeCalls }: TellParts,
  { limit = eventsPerStep }: { limit?: number } = {},
): Promise<{ calls: number; isMore: boolean }> {
  const callbacks = await readCallbacks(storage)
  if (callbacks.length === 0) return { calls: 0, isMore: false }
  const from = await readProgress(storage)
  // Before the first of them was there, nothing is anybody's business.
  const after = Math.max(from, Math.min(...callbacks.map(({ afterEventId }) => afterEventId)))
  const upTo = await storage.settledEventId(from)
  if (upTo <= after) return { calls: 0, isMore: false }
  const { events, reached, isMore } = await readToldEvents(storage.db, {
    after,
    upTo,
    limit,
    keyIds: [...new Set(callbacks.map(({ keyId }) => keyId))],
    topics: new Set(callbacks.map(({ topic }) => topic)),
  })
  const told = new Map<Callback, ToldEvent[]>()
  for (const event of events) {
    const callback = chooseCallback(callbacks, event)
    if (callback !== undefined) told.set(callback, [...(told.get(callback) ?? []), event])
  }
  const calls = [...told].flatMap(([callback, ofCallback]) => callsOf(callback, ofCallback, format))
  const now = clock.now()
  const firstId = calls.length === 0 ? 0 : await storage.reserveIds(calls.length)
  const writes = calls.length === 0 ? [] : oweCalls(calls, { firstId, now })
  const result = await storage.commit({ guards: [progress(from, reached)], writes, isPatient: true })
  if (result === 'lost') return { calls: 0, isMore: true }
  if (calls.length > 0) {
    await callSoon(
      storage.db,
      [...told.keys()].map(({ id }) => id),
      now,
    )
    wakeCalls()
  }
  return { calls: calls.length, isMore }
}

/** The one of its topic; while that is dead, its backup. */
function chooseCallback(callbacks: readonly Callback[], event: ToldEvent): Callback | undefined {
  const ofTopic = callbacks.filter(({ keyId, topic }) => keyId === event.keyId && topic === event.topic)
  const first = ofTopic.find(({ isBackup }) => !isBackup)
  const chosen = first?.isAlive === false ? ofTopic.find(({ isBackup }) => isBackup) : first
  return chosen?.isAlive && event.id > chosen.afterEventId ? chosen : undefined
}

/** How the events of one webhook are told: one by one, or many at a time. */
export function callsOf(
  { id, version }: { id: WebhookId; version: 1 | 2 },
  events: readonly ToldEvent[],
  format: WebhooksContext['format'],
  { isReplay = false }: { isReplay?: boolean } = {},
): NewCall[] {
  if (version === 1) {
    return events.map((event) => ({
      webhookId: id,
      content: { body: JSON.stringify(format.event(event)), events: 1 },
      isReplay,
      since: event.at,
    }))
  }
  const calls: NewCall[] = []
  for (let start = 0; start < events.length; start += eventsPerCall) {
    const part = events.slice(start, start + eventsPerCall)
    const body = JSON.stringify(part.map((event) => format.event(event)))
    const since = Math.min(...part.map(({ at }) => at))
    calls.push({ webhookId: id, content: { body, events: part.length }, isReplay, since })
  }
  return calls
}

async function readCallbacks({ db }: Storage): Promise<Callback[]> {
  const rows = await db
    .selectFrom('webhooks')
    .select(['id', 'key_id', 'topic', 'is_backup', 'version', 'state', 'after_event_id'])
    .where('kind', '=', 'events')
    .execute()
  return rows
    .filter(({ topic }) => isEventTopic(topic))
    .map((row) => ({
      id: row.id,
      keyId: row.key_id,
      topic: row.topic,
      isBackup: row.is_backup === 1,
      version: row.version,
      isAlive: row.state === 'alive',
      afterEventId: row.after_event_id,
    }))
}

async function readProgress({ db }: Storage): Promise<number> {
  const row = await db
    .selectFrom('webhook_progress')
    .select('last_id')
    .where('name', '=', 'events')
    .executeTakeFirstOrThrow()
  return Number(row.last_id)
}

function progress(from: number, to: number): Write {
  // It stands on both sides: it must be where we began, and becomes where we are.
  const { statement } = setProgress({ name: 'events', last_id: to })
  return { statement, values: [to, 'events', from] }
}
