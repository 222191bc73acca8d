/** Short slices are looked at while they are fresh; days and totals stay. */
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'

const dayMs = 86_400_000
const keptDays = { 'five-minutes': 60, hour: 400 } as const
const rowsPerStep = 2_000

/** Whether the slices of a time are there: a day before they go they are no longer counted on. */
export function isKept(
  at: Instant,
  { resolution, now }: { resolution: keyof typeof keptDays; now: Instant },
): boolean {
  return at >= now - (keptDays[resolution] - 1) * dayMs
}

export async function forgetShortSlices({ db }: Storage, now: number): Promise<void> {
  for (const resolution of ['five-minutes', 'hour'] as const) {
    for (;;) {
      const old = await db
        .selectFrom('stat_counters')
        .select('slice')
        .where('resolution', '=', resolution)
        .where('slice', '<', now - keptDays[resolution] * dayMs)
        .orderBy('slice')
        .limit(rowsPerStep)
        .execute()
      const last = old.at(-1)
      if (last === undefined) break
      await db
        .deleteFrom('stat_counters')
        .where('resolution', '=', resolution)
        .where('slice', '<=', last.slice)
        .execute()
    }
  }
}
