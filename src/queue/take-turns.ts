/** Fairness: which of the due work is taken, in turns over the keys. */
import type { Due } from './due.ts'

export type Turns = {
  taken: Due[]
  /** Who was served last: the next time begins after it. */
  lastKey: string | undefined
}

/** One of each key after `after`, then of the keys before it, then a second of each, until `maxItems` are taken. */
export function takeTurns(
  due: readonly Due[],
  {
    after,
    maxItems,
    maxPerKey,
    skipKeys,
  }: {
    after: string | undefined
    maxItems: number
    maxPerKey: number
    skipKeys: ReadonlySet<string>
  },
): Turns {
  const byKey = new Map<string, Due[]>()
  for (const item of due) {
    if (skipKeys.has(item.key)) continue
    const items = byKey.get(item.key)
    if (items === undefined) byKey.set(item.key, [item])
    else items.push(item)
  }
  const sorted = [...byKey.keys()].sort()
  const ring =
    after === undefined
      ? sorted
      : [...sorted.filter((key) => key > after), ...sorted.filter((key) => key <= after)]

  const taken: Due[] = []
  let lastKey = after
  for (let turn = 0; turn < maxPerKey; turn++) {
    const before = taken.length
    for (const key of ring) {
      const item = byKey.get(key)?.[turn]
      if (item === undefined) continue
      if (taken.length >= maxItems) return { taken, lastKey }
      taken.push(item)
      lastKey = key
    }
    if (taken.length === before) break
  }
  return { taken, lastKey }
}
