/** What the lab's receiving host took: listed newest first, with the receiver's verdicts. */
import { sql } from 'kysely'
import type { Log } from '../runtime/log.ts'
import type { Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { defineInsert } from '../storage/storage.ts'

export type InboxMessage = {
  id: number
  /** Address of the From header as the receiver read it. */
  from: string
  /** The recipient of the envelope: one entry for each. */
  to: string
  subject: string
  dkim: string
  spf: string
  dmarc: string
  /** e.g. `TLSv1.3`; '' without TLS. */
  tls: string
  /** Milliseconds since 1970. */
  receivedAt: number
  envelopeFrom: string
}

export type InboxMessageContent = InboxMessage & {
  /** The receiver's Authentication-Results header field. */
  authenticationResults: string
  /** As it came over the wire. */
  content: Buffer
}

export type InboxQuery = {
  /** Each matches anywhere in its field, upper and lower case alike. */
  to?: string
  from?: string
  subject?: string
  /** Only messages newer than this id. */
  after?: number
  /** Only messages older than this id: the next page. */
  before?: number
  /** 1 to 1000; 50 when left out. */
  limit?: number
  /** Waits up to this long (at most a minute) for a first match. */
  waitMs?: number
  signal?: AbortSignal
}

export type Inbox = {
  list(query?: InboxQuery): Promise<InboxMessage[]>
  show(id: number): Promise<InboxMessageContent | undefined>
  /** How many there were. */
  clear(): Promise<number>
}

export type ReceivedRow = Omit<Schema['lab_messages'], 'id'>

/** The newest this many are kept. */
const keptMessages = 10_000
/** How many arrive between two looks at the size of the inbox. */
const trimEvery = 500
const maxWaitMs = 60_000
/** Another node may have received it (PostgreSQL): waiting looks again this often even without a sign. */
const lookAgainMs = 1_000

const insertReceived = defineInsert('lab_messages', [
  'received_at',
  'envelope_from',
  'recipient',
  'header_from',
  'subject',
  'dkim',
  'spf',
  'dmarc',
  'tls',
  'authentication_results',
  'content',
])

export function createInbox({
  storage,
  log,
  keep = keptMessages,
}: {
  storage: Storage
  log: Log
  keep?: number
}) {
  const { db } = storage
  const waiting = new Set<() => void>()
  let sinceTrim = 0
  let trimming: Promise<void> = Promise.resolve()

  /** Durable when it resolves. */
  async function store(rows: readonly ReceivedRow[]): Promise<void> {
    await storage.commit({ writes: rows.map((row) => insertReceived(row)) })
    for (const wake of waiting) wake()
    sinceTrim += rows.length
    if (sinceTrim >= Math.min(trimEvery, keep)) {
      sinceTrim = 0
      // Nobody waits for it, and it must not turn a message that is stored into one that is refused.
      trimming = trimming
        .then(trim)
        .catch((error: unknown) => log.error({ err: error }, 'lab inbox was not trimmed'))
    }
  }

  async function trim(): Promise<void> {
    const oldestKept = await db
      .selectFrom('lab_messages')
      .select('id')
      .orderBy('id', 'desc')
      .offset(keep - 1)
      .limit(1)
      .executeTakeFirst()
    if (oldestKept) await db.deleteFrom('lab_messages').where('id', '<', oldestKept.id).execute()
  }

  async function select({
    to,
    from,
    subject,
    after,
    before,
    limit = 50,
  }: InboxQuery): Promise<InboxMessage[]> {
    let query = db
      .selectFrom('lab_messages')
      .select([
        'id',
        'header_from as from',
        'recipient as to',
        'subject',
        'dkim',
        'spf',
        'dmarc',
        'tls',
        'received_at as receivedAt',
        'envelope_from as envelopeFrom',
      ])
    if (to) query = query.where(contains('recipient', to))
    if (from) query = query.where(contains('header_from', from))
    if (subject) query = query.where(contains('subject', subject))
    if (after !== undefined) query = query.where('id', '>', after)
    if (before !== undefined) query = query.where('id', '<', before)
    return query
      .orderBy('id', 'desc')
      .limit(Math.min(Math.max(Math.trunc(limit), 1), 1_000))
      .execute()
  }

  /** Resolves when something has arrived, after `ms`, or when the caller has gone. */
  function arrival(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        waiting.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      waiting.add(done)
      signal?.addEventListener('abort', done, { once: true })
      if (signal?.aborted) done()
    })
  }

  const inbox: Inbox = {
    async list(query = {}) {
      const until = Date.now() + Math.min(query.waitMs ?? 0, maxWaitMs)
      for (;;) {
        // Listens before it looks, so that what arrives in between is not missed.
        const wait = new AbortController()
        const left = until - Date.now()
        const arrived =
          left > 0 ? arrival(Math.min(left, lookAgainMs), anySignal(wait.signal, query.signal)) : undefined
        const found = await select(query)
        if (found.length > 0 || arrived === undefined || query.signal?.aborted) {
          wait.abort()
          return found
        }
        await arrived
      }
    },
    async show(id) {
      const row = await db.selectFrom('lab_messages').selectAll().where('id', '=', id).executeTakeFirst()
      if (row === undefined) return undefined
      return {
        id: row.id,
        from: row.header_from,
        to: row.recipient,
        subject: row.subject,
        dkim: row.dkim,
        spf: row.spf,
        dmarc: row.dmarc,
        tls: row.tls,
        receivedAt: row.received_at,
        envelopeFrom: row.envelope_from,
        authenticationResults: row.authentication_results,
        content: Buffer.from(row.content.buffer, row.content.byteOffset, row.content.byteLength),
      }
    },
    async clear() {
      const { numDeletedRows } = await db.deleteFrom('lab_messages').executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
  return {
    inbox,
    store,
    /** Resolves when nothing is being cleared away any more. */
    settled: () => trimming,
  }
}

function anySignal(first: AbortSignal, second: AbortSignal | undefined): AbortSignal {
  return second ? AbortSignal.any([first, second]) : first
}

/** Both sides lower-cased by the database, so that both know the same letters; `%` and `_` mean themselves. */
function contains(column: 'recipient' | 'header_from' | 'subject', text: string) {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  return sql<boolean>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`
}
