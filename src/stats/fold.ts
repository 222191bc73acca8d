/**
 * Counts events, each exactly once: the new counts and how far they have come are written in one commit, which stands
 * only if nobody has come further meanwhile. A crash before it has counted nothing, one after it has counted all.
 */
import { type Activity, activityWrites } from '../contacts/activity.ts'
import type { KeyId } from '../mail/ids.ts'
import { defineInsert, defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import type { StatSource } from '../storage/tables/statistics.ts'
import { readAgent } from './agent.ts'
import { countEvent, isWorthKeeping, type Mark, noMark } from './count-event.ts'
import { type Counters, createCounters } from './counters.ts'
import { espOf } from './esp.ts'
import { type Click, linkWrites } from './links.ts'
import type { Delta } from './metrics.ts'
import { type EventRow, type KnownMark, readEvents, readMarks } from './read-events.ts'

/** Small enough that a step neither keeps mail waiting nor fills the memory. */
export const eventsPerStep = 200

const setProgress = defineUpdate('stat_progress', ['last_id'], ['name', 'last_id'])
const insertMark = defineInsert('stat_deliveries', [
  'delivery_id',
  'message_id',
  'key_id',
  'counted_as',
  'opened_at',
  'clicked_at',
  'unsubscribed_at',
  'complained_at',
  'opens',
  'clicks',
])
const updateMark = defineUpdate(
  'stat_deliveries',
  ['counted_as', 'opened_at', 'clicked_at', 'unsubscribed_at', 'complained_at', 'opens', 'clicks'],
  ['delivery_id'],
)

/** What has to be known beside the events. */
export type Lookups = {
  /** The sender that an author belongs to. */
  senderOf(keyId: KeyId, fromAddress: string): Promise<number | undefined>
  /** Whether it is one of the key's lists: a message may name any number. */
  hasList(keyId: KeyId, listId: number): Promise<boolean>
}

/** One step; how many events it took: less than a full step means that there are no more for now. */
export async function foldEvents(
  storage: Storage,
  { lookups, limit = eventsPerStep }: { lookups: Lookups; limit?: number },
): Promise<{ counted: number; isMore: boolean }> {
  const after = await readProgress(storage)
  const upTo = await storage.settledEventId(after)
  if (upTo <= after) return { counted: 0, isMore: false }
  const events = await readEvents(storage, { after, upTo, limit })
  const isMore = events.length === limit
  const reached = isMore ? (events.at(-1)?.id ?? upTo) : upTo
  const marks = await readMarks(storage, events)
  const before = new Map(marks)
  const counters = createCounters()
  const clicks: Click[] = []
  const activities: Activity[] = []
  for (const event of events) await count(event, { marks, counters, clicks, activities, lookups })
  const writes = [
    ...(await counters.writes(storage)),
    ...markWrites(events, marks, before),
    ...(await linkWrites(storage, clicks)),
    ...(await activityWrites(storage, activities)),
    // By statement, so that PostgreSQL runs few for all of them.
  ].toSorted((a, b) => a.statement.index - b.statement.index)
  const result = await storage.commit({ guards: [progress(after, reached)], writes, isPatient: true })
  return { counted: result === 'applied' ? events.length : 0, isMore: isMore || result === 'lost' }
}

/** What people did, and that mail reached them; machines are nobody. */
function signOf({ kind, class: machine }: EventRow): Activity['sign'] {
  if (kind === 'delivered' || kind === 'unsubscribed') return kind
  return (kind === 'opened' || kind === 'clicked') && machine === null ? kind : undefined
}

export async function readProgress({ db }: Pick<Storage, 'db'>): Promise<number> {
  const row = await db
    .selectFrom('stat_progress')
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

async function count(
  event: EventRow,
  {
    marks,
    counters,
    clicks,
    activities,
    lookups,
  }: {
    marks: Map<number, KnownMark>
    counters: Counters
    clicks: Click[]
    activities: Activity[]
    lookups: Lookups
  },
): Promise<void> {
  const { keyId, campaignId, deliveryId, at } = event
  const known = deliveryId === null ? undefined : marks.get(deliveryId)
  const mark: Mark = known?.mark ?? noMark
  const acceptedAt = event.acceptedAt ?? at
  const counted = countEvent(
    {
      kind: event.kind,
      at,
      class: event.class,
      acceptedAt,
      recipients: deliveryId === null ? (event.recipients ?? 0) : 1,
    },
    mark,
  )
  if (counted.mark !== undefined && known !== undefined && deliveryId !== null) {
    marks.set(deliveryId, { ...known, mark: counted.mark })
  }
  const listId = event.listId !== null && (await lookups.hasList(keyId, event.listId)) ? event.listId : null
  if (event.recipient !== null) {
    const { recipient } = event
    const sign = signOf(event)
    activities.push({ keyId, recipient, at, acceptedAt, listId, sign, change: counted.message })
  }
  if (isEmpty(counted.message)) return
  const both = (source: 'key' | 'campaign', sourceId: number) => {
    counters.addSeries({ source, sourceId, timing: 'message', time: acceptedAt }, counted.message, at)
    counters.addSeries({ source, sourceId, timing: 'event', time: at }, counted.event, at)
  }
  both('key', keyId)
  const provider = event.recipient === null ? undefined : espOf(event.recipient)
  const ofProvider = (source: StatSource, sourceId: number) => {
    // Ordinary mail is accepted as a whole, before it is known where: what was accepted is counted for no provider.
    const { processed: _, ...delta } = counted.message
    if (provider !== undefined) counters.addTotal({ source, sourceId, detail: provider }, delta, at)
  }
  ofProvider('key-esp', keyId)
  if (campaignId !== null) {
    both('campaign', campaignId)
    ofProvider('campaign-esp', campaignId)
  }
  if (listId !== null)
    counters.addTotal({ source: 'list', sourceId: listId, detail: '' }, counted.message, at)
  const senderId = event.fromAddress === null ? undefined : await lookups.senderOf(keyId, event.fromAddress)
  if (senderId !== undefined) {
    const place = { source: 'sender', sourceId: senderId, timing: 'message', time: acceptedAt } as const
    counters.addSeries(place, counted.message, at)
  }
  if (event.class === null && (event.kind === 'opened' || event.kind === 'clicked')) {
    countVisit(event, counted.message, { counters, clicks })
  }
}

/** What a person did, by where they were and with which program. */
function countVisit(
  event: EventRow,
  delta: Delta,
  { counters, clicks }: { counters: Counters; clicks: Click[] },
): void {
  const { keyId, campaignId, messageId, deliveryId, at, agent, country } = event
  const add = (what: 'agent' | 'country', detail: string) => {
    counters.addTotal({ source: `key-${what}`, sourceId: keyId, detail }, delta, at)
    if (campaignId !== null) {
      counters.addTotal({ source: `campaign-${what}`, sourceId: campaignId, detail }, delta, at)
    }
  }
  if (agent) {
    const { platform, name } = readAgent(agent)
    add('agent', `${platform}\t${name}`)
  }
  if (country) add('country', country)
  if (event.kind === 'clicked' && deliveryId !== null) {
    const { url, position } = event
    clicks.push({ keyId, campaignId, messageId, deliveryId, url: url ?? '', position: position ?? 0 })
  }
}

function markWrites(
  events: readonly EventRow[],
  marks: ReadonlyMap<number, KnownMark>,
  before: ReadonlyMap<number, KnownMark>,
): Write[] {
  const writes: Write[] = []
  const done = new Set<number>()
  for (const { deliveryId, messageId, keyId } of events) {
    if (deliveryId === null || done.has(deliveryId)) continue
    done.add(deliveryId)
    const known = marks.get(deliveryId)
    if (known === undefined || known === before.get(deliveryId)) continue
    const { mark, isStored } = known
    if (!isStored && !isWorthKeeping(mark)) continue
    const row = {
      delivery_id: deliveryId,
      message_id: messageId,
      key_id: keyId,
      counted_as: mark.countedAs,
      opened_at: mark.openedAt,
      clicked_at: mark.clickedAt,
      unsubscribed_at: mark.unsubscribedAt,
      complained_at: mark.complainedAt,
      opens: mark.opens,
      clicks: mark.clicks,
    }
    writes.push(isStored ? updateMark(row) : insertMark(row))
  }
  return writes
}

function isEmpty(delta: Delta): boolean {
  for (const _name in delta) return false
  return true
}
