/** Each POST with its answer, for people who want to know what a receiver said. */
import type { CallId, WebhookId } from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { defineInsert, type Storage, type Write } from '../storage/storage.ts'

export type Try = Omit<Schema['webhook_tries'], 'id' | 'body'> & { id: number; body: string }

const insertTry = defineInsert('webhook_tries', [
  'webhook_id',
  'call_id',
  'attempt',
  'at',
  'duration_ms',
  'status',
  'outcome',
  'problem',
  'answer',
  'events',
  'size_bytes',
  'body',
])

/** Enough of a body to know what it was; of mail with attachments it is the beginning. */
const bodyLength = 8_000

export function recordTry({
  body,
  ...row
}: {
  webhook_id: WebhookId
  call_id: CallId | null
  attempt: number
  at: Instant
  duration_ms: number
  status: number | null
  outcome: Try['outcome']
  problem: string
  answer: string
  events: number
  body: Buffer
}): Write {
  const text = body.toString('utf8', 0, 4 * bodyLength).slice(0, bodyLength)
  return insertTry({ ...row, size_bytes: body.length, body: text.toWellFormed() })
}

/** Newest first. */
export async function listTries(
  { db }: Pick<Storage, 'db'>,
  {
    webhookId,
    before,
    outcome,
    limit = 50,
  }: { webhookId: WebhookId; before?: number; outcome?: Try['outcome']; limit?: number },
): Promise<Try[]> {
  let query = db.selectFrom('webhook_tries').selectAll().where('webhook_id', '=', webhookId)
  if (before !== undefined) query = query.where('id', '<', before)
  if (outcome !== undefined) query = query.where('outcome', '=', outcome)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

const dayMs = 86_400_000
const rowsPerStep = 1_000

/** In small steps, so that nothing waits for it. */
export async function forgetOldTries(
  { db }: Pick<Storage, 'db'>,
  { now, logDays }: { now: Instant; logDays: number },
): Promise<void> {
  for (;;) {
    const rows = await db
      .selectFrom('webhook_tries')
      .select('id')
      .where('at', '<', now - logDays * dayMs)
      .orderBy('at')
      .limit(rowsPerStep)
      .execute()
    if (rows.length === 0) return
    const ids = rows.map(({ id }) => id)
    await db.deleteFrom('webhook_tries').where('id', 'in', ids).execute()
  }
}
