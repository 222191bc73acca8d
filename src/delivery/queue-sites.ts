/** What waits, by the domain it is for: how much, since when, until when, and what the other side said last. */

import { domainToUnicode } from 'node:url'
import { type Kysely, sql } from 'kysely'
import type { Instant, Schema } from '../storage/schema.ts'

export type WaitingSite = {
  /** Domain of the recipients, A-label form. */
  domain: string
  /** For people. */
  name: string
  /** Units of work: a message for up to 50 recipients of the domain. */
  due: number
  waiting: number
  sending: number
  held: number
  oldestAt: Instant
  /** Of what waits; null when nothing does. */
  nextAttemptAt: Instant | null
  /** Of the unit that has waited longest. */
  lastReply: string | null
}

const maxSites = 200

const lanes = ['transactional', 'bulk'] as const

/** The domains with the most waiting work first, at most 200. */
export async function listWaitingSites(
  db: Kysely<Schema>,
  { now }: { now: Instant },
): Promise<WaitingSite[]> {
  const groups = await db
    .selectFrom('work')
    .select((of) => [
      'key',
      sql<number>`sum(case when owner is not null then 1 else 0 end)`.as('sending'),
      sql<number>`sum(case when owner is null and held_at is not null then 1 else 0 end)`.as('held'),
      sql<number>`sum(case when owner is null and held_at is null and due_at <= ${now} then 1 else 0 end)`.as(
        'due',
      ),
      sql<number>`sum(case when owner is null and held_at is null and due_at > ${now} then 1 else 0 end)`.as(
        'waiting',
      ),
      sql<
        number | null
      >`min(case when owner is null and held_at is null and due_at > ${now} then due_at end)`.as('next_at'),
      of.fn.min('created_at').as('oldest_at'),
      of.fn.min('id').as('oldest_id'),
    ])
    .where('lane', 'in', [...lanes])
    .groupBy('key')
    .execute()

  const sites = new Map<string, Omit<WaitingSite, 'name' | 'lastReply'> & { oldestId: number }>()
  for (const group of groups) {
    const [domain = ''] = group.key.split(' ', 1)
    const nextAt = group.next_at === null ? null : Number(group.next_at)
    const site = sites.get(domain)
    const oldest = { oldestAt: Number(group.oldest_at), oldestId: Number(group.oldest_id) }
    if (site === undefined) {
      sites.set(domain, {
        domain,
        ...{ due: Number(group.due), waiting: Number(group.waiting) },
        ...{ sending: Number(group.sending), held: Number(group.held) },
        nextAttemptAt: nextAt,
        ...oldest,
      })
      continue
    }
    site.due += Number(group.due)
    site.waiting += Number(group.waiting)
    site.sending += Number(group.sending)
    site.held += Number(group.held)
    if (oldest.oldestAt < site.oldestAt) Object.assign(site, oldest)
    if (nextAt !== null) site.nextAttemptAt = Math.min(site.nextAttemptAt ?? nextAt, nextAt)
  }
  const size = (site: { due: number; waiting: number; sending: number; held: number }) =>
    site.due + site.waiting + site.sending + site.held
  const largest = [...sites.values()].toSorted((a, b) => size(b) - size(a)).slice(0, maxSites)
  const replies = await lastReplies(
    db,
    largest.map(({ oldestId }) => oldestId),
  )
  return largest.map(({ oldestId, ...site }) => ({
    ...site,
    name: domainToUnicode(site.domain) || site.domain,
    lastReply: replies.get(oldestId) ?? null,
  }))
}

async function lastReplies(db: Kysely<Schema>, workIds: readonly number[]): Promise<Map<number, string>> {
  if (workIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('work')
    .innerJoin('deliveries', (join) =>
      join.onRef('deliveries.message_id', '=', 'work.ref').onRef('deliveries.work_id', '=', 'work.id'),
    )
    .select(['work.id', 'deliveries.reply_text'])
    .where(sql<number>`work.id`, 'in', workIds)
    .where('deliveries.reply_text', 'is not', null)
    .execute()
  return new Map(
    rows.flatMap((row) => (row.reply_text === null ? [] : [[Number(row.id), row.reply_text] as const])),
  )
}
