/** Mailings as rows: made, found, changed, copied. Their content stands apart, so that lists never read it. */
import { type Kysely, sql } from 'kysely'
import { normaliseAddress, parseAddress } from '../mail/address.ts'
import type { KeyId, MailingId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import type { MailingState } from '../storage/tables/mailings.ts'
import {
  type Builder,
  changedAt,
  type Mailing,
  type MailingSettings,
  settingsColumns,
  toMailing,
} from './mailing.ts'
import { refuseChange } from './refuse-change.ts'
import { afterChange } from './states.ts'

export const noSettings: MailingSettings = {
  title: '',
  subject: '',
  senderLabel: '',
  senderEmail: '',
  senderName: '',
  replyTo: '',
  listId: null,
  segmentId: null,
  locale: 'en_US',
  editMode: 'html2',
  templateId: null,
  extras: {},
  isStarred: false,
  trackOpens: null,
  trackClicks: null,
}

export async function createMailing(
  { storage, clock }: { storage: Storage; clock: { now(): Instant } },
  { keyId, builder, ...settings }: Partial<MailingSettings> & { keyId: KeyId; builder: Builder },
): Promise<Mailing> {
  const id = (await storage.reserveIds(1)) as MailingId
  const all = await checked(storage.db, keyId, { ...noSettings, ...settings })
  await insertMailing(storage.db, { id, keyId, builder, settings: all, now: clock.now() })
  return getMailing(storage.db, { keyId, id })
}

async function insertMailing(
  db: Kysely<Schema>,
  {
    id,
    keyId,
    builder,
    settings,
    now,
  }: { id: MailingId; keyId: KeyId; builder: Builder; settings: MailingSettings; now: Instant },
): Promise<void> {
  await db
    .insertInto('mailings')
    .values({
      id,
      key_id: keyId,
      builder,
      ...(settingsColumns(settings) as Required<ReturnType<typeof settingsColumns>>),
      state: 'draft',
      archived_from: null,
      paused_by: null,
      scheduled_at: null,
      created_at: now,
      modified_at: null,
      started_at: null,
      gathered_at: null,
      ended_at: null,
      work_id: null,
      campaign_id: null,
      message_id: null,
      first_delivery_id: null,
    })
    .execute()
}

export async function findMailing(
  db: Kysely<Schema>,
  { keyId, id }: { keyId?: KeyId; id: MailingId },
): Promise<Mailing | undefined> {
  let query = db.selectFrom('mailings').selectAll().where('id', '=', id)
  if (keyId !== undefined) query = query.where('key_id', '=', keyId)
  const row = await query.executeTakeFirst()
  return row && toMailing(row)
}

/** Throws `Refused`. */
export async function getMailing(db: Kysely<Schema>, by: { keyId: KeyId; id: MailingId }): Promise<Mailing> {
  const found = await findMailing(db, by)
  if (found === undefined) throw new Refused('not-found', `this API key has no campaign ${by.id}`)
  return found
}

export type MailingFilters = {
  keyId: KeyId
  builder?: Builder
  id?: MailingId
  /** Of its campaign where mail has been handed over, or else its own. */
  idOfEither?: number
  states?: readonly MailingState[]
  /** Part of title or subject. */
  search?: string
  subject?: string
  listId?: number
  segmentId?: number
  templateId?: number
  campaignId?: number
  editMode?: string
  isStarred?: boolean
  /** Has mail been handed over? */
  isCampaign?: boolean
  /** Went out to everybody within this second. */
  deliveredAt?: Instant
  isModified?: boolean
  /** Only with an id before this one: the pages of a list with the newest first. */
  before?: MailingId
}

export async function listMailings(
  db: Kysely<Schema>,
  filters: MailingFilters,
  { limit, offset = 0, newestFirst = false }: { limit: number; offset?: number; newestFirst?: boolean },
): Promise<Mailing[]> {
  const rows = await filtered(db, filters)
    .selectAll()
    .orderBy('id', newestFirst ? 'desc' : 'asc')
    .limit(limit)
    .offset(offset)
    .execute()
  return rows.map(toMailing)
}

export async function countMailings(db: Kysely<Schema>, filters: MailingFilters): Promise<number> {
  const { count } = await filtered(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

function filtered(db: Kysely<Schema>, filters: MailingFilters) {
  const { keyId, builder, id, states, search, subject, isStarred, before, editMode } = filters
  let query = db.selectFrom('mailings').where('key_id', '=', keyId)
  if (builder !== undefined) query = query.where('builder', '=', builder)
  if (id !== undefined) query = query.where('id', '=', id)
  if (filters.idOfEither !== undefined) {
    query = query.where(sql<boolean>`coalesce(campaign_id, id) = ${filters.idOfEither}`)
  }
  if (before !== undefined) query = query.where('id', '<', before)
  if (states !== undefined) query = query.where('state', 'in', [...states, '' as MailingState])
  if (subject !== undefined) query = query.where('subject', '=', subject)
  if (filters.isCampaign !== undefined) {
    query = query.where('campaign_id', filters.isCampaign ? 'is not' : 'is', null)
  }
  const { deliveredAt, isModified } = filters
  if (deliveredAt !== undefined) {
    query = query
      .where((eb) => eb.or([eb('state', '=', 'sent'), eb('archived_from', '=', 'sent')]))
      .where('ended_at', '>=', deliveredAt)
      .where('ended_at', '<', deliveredAt + 1_000)
  }
  if (isModified !== undefined) query = query.where('modified_at', isModified ? 'is not' : 'is', null)
  if (isStarred !== undefined) query = query.where('is_starred', '=', isStarred ? 1 : 0)
  if (editMode !== undefined) query = query.where('edit_mode', '=', editMode)
  for (const [column, value] of [
    ['list_id', filters.listId],
    ['segment_id', filters.segmentId],
    ['template_id', filters.templateId],
    ['campaign_id', filters.campaignId],
  ] as const) {
    if (value !== undefined) query = query.where(sql<boolean>`${sql.ref(column)} = ${value}`)
  }
  const words = search?.trim()
  if (words) {
    // Lower-cased by the database on both sides: SQLite knows the letters of ASCII only.
    const pattern = `%${words.replaceAll(/[\\%_]/g, '\\$&')}%`
    query = query.where(
      sql<boolean>`(lower(title) LIKE lower(${pattern}) ESCAPE '\\' OR lower(subject) LIKE lower(${pattern}) ESCAPE '\\')`,
    )
  }
  return query
}

/** Only a draft is edited; a star may be given at any time. Throws `Refused`. */
export async function changeMailing(
  { storage, clock }: { storage: Storage; clock: { now(): Instant } },
  mailing: Mailing,
  settings: Partial<MailingSettings>,
): Promise<Mailing> {
  const { isStarred, ...others } = settings
  const isEdit = Object.keys(others).length > 0
  if (isEdit && afterChange('edit', mailing) === undefined) throw refuseChange('edit', mailing)
  const { keyId, id } = mailing
  const columns = settingsColumns(await checked(storage.db, keyId, settings))
  if (Object.keys(columns).length === 0) return mailing
  let change = storage.db
    .updateTable('mailings')
    .set({ ...columns, ...(isEdit && { modified_at: changedAt(clock.now()) }) })
    .where('id', '=', id)
    .where('key_id', '=', keyId)
  if (isEdit) change = change.where('state', '=', mailing.state)
  const { numUpdatedRows } = await change.executeTakeFirstOrThrow()
  const now = await getMailing(storage.db, { keyId, id })
  // Somebody sent it in the meantime.
  if (Number(numUpdatedRows) !== 1) throw refuseChange('edit', now)
  return now
}

/** A new draft with the same words, for the same people as far as their list and segment are still there. */
export async function duplicateMailing(
  { storage, clock }: { storage: Storage; clock: { now(): Instant } },
  mailing: Mailing,
  { title }: { title?: string } = {},
): Promise<Mailing> {
  const { keyId, builder } = mailing
  const copied = Object.fromEntries(
    Object.keys(noSettings).map((name) => [name, mailing[name as keyof MailingSettings]]),
  ) as unknown as MailingSettings
  const firstId = await storage.reserveIds(2)
  const id = firstId as MailingId
  const { listId, segmentId } = mailing
  const settings = await checked(storage.db, keyId, {
    ...copied,
    title: title ?? mailing.title,
    isStarred: false,
    listId:
      listId !== null && (await isThere(storage.db, 'contact_lists', { keyId, id: listId })) ? listId : null,
    segmentId:
      segmentId !== null && (await isThere(storage.db, 'segments', { keyId, id: segmentId }))
        ? segmentId
        : null,
  })
  await storage.db.transaction().execute(async (tx) => {
    await insertMailing(tx, { id, keyId, builder, settings, now: clock.now() })
    const content = await tx
      .selectFrom('mailing_contents')
      .selectAll()
      .where('mailing_id', '=', mailing.id)
      .executeTakeFirst()
    if (content === undefined) return
    await tx
      .insertInto('mailing_contents')
      .values({ ...content, mailing_id: id, content_id: firstId + 1 })
      .execute()
  })
  return getMailing(storage.db, { keyId, id })
}

const limits = { title: 255, subject: 998, senderLabel: 255, senderName: 255 } as const

/** As they are kept. Throws `Refused` where something cannot be. */
async function checked<S extends Partial<MailingSettings>>(
  db: Kysely<Schema>,
  keyId: KeyId,
  settings: S,
): Promise<S> {
  const kept: S = { ...settings }
  for (const [name, most] of Object.entries(limits) as [keyof typeof limits, number][]) {
    const text = settings[name]
    if (text === undefined) continue
    if (text.length > most)
      throw new Refused('bad-value', `${name} has ${text.length} characters; at most ${most} are kept`)
    // A line break would end a header field.
    kept[name] = text
      .toWellFormed()
      .replaceAll(/\p{Cc}+/gu, ' ')
      .trim() as S[typeof name]
  }
  for (const name of ['senderEmail', 'replyTo'] as const) {
    const text = settings[name]
    if (text !== undefined) kept[name] = addressOf(text) as S[typeof name]
  }
  if (settings.locale !== undefined && !/^[a-z]{2,3}([_-][A-Za-z]{2,4})?$/.test(settings.locale)) {
    throw new Refused('bad-value', `'${settings.locale.slice(0, 40)}' is no locale; write it like en_US`)
  }
  const { listId, segmentId } = settings
  if (listId != null && !(await isThere(db, 'contact_lists', { keyId, id: listId }))) {
    throw new Refused('bad-value', `this API key has no contact list ${listId}`)
  }
  if (segmentId != null && !(await isThere(db, 'segments', { keyId, id: segmentId }))) {
    throw new Refused('bad-value', `this API key has no segment ${segmentId}`)
  }
  return kept
}

/** Has the key one of that number, which is not deleted? */
async function isThere(
  db: Kysely<Schema>,
  table: 'contact_lists' | 'segments',
  { keyId, id }: { keyId: KeyId; id: number },
): Promise<boolean> {
  const row = await db
    .selectFrom(table)
    .select('key_id')
    .where(sql<boolean>`id = ${id}`)
    .where('key_id', '=', keyId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

function addressOf(text: string): string {
  if (text.trim() === '') return ''
  const address = parseAddress(text.trim())
  if (address === undefined) {
    throw new Refused('bad-value', `'${text.slice(0, 300)}' is not an e-mail address; write name@domain`)
  }
  return normaliseAddress(address)
}
