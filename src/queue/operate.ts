/**
 * What operators do to work. Only work that nobody has is touched: each function returns the ids that it changed, and
 * what is missing was being worked on, was done, or was not in the state to change from. The database comes first, so
 * that the caller may put this and its own rows into one transaction.
 */
import type { Kysely } from 'kysely'
import type { WorkId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { never } from './work.ts'

type Db = Kysely<Schema>
type Some = { ids: readonly WorkId[]; now: Instant }

const idsPerStatement = 1000

/** Holds back what waits or is due. */
export function holdWork(db: Db, { ids, now }: Some): Promise<WorkId[]> {
  return inParts(ids, (part) =>
    db
      .updateTable('work')
      .set({ held_at: now, due_at: never })
      .where('id', 'in', part)
      .where('owner', 'is', null)
      .where('held_at', 'is', null)
      .returning('id')
      .execute(),
  )
}

/** Lets go of what is held: due at once. */
export function releaseWork(db: Db, { ids, now }: Some): Promise<WorkId[]> {
  return inParts(ids, (part) =>
    db
      .updateTable('work')
      .set({ held_at: null, due_at: now })
      .where('id', 'in', part)
      .where('owner', 'is', null)
      .where('held_at', 'is not', null)
      .returning('id')
      .execute(),
  )
}

/** Makes what waits due at once. What is held stays held. */
export function retryWork(db: Db, { ids, now }: Some): Promise<WorkId[]> {
  return inParts(ids, (part) =>
    db
      .updateTable('work')
      .set({ due_at: now })
      .where('id', 'in', part)
      .where('owner', 'is', null)
      .where('held_at', 'is', null)
      .returning('id')
      .execute(),
  )
}

/** Removes it for good, held or not. */
export function dropWork(db: Db, { ids }: Pick<Some, 'ids'>): Promise<WorkId[]> {
  return inParts(ids, (part) =>
    db.deleteFrom('work').where('id', 'in', part).where('owner', 'is', null).returning('id').execute(),
  )
}

async function inParts(
  ids: readonly WorkId[],
  change: (part: WorkId[]) => Promise<{ id: WorkId }[]>,
): Promise<WorkId[]> {
  const changed: WorkId[] = []
  for (let start = 0; start < ids.length; start += idsPerStatement) {
    for (const { id } of await change(ids.slice(start, start + idsPerStatement))) changed.push(id)
  }
  return changed
}
