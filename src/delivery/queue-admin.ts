/**
 * What operators do to the queue: hold, release, retry, drop. Each change and its events are one transaction, and only
 * work that nobody has taken is changed: what is being sent at this moment is refused, and may be asked for again.
 */
import type { Transaction } from 'kysely'
import type { DeliveryId, KeyId, MessageId, WorkId } from '../mail/ids.ts'
import { dropWork, holdWork, releaseWork, retryWork } from '../queue/operate.ts'
import { never } from '../queue/work.ts'
import type { DeliveryState, EventKind, Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { type QueueFilter, selectQueue, unknownId, waitingStates } from './queue-view.ts'

export type QueueAction = 'retry' | 'hold' | 'release' | 'drop'

export type QueueChange = {
  changed: DeliveryId[]
  refused: { id: DeliveryId; reason: string }[]
}

const batchSize = 500

/** Changes what `ids` (deliveries or messages) name, or everything that `filter` matches. */
export async function changeQueue(
  storage: Pick<Storage, 'db' | 'reserveIds'>,
  {
    action,
    ids,
    filter,
    now,
    by = 'an operator',
  }: { action: QueueAction; ids?: readonly number[]; filter?: QueueFilter; now: Instant; by?: string },
): Promise<QueueChange> {
  const { db } = storage
  const total: QueueChange = { changed: [], refused: [] }
  const change = async (deliveryIds: readonly DeliveryId[]) => {
    const firstId = action === 'hold' ? await storage.reserveIds(deliveryIds.length) : 0
    const { changed, refused } = await db
      .transaction()
      .execute((transaction) => changeBatch(transaction, { action, deliveryIds, firstId, now, by }))
    for (const id of changed) total.changed.push(id)
    for (const refusal of refused) total.refused.push(refusal)
  }

  for (const id of ids ?? []) {
    const named = await db
      .selectFrom('deliveries')
      .select('id')
      .where((where) =>
        where.or([where('id', '=', id as DeliveryId), where('message_id', '=', id as MessageId)]),
      )
      .orderBy('id')
      .execute()
    if (named.length === 0) throw unknownId(id)
    for (let start = 0; start < named.length; start += batchSize) {
      await change(named.slice(start, start + batchSize).map((row) => row.id))
    }
  }
  if (filter !== undefined) {
    let after: { id: DeliveryId; workId: WorkId } | undefined
    for (;;) {
      const batch = await selectQueue(db, { filter, limit: batchSize, after })
      if (batch.length === 0) break
      after = batch.at(-1)
      await change(batch.map((row) => row.id))
    }
  }
  return total
}

type Target = {
  id: DeliveryId
  messageId: MessageId
  workId: WorkId
  keyId: KeyId
  recipient: string
  state: DeliveryState
  attempts: number
}

const changes = {
  retry: { from: ['queued', 'deferred'], event: 'retried', detail: 'Retry asked for' },
  hold: { from: ['queued', 'deferred'], event: 'held', detail: 'Put on hold' },
  release: { from: ['held'], event: 'released', detail: 'Released' },
  drop: { from: ['queued', 'deferred', 'held'], event: 'dropped', detail: 'Dropped' },
} as const satisfies Record<QueueAction, { from: readonly DeliveryState[]; event: EventKind; detail: string }>

async function changeBatch(
  transaction: Transaction<Schema>,
  {
    action,
    deliveryIds,
    firstId,
    now,
    by,
  }: {
    action: QueueAction
    deliveryIds: readonly DeliveryId[]
    /** Of ids for work that has to be split: one for each delivery at most. */
    firstId: number
    now: Instant
    by: string
  },
): Promise<QueueChange> {
  const rule = changes[action]
  const workIds = await worksOf(transaction, deliveryIds)
  const { free, taken } = await lockWorks(transaction, workIds)
  const targets = await transaction
    .selectFrom('deliveries')
    .select([
      'id',
      'message_id as messageId',
      'work_id as workId',
      'key_id as keyId',
      'recipient',
      'state',
      'attempts',
    ])
    .where('id', 'in', deliveryIds)
    .orderBy('id')
    .execute()

  const refused: QueueChange['refused'] = []
  const going: Target[] = []
  for (const target of targets) {
    const reason = reasonAgainst(target, action, {
      isTaken: taken.has(target.workId),
      hasWork: free.has(target.workId),
    })
    if (reason === undefined) going.push(target)
    else refused.push({ id: target.id, reason })
  }
  if (going.length === 0) return { changed: [], refused }

  await setDeliveries(transaction, { action, targets: going, now })
  await transaction
    .insertInto('events')
    .values(
      going.map((target) => ({
        message_id: target.messageId,
        delivery_id: target.id,
        key_id: target.keyId,
        kind: rule.event,
        at: now,
        attempt_id: null,
        class: null,
        detail: `${rule.detail} by ${by}`,
      })),
    )
    .execute()
  await settleWorks(transaction, { action, targets: going, firstId, now })
  return { changed: going.map((target) => target.id), refused }
}

async function worksOf(
  transaction: Transaction<Schema>,
  deliveryIds: readonly DeliveryId[],
): Promise<WorkId[]> {
  const rows = await transaction
    .selectFrom('deliveries')
    .select('work_id')
    .distinct()
    .where('id', 'in', deliveryIds)
    .orderBy('work_id')
    .execute()
  return rows.map((row) => row.work_id)
}

/** Nobody can take the free ones until the transaction ends: on PostgreSQL an update locks its rows. */
async function lockWorks(transaction: Transaction<Schema>, ids: readonly WorkId[]) {
  const locked = await transaction
    .updateTable('work')
    .set((expression) => ({ ref: expression.ref('ref') }))
    .where('id', 'in', ids)
    .where('owner', 'is', null)
    .returning('id')
    .execute()
  const free = new Set(locked.map((row) => row.id))
  const present = await transaction.selectFrom('work').select('id').where('id', 'in', ids).execute()
  return { free, taken: new Set(present.map((row) => row.id).filter((id) => !free.has(id))) }
}

function reasonAgainst(
  { recipient, state }: Target,
  action: QueueAction,
  { isTaken, hasWork }: { isTaken: boolean; hasWork: boolean },
): string | undefined {
  const allowed: readonly DeliveryState[] = changes[action].from
  if (!allowed.includes(state)) {
    if (action === 'retry' && state === 'held') return `${recipient} is on hold; release it instead`
    if (action === 'release') return `${recipient} is not on hold: it is ${state}`
    return `${recipient} is not waiting any more: it is ${state}`
  }
  if (isTaken) return `${recipient} is being sent at this moment; try again when that attempt has ended`
  if (!hasWork) return `${recipient} is not in the queue any more; look at it again`
  return undefined
}

async function setDeliveries(
  transaction: Transaction<Schema>,
  { action, targets, now }: { action: QueueAction; targets: readonly Target[]; now: Instant },
): Promise<void> {
  const set = (ids: readonly DeliveryId[], state: DeliveryState | undefined, nextAttemptAt: Instant | null) =>
    transaction
      .updateTable('deliveries')
      .set({ ...(state !== undefined && { state }), next_attempt_at: nextAttemptAt, updated_at: now })
      .where('id', 'in', ids)
      .execute()
  const ids = targets.map((target) => target.id)
  switch (action) {
    case 'retry':
      await set(ids, undefined, now)
      return
    case 'hold':
      await set(ids, 'held', null)
      return
    case 'drop':
      await set(ids, 'dropped', null)
      return
    case 'release': {
      const fresh = targets.filter((target) => target.attempts === 0).map((target) => target.id)
      const tried = targets.filter((target) => target.attempts > 0).map((target) => target.id)
      if (fresh.length > 0) await set(fresh, 'queued', now)
      if (tried.length > 0) await set(tried, 'deferred', now)
    }
  }
}

/** Work follows its deliveries: due, on hold, or gone when nothing of it is left. */
async function settleWorks(
  transaction: Transaction<Schema>,
  {
    action,
    targets,
    firstId,
    now,
  }: { action: QueueAction; targets: readonly Target[]; firstId: number; now: Instant },
): Promise<void> {
  const workIds = [...new Set(targets.map((target) => target.workId))]
  if (action === 'retry' || action === 'release') {
    await (action === 'retry' ? retryWork : releaseWork)(transaction, { ids: workIds, now })
    return
  }
  const messageIds = [...new Set(targets.map((target) => target.messageId))]
  const left = await transaction
    .selectFrom('deliveries')
    .select('work_id')
    .distinct()
    .where('message_id', 'in', messageIds)
    .where('work_id', 'in', workIds)
    .where('state', 'in', action === 'hold' ? ['queued', 'deferred'] : [...waitingStates])
    .execute()
  const kept = new Set(left.map((row) => row.work_id))
  const whole = workIds.filter((id) => !kept.has(id))
  if (action === 'hold') {
    await holdWork(transaction, { ids: whole, now })
    let nextId = firstId
    for (const workId of kept) {
      const held = targets.filter((target) => target.workId === workId).map((target) => target.id)
      await splitWork(transaction, { workId, newId: nextId++ as WorkId, held, now })
    }
  } else {
    await dropWork(transaction, { ids: whole })
  }
}

/** Recipients on hold get work of their own, so that the others of their domain go on. */
async function splitWork(
  transaction: Transaction<Schema>,
  { workId, newId, held, now }: { workId: WorkId; newId: WorkId; held: readonly DeliveryId[]; now: Instant },
): Promise<void> {
  const work = await transaction
    .selectFrom('work')
    .selectAll()
    .where('id', '=', workId)
    .executeTakeFirstOrThrow()
  await transaction
    .insertInto('work')
    .values({ ...work, id: newId, held_at: now, due_at: never })
    .execute()
  await transaction.updateTable('deliveries').set({ work_id: newId }).where('id', 'in', held).execute()
}
