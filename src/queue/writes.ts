/** The queue's part in other people's commits: work that arrives, and leases that end. */
import type { WorkId } from '../mail/ids.ts'
import type { Instant } from '../storage/schema.ts'
import { defineDelete, defineInsert, defineUpdate, type Write } from '../storage/storage.ts'

/** New work: due at a time with no owner, or leased already (`never`, our node, one attempt counted). */
export const insertWork = defineInsert('work', [
  'id',
  'lane',
  'key',
  'due_at',
  'owner',
  'attempts',
  'held_at',
  'ref',
  'created_at',
])

/** A guard: the work is done and gone, provided that it is still ours. */
export const guardLease: (lease: { id: WorkId; owner: string }) => Write = defineDelete('work', [
  'id',
  'owner',
])

const giveBack = defineUpdate('work', ['due_at', 'owner'], ['id', 'owner'])

/**
 * A guard: the work goes back into its lane, due at `due_at`, provided that it is still ours. What was put on hold
 * meanwhile stays on hold.
 */
export function guardReschedule({
  id,
  owner,
  due_at,
}: {
  id: WorkId
  owner: string
  due_at: Instant
}): Write {
  // The owner stands on both sides: it must be us, and becomes nobody.
  const { statement } = giveBack({ id, owner, due_at })
  return { statement, values: [due_at, null, id, owner] }
}
