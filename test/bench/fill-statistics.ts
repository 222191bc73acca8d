/** A database as ten million events leave it, and events that are still to be counted. */
import type { Insertable } from 'kysely'
import { recordEvent } from '../../src/events/record.ts'
import type {
  AccountId,
  CampaignId,
  ContactId,
  DeliveryId,
  KeyId,
  MessageId,
  SenderId,
  WorkId,
} from '../../src/mail/ids.ts'
import { noMetrics, resolutions, sliceMs, sliceOf } from '../../src/stats/metrics.ts'
import type { Schema } from '../../src/storage/schema.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { StatSource } from '../../src/storage/tables/statistics.ts'

export const events = 10_000_000
export const keys = 5
export const campaignsPerKey = 100
const sendersPerKey = 10
const day = 86_400_000
/** As long as they are kept (stats/forget.ts). */
const keptDays = { 'five-minutes': 60, hour: 400, day: 730, lifetime: 1 }
export const now = sliceOf(Date.now(), 'day')

async function insert<
  Table extends
    | 'stat_counters'
    | 'stat_links'
    | 'contacts'
    | 'messages'
    | 'deliveries'
    | 'campaigns'
    | 'senders'
    | 'api_keys',
>({ db }: Storage, table: Table, rows: readonly Insertable<Schema[Table]>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += 1_000) {
    await db
      .insertInto(table as 'stat_counters')
      .values(rows.slice(at, at + 1_000) as Insertable<Schema['stat_counters']>[])
      .execute()
  }
}

/** Keys, their senders and their campaigns. */
export async function fillSources(storage: Storage): Promise<void> {
  const ids = Array.from({ length: keys }, (_, i) => (i + 1) as KeyId)
  await insert(
    storage,
    'api_keys',
    ids.map((id) => ({
      ...{ id, account_id: 1 as AccountId, name: `key ${id}`, public_key: `key${id}`, secret_hash: '' },
      ...{ is_master: 0 as const, is_active: 1 as const, created_at: now, rotated_at: null },
    })),
  )
  await insert(
    storage,
    'campaigns',
    ids.flatMap((key_id) =>
      Array.from({ length: campaignsPerKey }, (_, i) => ({
        ...{ id: (key_id * 1_000 + i) as CampaignId, key_id, name: `campaign ${i}`, created_at: now },
      })),
    ),
  )
  await insert(
    storage,
    'senders',
    ids.flatMap((key_id) =>
      Array.from({ length: sendersPerKey }, (_, i) => ({
        ...{ id: (key_id * 1_000 + i) as SenderId, key_id, email: `s${i}@k${key_id}.example`, name: '' },
        ...{ kind: 'bulk' as const, is_default: 0 as const, status: 'active' as const, domain_id: null },
        ...{ created_at: now, activation_mail_at: null },
      })),
    ),
  )
}

/** A year of busy keys: something happened in every slice that is kept. */
export async function fillCounters(storage: Storage): Promise<number> {
  const rows: Insertable<Schema['stat_counters']>[] = []
  const perKey = events / keys
  const add = (source: StatSource, id: number, from: number, days: number) => {
    for (const resolution of resolutions) {
      const length = resolution === 'lifetime' ? day : sliceMs[resolution]
      const span = resolution === 'lifetime' ? day : Math.min(days, keptDays[resolution]) * day
      for (let at = 0; at < span; at += length) {
        const share = Math.ceil((perKey * length) / (days * day))
        for (const timing of source === 'sender' ? (['message'] as const) : (['message', 'event'] as const)) {
          const metrics = { ...noMetrics(), processed: share, sent: share, opens: share }
          const slice = resolution === 'lifetime' ? 0 : from + at
          rows.push({ ...metrics, source, source_id: id, detail: '', timing, resolution, slice, last_at: at })
        }
      }
    }
  }
  const addDetails = (source: StatSource, id: number, count: number) => {
    for (let i = 0; i < count; i++) {
      rows.push({
        ...{ ...noMetrics(), source, source_id: id, detail: `detail\t${i}`, timing: 'message' },
        ...{ resolution: 'lifetime', slice: 0, last_at: now, opened: i, sent: i },
      })
    }
  }
  for (let key = 1; key <= keys; key++) {
    add('key', key, now - 60 * day, 730)
    for (let i = 0; i < campaignsPerKey; i++) add('campaign', key * 1_000 + i, now - 3 * day, 3)
    for (let i = 0; i < sendersPerKey; i++) add('sender', key * 1_000 + i, now - 60 * day, 60)
    for (const kind of ['key', 'campaign'] as const) {
      const id = kind === 'key' ? key : key * 1_000
      addDetails(`${kind}-agent`, id, 150)
      addDetails(`${kind}-country`, id, 250)
      addDetails(`${kind}-esp`, id, 11)
    }
  }
  await insert(storage, 'stat_counters', rows)
  return rows.length
}

export async function fillLinks(storage: Storage): Promise<number> {
  const count = 200_000
  await insert(
    storage,
    'stat_links',
    Array.from({ length: count }, (_, i) => ({
      source: 'key' as const,
      source_id: 1 + (i % keys),
      link: String(i).padStart(32, '0'),
      id: i,
      position: 1,
      url: `https://shop.example/product/${i}?utm_source=mail&utm_campaign=spring`,
      clicked_messages: i % 977,
      clicked_events: i % 1_009,
    })),
  )
  return count
}

function emailOf(i: number): string {
  return `reader${i}@inbox.example`
}

/** Contacts of the first key, each with counts; the first of them was written to very often. */
export async function fillContacts(
  storage: Storage,
  count: number,
  deliveriesOfFirst: number,
): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => i as ContactId)
  await insert(
    storage,
    'contacts',
    ids.map((id) => ({
      ...{ id, key_id: 1 as KeyId, email: emailOf(id), created_at: now - 400 * day },
      ...{ delivered_count: 40, soft_bounced_count: 1, opened_count: 20, clicked_count: 3 },
    })),
  )
  await fillMessages(storage, { firstId: 100_000_000, count: deliveriesOfFirst, emailOf: () => emailOf(0) })
}

/** Messages with one delivery each, which has the id after theirs. */
async function fillMessages(
  storage: Storage,
  { firstId, count, emailOf: recipientOf }: { firstId: number; count: number; emailOf(i: number): string },
): Promise<void> {
  const step = 1_000
  for (let at = 0; at < count; at += step) {
    const ids = Array.from({ length: Math.min(step, count - at) }, (_, i) => firstId + 2 * (at + i))
    await insert(
      storage,
      'messages',
      ids.map((id) => ({
        ...{
          id: id as MessageId,
          key_id: 1 as KeyId,
          door: 'api' as const,
          lane: 'bulk' as const,
          priority: 2,
        },
        ...{ accepted_at: now, expires_at: now, envelope_from: '', from_address: 'news@shop.example' },
        ...{ subject: '', header_message_id: `<${id}@shop.example>`, size_bytes: 1, recipient_count: 1 },
        ...{ custom_id: null, event_payload: null, campaign_id: null, options: '{}', submission_uuid: '' },
      })),
    )
    await insert(
      storage,
      'deliveries',
      ids.map((id, i) => ({
        ...{ id: (id + 1) as DeliveryId, message_id: id as MessageId, key_id: 1 as KeyId, uuid: '' },
        ...{ work_id: 0 as WorkId, recipient: recipientOf(at + i), recipient_kind: 'to' as const },
        ...{ state: 'delivered' as const, class: null, reply_code: null, reply_text: null, attempts: 1 },
        ...{ next_attempt_at: null, updated_at: now, dsn: null },
      })),
    )
  }
}

/** Two events a message, as mail leaves them. `toContacts`: to people who have a row, or to strangers. */
export async function fillEvents(
  storage: Storage,
  { count, firstId, toContacts }: { count: number; firstId: number; toContacts: boolean },
): Promise<void> {
  await fillMessages(storage, {
    ...{ firstId, count: count / 2 },
    // In no order, as readers are.
    emailOf: (i) => (toContacts ? emailOf((i * 7_919) % 200_000) : `stranger${i}@inbox.example`),
  })
  for (let at = 0; at < count; at += 2_000) {
    const writes = Array.from({ length: 2_000 }, (_, i) => {
      const id = firstId + at + i - (i % 2)
      return recordEvent({
        message_id: id as MessageId,
        delivery_id: i % 2 === 0 ? null : ((id + 1) as DeliveryId),
        key_id: 1 as KeyId,
        kind: i % 2 === 0 ? 'accepted' : 'delivered',
        at: now,
        attempt_id: null,
        class: null,
        detail: null,
      })
    })
    await storage.commit({ writes })
  }
}
