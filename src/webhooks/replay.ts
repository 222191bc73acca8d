/** What happened in a range of time, told again: events from their log, mail from the inbox. */
import { type Address, formatAddress, parseAddress } from '../mail/address.ts'
import type { InboxId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { callSoon, type NewCall, oweCalls } from './calls.ts'
import type { WebhooksContext } from './context.ts'
import { readToldEvents } from './read-events.ts'
import { callsOf } from './tell-events.ts'
import { isEventTopic } from './topics.ts'
import type { Webhook } from './webhooks.ts'

const rowsPerStep = 500
/** Of one request; the next one goes on where it ended. */
const mostPerRequest = 10_000
/** Events are stored a little after they happened, and not always in order. */
const skewMs = 15 * 60_000

export type Replayed = {
  /** Events, or mails. */
  count: number
  /** Where the next request goes on; null when all of the range has been sent. */
  next: number | null
}

export type ReplayRange = { from: Instant; to: Instant; after?: number }

/** `after` is the `next` of the request before. Throws Refused. */
export async function replay(ctx: WebhooksContext, webhook: Webhook, range: ReplayRange): Promise<Replayed> {
  if (range.from >= range.to) throw new Refused('bad-value', 'the range ends before it begins')
  if (webhook.state === 'dead') {
    throw new Refused('conflict', 'the webhook is dead; make it alive first, or nothing would be sent')
  }
  const replayed =
    webhook.kind === 'mail' ? await replayMail(ctx, webhook, range) : await replayEvents(ctx, webhook, range)
  if (replayed.next === null) await forgetMissed(ctx, webhook, range)
  await callSoon(ctx.storage.db, [webhook.id], ctx.clock.now())
  ctx.wakeCalls()
  return replayed
}

async function replayEvents(ctx: WebhooksContext, webhook: Webhook, range: ReplayRange): Promise<Replayed> {
  const { storage, format } = ctx
  if (!isEventTopic(webhook.topic)) return { count: 0, next: null }
  const upTo = await firstEventAt(storage, range.to + skewMs)
  let after = range.after ?? (await firstEventAt(storage, range.from - skewMs)) - 1
  let count = 0
  while (count < mostPerRequest) {
    const { events, reached, isMore } = await readToldEvents(storage.db, {
      after,
      upTo,
      limit: rowsPerStep,
      keyIds: [webhook.keyId],
      topics: new Set([webhook.topic]),
      times: range,
    })
    await owe(ctx, callsOf(webhook, events, format, { isReplay: true }))
    count += events.length
    after = reached
    if (!isMore) return { count, next: null }
  }
  return { count, next: after }
}

async function replayMail(ctx: WebhooksContext, webhook: Webhook, range: ReplayRange): Promise<Replayed> {
  const { storage } = ctx
  const address = parseAddress(webhook.topic)
  if (address === undefined) throw new Error(`webhook ${webhook.id} has no address`)
  const { accountId } = await storage.db
    .selectFrom('api_keys')
    .select('account_id as accountId')
    .where('id', '=', webhook.keyId)
    .executeTakeFirstOrThrow()
  const inRange = storage.db
    .selectFrom('inbox')
    .where('inbox.account_id', '=', accountId)
    .where('inbox.received_at', '>=', Math.max(range.from, ownSince(ctx, webhook, address)))
    .where('inbox.received_at', '<', range.to)
  // Nodes take ids from blocks of their own: they are not in the order of time, and all of the range lie between two.
  const { first, last } = await inRange
    .select(({ fn }) => [fn.min('inbox.id').as('first'), fn.max('inbox.id').as('last')])
    .executeTakeFirstOrThrow()
  if (first === null || last === null) return { count: 0, next: null }
  let after = Math.max(Number(first) - 1, range.after ?? 0)
  let count = 0
  while (count < mostPerRequest) {
    const rows = await inRange
      .innerJoin('inbox_bodies', 'inbox_bodies.inbox_id', 'inbox.id')
      .select(['inbox.id', 'inbox.received_at'])
      .where('inbox.outcome', '=', 'parse')
      .where(({ fn }) => fn<string>('lower', ['inbox.recipients']), '=', formatAddress(address).toLowerCase())
      .where('inbox.id', '>', after as InboxId)
      .where('inbox.id', '<=', Number(last) as InboxId)
      .orderBy('inbox.id')
      .limit(rowsPerStep)
      .execute()
    const calls = rows.map(
      ({ id, received_at: since }): NewCall => ({
        ...{ webhookId: webhook.id, content: { inboxId: id }, isReplay: true, since },
      }),
    )
    await owe(ctx, calls)
    count += rows.length
    after = rows.at(-1)?.id ?? after
    if (rows.length < rowsPerStep) return { count, next: null }
  }
  return { count, next: after }
}

/**
 * An address that was made is nobody else's. What came for another one before the webhook was there may have been for another
 * API key of the account.
 */
function ownSince(
  { mailDomain }: WebhooksContext,
  { createdAt }: Webhook,
  { domain }: Pick<Address, 'domain'>,
): Instant {
  return domain === mailDomain ? 0 : createdAt
}

async function owe({ storage, clock }: WebhooksContext, calls: readonly NewCall[]): Promise<void> {
  if (calls.length === 0) return
  const firstId = await storage.reserveIds(calls.length)
  await storage.commit({ writes: oweCalls(calls, { firstId, now: clock.now() }) })
}

/**
 * What was missed since then is owed now, if the range holds all of it. Should that be dropped before it is delivered, it is
 * marked as missed again (hand-on.ts).
 */
async function forgetMissed(
  { storage, clock }: WebhooksContext,
  { id, missedSince }: Webhook,
  { from, to }: ReplayRange,
): Promise<void> {
  if (missedSince === null || from > missedSince || to < clock.now() - skewMs) return
  await storage.db
    .updateTable('webhooks')
    .set({ missed_since: null })
    .where('id', '=', id)
    .where('missed_since', '=', missedSince)
    .where('state', '=', 'alive')
    .execute()
}

/** The first event of that time or later; ids grow with time. Beyond the last one there is a next id. */
async function firstEventAt({ db }: Storage, at: Instant): Promise<number> {
  const last = await db
    .selectFrom('events')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirst()
  let low = 1
  let high = Number(last?.id ?? 0) + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const row = await db
      .selectFrom('events')
      .select(['id', 'at'])
      .where('id', '>=', middle)
      .orderBy('id')
      .limit(1)
      .executeTakeFirst()
    if (row === undefined || row.at >= at) high = middle
    else low = row.id + 1
  }
  return low
}
