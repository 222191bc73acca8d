/** Sums that grow while events are counted, and the writes that put them into the table. */
import type { Storage, Write } from '../storage/storage.ts'
import { defineInsert, defineUpdate } from '../storage/storage.ts'
import type { StatMetrics, StatResolution, StatSource } from '../storage/tables/statistics.ts'
import { addTo, type Delta, metricNames, noMetrics, resolutions, sliceOf } from './metrics.ts'

type Place = { source: StatSource; sourceId: number; detail: string; timing: 'message' | 'event' }
type Sum = Place & { resolution: StatResolution; slice: number; metrics: StatMetrics; lastAt: number }

const place = ['source', 'source_id', 'detail', 'timing', 'resolution', 'slice'] as const
const insertCounter = defineInsert('stat_counters', [...place, 'last_at', ...metricNames])
const updateCounter = defineUpdate('stat_counters', ['last_at', ...metricNames], place)

export type Counters = ReturnType<typeof createCounters>

export function createCounters() {
  /** By the shortest slice, or the lifetime alone. */
  const finest = new Map<string, Sum>()

  function add(
    at: Place & { resolution: StatResolution; time: number },
    delta: Delta,
    happenedAt: number,
  ): void {
    const { source, sourceId, detail, timing, resolution, time } = at
    const slice = sliceOf(time, resolution)
    const name = `${source} ${sourceId} ${timing} ${resolution} ${slice} ${detail}`
    let sum = finest.get(name)
    if (sum === undefined) {
      sum = { source, sourceId, detail, timing, resolution, slice, metrics: noMetrics(), lastAt: 0 }
      finest.set(name, sum)
    }
    addTo(sum.metrics, delta)
    sum.lastAt = Math.max(sum.lastAt, happenedAt)
  }

  return {
    /** Over time, and altogether. */
    addSeries(at: Omit<Place, 'detail'> & { time: number }, delta: Delta, happenedAt: number): void {
      add({ ...at, detail: '', resolution: 'five-minutes' }, delta, happenedAt)
    },

    /** Altogether. */
    addTotal(at: Omit<Place, 'timing'>, delta: Delta, happenedAt: number): void {
      add({ ...at, timing: 'message', resolution: 'lifetime', time: 0 }, delta, happenedAt)
    },

    /** The new values of every counter that changes. */
    async writes(storage: Storage): Promise<Write[]> {
      const sums = [...spread(finest.values()).values()]
      const known = await readKnown(storage, sums)
      return sums.map((sum) => {
        const before = known.get(nameOf(sum))
        const row = {
          source: sum.source,
          source_id: sum.sourceId,
          detail: sum.detail,
          timing: sum.timing,
          resolution: sum.resolution,
          slice: sum.slice,
          last_at: Math.max(sum.lastAt, before?.last_at ?? 0),
          ...sum.metrics,
        }
        if (before === undefined) return insertCounter(row)
        addTo(row, before)
        return updateCounter(row)
      })
    },
  }
}

function nameOf({ source, sourceId, detail, timing, resolution, slice }: Omit<Sum, 'metrics' | 'lastAt'>) {
  return `${source} ${sourceId} ${timing} ${resolution} ${slice} ${detail}`
}

/** From the shortest slices to hours, days and the whole. */
function spread(sums: Iterable<Sum>): Map<string, Sum> {
  const all = new Map<string, Sum>()
  for (const sum of sums) {
    const into = sum.resolution === 'lifetime' ? (['lifetime'] as const) : resolutions
    for (const resolution of into) {
      const place = { ...sum, resolution, slice: sliceOf(sum.slice, resolution) }
      const name = nameOf(place)
      const known = all.get(name)
      if (known === undefined) {
        all.set(name, { ...place, metrics: { ...sum.metrics } })
      } else {
        addTo(known.metrics, sum.metrics)
        known.lastAt = Math.max(known.lastAt, sum.lastAt)
      }
    }
  }
  return all
}

/** One query for each kind of source: more rows than needed, but never many. */
async function readKnown({ db }: Storage, sums: readonly Sum[]) {
  const known = new Map<string, StatMetrics & { last_at: number }>()
  for (const [source, ofSource] of Map.groupBy(sums, (sum) => sum.source)) {
    const rows = await db
      .selectFrom('stat_counters')
      .selectAll()
      .where('source', '=', source)
      .where('source_id', 'in', [...new Set(ofSource.map(({ sourceId }) => sourceId))])
      .where('timing', 'in', ['message', 'event'])
      .where('resolution', 'in', [...new Set(ofSource.map(({ resolution }) => resolution))])
      .where('slice', 'in', [...new Set(ofSource.map(({ slice }) => slice))])
      .execute()
    for (const row of rows) known.set(nameOf({ ...row, sourceId: row.source_id }), row)
  }
  return known
}
