/** Segments: contacts of a list that a formula chooses (reference: contacts.md §11). */
import type { Kysely, RawBuilder } from 'kysely'
import type { ContactId, ContactListId, KeyId, SegmentId } from '../mail/ids.ts'
import type { Flag, Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { propertiesByName } from './properties.ts'
import { parseFormula } from './segment-parser.ts'
import { toCondition } from './segment-sql.ts'
import { tidyName, tidyText } from './tidy-text.ts'

export type Segment = {
  id: SegmentId
  name: string
  description: string
  expression: string
  createdAt: Instant
  deletedAt: Instant | null
  isUsed: Flag
}

export const segmentStatuses = ['unused', 'used', 'deleted'] as const
export type SegmentStatus = (typeof segmentStatuses)[number]

export function segmentStatus({ deletedAt, isUsed }: Pick<Segment, 'deletedAt' | 'isUsed'>): SegmentStatus {
  if (deletedAt !== null) return 'deleted'
  return isUsed === 1 ? 'used' : 'unused'
}

/** What a status makes of a segment; a deleted one that comes back was used or was not, as is said. */
function withStatus(
  segment: Pick<Segment, 'deletedAt' | 'isUsed'>,
  { status, now }: { status: SegmentStatus | undefined; now: Instant },
): Pick<Segment, 'deletedAt' | 'isUsed'> {
  const { deletedAt, isUsed } = segment
  if (status === undefined) return { deletedAt, isUsed }
  if (status === 'deleted') return { deletedAt: deletedAt ?? now, isUsed }
  return { deletedAt: null, isUsed: status === 'used' ? 1 : 0 }
}

export type SegmentFilters = {
  keyId: KeyId
  id?: SegmentId
  name?: string
  showDeleted?: boolean
  status?: SegmentStatus
}

export async function listSegments(
  db: Kysely<Schema>,
  filters: SegmentFilters,
  { limit, offset = 0, newestFirst = false }: { limit: number; offset?: number; newestFirst?: boolean },
): Promise<Segment[]> {
  return filtered(db, filters)
    .select([
      'id',
      'name',
      'description',
      'expression',
      'created_at as createdAt',
      'deleted_at as deletedAt',
      'is_used as isUsed',
    ])
    .orderBy('id', newestFirst ? 'desc' : 'asc')
    .limit(limit)
    .offset(offset)
    .execute()
}

export async function countSegments(db: Kysely<Schema>, filters: SegmentFilters): Promise<number> {
  const { count } = await filtered(db, filters)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

function filtered(db: Kysely<Schema>, { keyId, id, name, showDeleted, status }: SegmentFilters) {
  let query = db.selectFrom('segments').where('key_id', '=', keyId)
  if (id !== undefined) query = query.where('id', '=', id)
  if (name !== undefined) query = query.where('name', '=', name)
  if (status === 'deleted') query = query.where('deleted_at', 'is not', null)
  else if (!showDeleted) query = query.where('deleted_at', 'is', null)
  if (status === 'used' || status === 'unused') query = query.where('is_used', '=', status === 'used' ? 1 : 0)
  return query
}

/** Undefined when the name is taken. Throws `Refused` when the formula is wrong. */
export async function createSegment(
  { db, reserveIds }: Pick<Storage, 'db' | 'reserveIds'>,
  segment: {
    keyId: KeyId
    name: string
    description: string
    expression: string
    status?: SegmentStatus
    now: Instant
  },
): Promise<Segment | undefined> {
  const { keyId, expression, status, now } = segment
  const name = tidyName(segment.name)
  const description = tidyText(segment.description)
  await segmentCondition(db, { keyId, expression, now })
  const id = (await reserveIds(1)) as SegmentId
  const { deletedAt, isUsed } = withStatus({ deletedAt: null, isUsed: 0 }, { status, now })
  const row = {
    ...{ id, key_id: keyId, name, description, expression, created_at: now },
    deleted_at: deletedAt,
    is_used: isUsed,
  }
  const added = await db
    .insertInto('segments')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return added && { id, name, description, expression, createdAt: now, deletedAt, isUsed }
}

/** Undefined when another segment has the name. */
export async function changeSegment(
  db: Kysely<Schema>,
  segment: Segment & { keyId: KeyId },
  changes: {
    name?: string
    description?: string
    expression?: string
    status?: SegmentStatus
    now: Instant
  },
): Promise<Segment | undefined> {
  const { keyId, ...before } = segment
  const { now, status, ...others } = changes
  const changed = { ...before, ...others, ...withStatus(before, { status, now }) }
  const name = tidyName(changed.name)
  const after = { ...changed, name, description: tidyText(changed.description) }
  const { description, expression, deletedAt, isUsed } = after
  if (deletedAt === null) {
    await segmentCondition(db, { keyId, expression, now })
    const [other] = await listSegments(db, { keyId, name }, { limit: 1 })
    if (other !== undefined && other.id !== before.id) return undefined
  }
  await db
    .updateTable('segments')
    .set({
      ...{ name, description, expression },
      ...(status !== undefined && { deleted_at: deletedAt, is_used: isUsed }),
    })
    .where('id', '=', before.id)
    .execute()
  return after
}

export async function deleteSegment(
  db: Kysely<Schema>,
  { id, now }: { id: SegmentId; now: Instant },
): Promise<void> {
  await db.updateTable('segments').set({ deleted_at: now }).where('id', '=', id).execute()
}

/** For whoever sends to it. */
export async function markSegmentUsed(db: Kysely<Schema>, id: SegmentId): Promise<void> {
  await db.updateTable('segments').set({ is_used: 1 }).where('id', '=', id).execute()
}

/** For queries on `contacts`. Throws `Refused` when the formula is wrong, or names what is not there any more. */
export async function segmentCondition(
  db: Kysely<Schema>,
  { keyId, expression, now }: { keyId: KeyId; expression: string; now: Instant },
): Promise<RawBuilder<boolean>> {
  const formula = parseFormula(expression)
  return toCondition(formula, { properties: await propertiesByName(db, keyId), now })
}

type Choice = { keyId: KeyId; listId?: ContactListId; expression: string; now: Instant }

/** How many it chooses now, of a list or of all contacts, in whatever state they are. */
export async function countSegment(db: Kysely<Schema>, of: Choice): Promise<number> {
  const { count } = await (await chosen(db, of)).query
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The first of them. */
export async function previewSegment(
  db: Kysely<Schema>,
  { limit, ...of }: Choice & { limit: number },
): Promise<{ id: ContactId; email: string; name: string }[]> {
  const { query } = await chosen(db, of)
  return query
    .select(['contacts.id', 'contacts.email', 'contacts.name'])
    .orderBy('contacts.id')
    .limit(limit)
    .execute()
}

async function chosen(db: Kysely<Schema>, of: Choice) {
  const { listId, keyId } = of
  return {
    query: db
      .selectFrom('contacts')
      .where('contacts.key_id', '=', keyId)
      .where('contacts.erased_at', 'is', null)
      .where(await segmentCondition(db, of))
      .$if(listId !== undefined, (all) =>
        all
          .innerJoin('list_members', 'list_members.contact_id', 'contacts.id')
          .where('list_members.list_id', '=', listId ?? (0 as ContactListId)),
      ),
  }
}
