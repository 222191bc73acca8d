/** Webhooks as rows: who they belong to, where they are, how they do. */
import type { Kysely, Selectable } from 'kysely'
import type { KeyId, WebhookId, WorkId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { Conflict, type Storage } from '../storage/storage.ts'
import { maskUrl } from './check-url.ts'
import type { WebhooksContext } from './context.ts'
import { makeSecret } from './secrets.ts'

export type Webhook = {
  id: WebhookId
  keyId: KeyId
  kind: 'events' | 'mail'
  topic: string
  address: string | null
  isBackup: boolean
  /** With its login. */
  url: string
  /** Without its password. */
  shownUrl: string
  version: 1 | 2
  state: 'alive' | 'dead'
  createdAt: Instant
  failingSince: Instant | null
  lastSuccessAt: Instant | null
  lastProblem: string
  deadSince: Instant | null
  missedSince: Instant | null
}

export type WebhookRow = Selectable<Schema['webhooks']>

export type WebhookFilters = {
  keyId?: KeyId
  kind?: Webhook['kind']
  id?: WebhookId
  topic?: string
  isBackup?: boolean
  state?: Webhook['state']
  version?: number
}

/** In the order of their making. */
export async function listWebhooks(
  { storage, seal }: Pick<WebhooksContext, 'storage' | 'seal'>,
  filters: WebhookFilters = {},
): Promise<Webhook[]> {
  const rows = await selectWebhooks(storage.db, filters).execute()
  return rows.map((row) => toWebhook(row, seal))
}

/** Throws Refused when there is none. */
export async function findWebhook(
  { storage, seal }: Pick<WebhooksContext, 'storage' | 'seal'>,
  filters: WebhookFilters & { id: WebhookId },
): Promise<Webhook> {
  const row = await selectWebhooks(storage.db, filters).executeTakeFirst()
  if (row === undefined) throw noSuchWebhook(filters.id)
  return toWebhook(row, seal)
}

export function selectWebhooks(db: Kysely<Schema>, filters: WebhookFilters) {
  const { keyId, kind, id, topic, isBackup, state, version } = filters
  let query = db.selectFrom('webhooks').selectAll().orderBy('id')
  if (keyId !== undefined) query = query.where('key_id', '=', keyId)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  if (id !== undefined) query = query.where('id', '=', id)
  if (topic !== undefined) query = query.where('topic', '=', topic)
  if (isBackup !== undefined) query = query.where('is_backup', '=', isBackup ? 1 : 0)
  if (state !== undefined) query = query.where('state', '=', state)
  if (version !== undefined) query = query.where('version', '=', version as 1 | 2)
  return query
}

export type NewWebhook = Pick<Webhook, 'keyId' | 'kind' | 'topic' | 'url'> &
  Partial<Pick<Webhook, 'address' | 'isBackup' | 'version' | 'state'>>

/** All of them, or none; with the secret that they share, to be shown once. `taken`: one of them is there already. */
export async function addWebhooks(
  { storage, seal, clock }: WebhooksContext,
  added: readonly NewWebhook[],
  taken: string,
): Promise<{ webhooks: Webhook[]; secret: string }> {
  const firstId = await storage.reserveIds(added.length)
  const secret = makeSecret()
  const now = clock.now()
  const afterEventId = await latestEventId(storage)
  const rows = added.map(
    (
      { keyId, kind, topic, url, address = null, isBackup = false, version = 1, state = 'alive' },
      i,
    ): WebhookRow => ({
      id: (firstId + i) as WebhookId,
      key_id: keyId,
      kind,
      topic,
      address,
      is_backup: isBackup ? 1 : 0,
      url_sealed: seal.seal(url),
      version,
      state,
      secret_sealed: seal.seal(secret),
      old_secret_sealed: null,
      old_secret_until: null,
      after_event_id: afterEventId,
      created_at: now,
      failing_since: null,
      failed_runs: 0,
      last_success_at: null,
      last_problem: '',
      dead_since: state === 'dead' ? now : null,
      missed_since: state === 'dead' ? now : null,
      touched_at: now,
    }),
  )
  await unlessTaken(taken, () => storage.db.insertInto('webhooks').values(rows).execute())
  return { webhooks: rows.map((row) => toWebhook(row, seal)), secret }
}

/** One of them. */
export async function addWebhook(
  ctx: WebhooksContext,
  added: NewWebhook,
  taken: string,
): Promise<{ webhook: Webhook; secret: string }> {
  const { webhooks, secret } = await addWebhooks(ctx, [added], taken)
  const [webhook] = webhooks
  if (webhook === undefined) throw new Error('a webhook was not made')
  return { webhook, secret }
}

/** With all that was owed to it, and its log. */
export async function removeWebhook(
  { storage }: Pick<WebhooksContext, 'storage'>,
  id: WebhookId,
): Promise<void> {
  await storage.db.transaction().execute(async (tx) => {
    await tx.deleteFrom('webhooks').where('id', '=', id).execute()
    await tx.deleteFrom('webhook_calls').where('webhook_id', '=', id).execute()
    await tx.deleteFrom('webhook_tries').where('webhook_id', '=', id).execute()
    await tx.deleteFrom('work').where('id', '=', workOf(id)).where('owner', 'is', null).execute()
  })
}

/** A webhook has at most one work item, while something is owed to it: the ids are of one sequence. */
export function workOf(id: WebhookId): WorkId {
  return Number(id) as WorkId
}

export function toWebhook(row: WebhookRow, seal: Pick<Seal, 'open'>): Webhook {
  const url = seal.open(row.url_sealed)
  return {
    id: row.id,
    keyId: row.key_id,
    kind: row.kind,
    topic: row.topic,
    address: row.address,
    isBackup: row.is_backup === 1,
    url,
    shownUrl: maskUrl(url),
    version: row.version,
    state: row.state,
    createdAt: row.created_at,
    failingSince: row.failing_since,
    lastSuccessAt: row.last_success_at,
    lastProblem: row.last_problem,
    deadSince: row.dead_since,
    missedSince: row.missed_since,
  }
}

export function noSuchWebhook(id: number): Refused {
  return new Refused('not-found', `there is no webhook ${id} (paravion webhook list)`)
}

/** Throws Refused, with these words, where a unique index says no. */
export async function unlessTaken<T>(taken: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof Conflict) throw new Refused('conflict', taken, { cause: error })
    throw error
  }
}

async function latestEventId({ db }: Storage): Promise<number> {
  const row = await db
    .selectFrom('events')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirst()
  return Number(row?.id ?? 0)
}
