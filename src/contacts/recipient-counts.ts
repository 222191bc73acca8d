/**
 * How many a campaign would reach, for pages that many people keep open: a count walks the whole list, and would take
 * the database from those who read a row. So it is kept for a minute, and one runs at a time.
 */
import type { Kysely } from 'kysely'
import type { Clock } from '../runtime/clock.ts'
import { createLookups } from '../runtime/lookups.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { countRecipients, type RecipientCounts } from './count-recipients.ts'
import { expressionOf, type RecipientsQuery } from './recipients.ts'

const keptMs = 60_000
const maxKept = 200

export type CountedRecipients = RecipientCounts & { countedAt: Instant }

export type KeptRecipientCounts = {
  /** At most a minute old. Throws `Refused` when the segment cannot be understood. */
  count(query: Omit<RecipientsQuery, 'after' | 'now'>): Promise<CountedRecipients>
}

export function createRecipientCounts({
  storage: { db },
  clock,
}: {
  storage: { db: Kysely<Schema> }
  clock: Clock
}): KeptRecipientCounts {
  let last: Promise<unknown> = Promise.resolve()
  const kept = createLookups<CountedRecipients>(
    (name) => {
      const turn = last.then(() => countNow(JSON.parse(name)))
      last = turn.catch(() => undefined)
      return turn
    },
    { clock, maxEntries: maxKept, maxAgeMs: keptMs },
  )

  async function countNow(query: NamedCount): Promise<CountedRecipients> {
    const { expression, ...list } = query
    const now = clock.now()
    const segment = expression === undefined ? {} : { segment: { expression } }
    return { ...(await countRecipients(db, { ...list, ...segment, now })), countedAt: now }
  }

  return {
    async count({ keyId, listId, segment }) {
      // By the formula, not by the segment's number: whoever changes a segment sees what it chooses now.
      const expression = await expressionOf(db, { keyId, ...(segment !== undefined && { segment }) })
      return kept.get(JSON.stringify({ keyId, listId, expression } satisfies NamedCount))
    },
  }
}

type NamedCount = Pick<RecipientsQuery, 'keyId' | 'listId'> & { expression: string | undefined }
