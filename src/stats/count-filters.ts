/** Chooses rows by what is counted of them: those with at least one of something, or with none. */
import { type RawBuilder, sql } from 'kysely'
import type { Instant } from '../storage/schema.ts'
import type { ContactCounts } from '../storage/tables/contacts.ts'

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

/** How a count is called where it is read. */
export type CountOf = (name: keyof ContactCounts) => RawBuilder<number>

/** `isQueued`: whether something waits. */
export function countConditions(
  filters: CountFilters,
  { count, isQueued }: { count: CountOf; isQueued: RawBuilder<boolean> },
): RawBuilder<boolean>[] {
  const some = {
    blocked: isAny(count('blocked')),
    bounced: isAny(sql`${count('soft_bounced')} + ${count('hard_bounced')}`),
    clicked: isAny(count('clicked')),
    complained: isAny(count('complained')),
    hardBounced: isAny(count('hard_bounced')),
    opened: isAny(count('opened')),
    queued: isQueued,
    sent: isAny(count('sent')),
    softBounced: isAny(count('soft_bounced')),
    unsubscribed: isAny(count('unsubscribed')),
  } satisfies Record<CountFilterName, RawBuilder<boolean>>
  return countFilterNames.flatMap((name) => {
    const wanted = filters[name]
    if (wanted === undefined) return []
    return [wanted ? some[name] : sql<boolean>`NOT (${some[name]})`]
  })
}

function isAny(count: RawBuilder<number>): RawBuilder<boolean> {
  return sql`${count} > 0`
}

/** Messages whose outcome is known. */
export function settledNumber(count: CountOf): RawBuilder<number> {
  const places = (['sent', 'blocked', 'soft_bounced', 'hard_bounced', 'deferred'] as const).map(count)
  return sql`${sql.join(places, sql` + `)}`
}
