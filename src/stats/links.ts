/** Clicks by link: how many messages, how often. */
import { hash } from 'node:crypto'
import type { CampaignId, DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import { defineInsert, defineUpdate, type Storage, type Write } from '../storage/storage.ts'

export type Click = {
  keyId: KeyId
  campaignId: CampaignId | null
  messageId: MessageId
  deliveryId: DeliveryId
  position: number
  url: string
}

const insertLink = defineInsert('stat_links', [
  'source',
  'source_id',
  'link',
  'id',
  'position',
  'url',
  'clicked_messages',
  'clicked_events',
])
const updateLink = defineUpdate(
  'stat_links',
  ['clicked_messages', 'clicked_events'],
  ['source', 'source_id', 'link'],
)
const insertClicked = defineInsert('stat_clicked', ['message_id', 'delivery_id', 'link'])

type Sum = {
  source: 'key' | 'campaign'
  sourceId: number
  link: string
  click: Click
  messages: number
  events: number
}

export async function linkWrites(storage: Storage, clicks: readonly Click[]): Promise<Write[]> {
  if (clicks.length === 0) return []
  const clicked = await readClicked(storage, clicks)
  const writes: Write[] = []
  const sums = new Map<string, Sum>()
  for (const click of clicks) {
    const link = linkOf(click)
    const name = `${click.deliveryId} ${link}`
    const isFirst = !clicked.has(name)
    if (isFirst) {
      clicked.add(name)
      writes.push(insertClicked({ message_id: click.messageId, delivery_id: click.deliveryId, link }))
    }
    for (const [source, sourceId] of [
      ['key', click.keyId],
      ['campaign', click.campaignId],
    ] as const) {
      if (sourceId === null) continue
      const place = `${source} ${sourceId} ${link}`
      const sum = sums.get(place) ?? { source, sourceId, link, click, messages: 0, events: 0 }
      sums.set(place, { ...sum, messages: sum.messages + Number(isFirst), events: sum.events + 1 })
    }
  }
  return [...writes, ...(await sumWrites(storage, [...sums.values()]))]
}

async function sumWrites(storage: Storage, sums: readonly Sum[]): Promise<Write[]> {
  const rows = await storage.db
    .selectFrom('stat_links')
    .select(['source', 'source_id', 'link', 'clicked_messages', 'clicked_events'])
    .where('source', 'in', ['key', 'campaign'])
    .where('source_id', 'in', [...new Set(sums.map(({ sourceId }) => sourceId))])
    .where('link', 'in', [...new Set(sums.map(({ link }) => link))])
    .execute()
  const known = new Map(rows.map((row) => [`${row.source} ${row.source_id} ${row.link}`, row]))
  const firstId = await storage.reserveIds(sums.length)
  return sums.map(({ source, sourceId, link, click, messages, events }, i) => {
    const before = known.get(`${source} ${sourceId} ${link}`)
    const counts = {
      clicked_messages: messages + (before?.clicked_messages ?? 0),
      clicked_events: events + (before?.clicked_events ?? 0),
    }
    const place = { source, source_id: sourceId, link }
    return before === undefined
      ? insertLink({ ...place, ...counts, id: firstId + i, position: click.position, url: click.url })
      : updateLink({ ...place, ...counts })
  })
}

async function readClicked({ db }: Storage, clicks: readonly Click[]): Promise<Set<string>> {
  const rows = await db
    .selectFrom('stat_clicked')
    .select(['delivery_id', 'link'])
    .where('message_id', 'in', [...new Set(clicks.map(({ messageId }) => messageId))])
    .execute()
  return new Set(rows.map((row) => `${row.delivery_id} ${row.link}`))
}

/** What names a link among the counts. */
export function linkOf({ position, url }: Pick<Click, 'position' | 'url'>): string {
  return hash('sha256', `${position} ${url}`, 'hex').slice(0, 32)
}
