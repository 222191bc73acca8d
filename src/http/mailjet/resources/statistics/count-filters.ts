/** Filters by what is counted, of statistics of contacts and lists (reference/statistics.md §9). */
import type { CountFilterName, CountFilters } from '../../../../stats/count-filters.ts'
import type { FilterKind, Page, Query } from '../../resource.ts'

const names = {
  Blocked: 'blocked',
  Bounced: 'bounced',
  Click: 'clicked',
  HardBounced: 'hardBounced',
  Open: 'opened',
  Queued: 'queued',
  Sent: 'sent',
  SoftBounced: 'softBounced',
  Spam: 'complained',
  Unsubscribed: 'unsubscribed',
} as const satisfies Record<string, CountFilterName>

export const countFilters = {
  Blocked: 'boolean',
  Bounced: 'boolean',
  Click: 'boolean',
  HardBounced: 'boolean',
  Open: 'boolean',
  Queued: 'boolean',
  Sent: 'boolean',
  SoftBounced: 'boolean',
  Spam: 'boolean',
  Unsubscribed: 'boolean',
  LastActivityAt: 'time',
  MinLastActivityAt: 'time',
  MaxLastActivityAt: 'time',
} as const satisfies Record<keyof typeof names | `${string}LastActivityAt`, FilterKind>

/** `LastActivityAt` is, as with contacts, the earliest that is shown. */
export function readCountFilters({ filters }: Query): CountFilters {
  const read: CountFilters = {}
  for (const [name, ours] of Object.entries(names)) {
    const wanted = filters.boolean(name)
    if (wanted !== undefined) read[ours] = wanted
  }
  const activeFrom = filters.time('MinLastActivityAt') ?? filters.time('LastActivityAt')
  const activeTo = filters.time('MaxLastActivityAt')
  return {
    ...read,
    ...(activeFrom !== undefined && { activeFrom }),
    ...(activeTo !== undefined && { activeTo }),
  }
}

/** The first property that is sorted by; ids come after it. */
export function sortBy<By extends string>(
  { sort: [first] }: Page,
  names: Readonly<Record<string, By>>,
  otherwise: By,
): { by: By; descending: boolean } {
  return { by: names[first?.property ?? ''] ?? otherwise, descending: first?.descending ?? false }
}
