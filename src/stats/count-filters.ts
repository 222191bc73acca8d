/** Chooses rows by what is counted of them: those with at least one of something, or with none. */
import { type RawBuilder, sql } from 'kysely'
import type { Instant } from '../storage/schema.ts'

export const countFilterNames = [
  'blocked',
  'bounced',
  'clicked',
  'complained',
  'hardBounced',
  'opened',
  'queued',
  'sent',
  'softBounced',
  'unsubscribed',
] as const
export type CountFilterName = (typeof countFilterNames)[number]

export type CountFilters = { [Name in CountFilterName]?: boolean } & {
  activeFrom?: Instant
  activeTo?: Instant
}

/** Of a row of counts that is called `n`. */
const numbers: Record<Exclude<CountFilterName, 'queued'>, RawBuilder<number>> = {
  blocked: sql`n.blocked`,
  bounced: sql`n.soft_bounced + n.hard_bounced`,
  clicked: sql`n.clicked`,
  complained: sql`n.complained`,
  hardBounced: sql`n.hard_bounced`,
  opened: sql`n.opened`,
  sent: sql`n.sent`,
  softBounced: sql`n.soft_bounced`,
  unsubscribed: sql`n.unsubscribed`,
}

/** Of the same row: messages whose outcome is known. */
export const settledNumber = sql<number>`n.sent + n.blocked + n.soft_bounced + n.hard_bounced + n.deferred`

/**
 * `counts`: from where the counts of a row come, `FROM … AS n WHERE …`; there is at most one. `isQueued`: whether
 * something of it waits.
 */
export function countConditions(
  filters: CountFilters,
  { counts, isQueued }: { counts: RawBuilder<unknown>; isQueued: RawBuilder<boolean> },
): RawBuilder<boolean>[] {
  return countFilterNames.flatMap((name) => {
    const wanted = filters[name]
    if (wanted === undefined) return []
    const some =
      name === 'queued' ? isQueued : sql<boolean>`EXISTS (SELECT 1 ${counts} AND ${numbers[name]} > 0)`
    return [wanted ? some : sql<boolean>`NOT ${some}`]
  })
}
