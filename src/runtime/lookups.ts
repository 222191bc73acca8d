import type { Clock } from './clock.ts'
import { createRecent } from './recent.ts'

export type Lookups<T> = {
  get(key: string): Promise<T>
  /** What is remembered, or being asked for; undefined when `get` would have to ask. */
  known(key: string): Promise<T> | undefined
  /** The next `get` reads again. */
  forget(key: string): void
}

/**
 * Remembers what `load` answered (absence too) for at most `maxAgeMs`, so that a busy caller costs no query per
 * message. Callers that ask for the same key at once share one load; a load that fails is not remembered.
 */
export function createLookups<T>(
  load: (key: string) => Promise<T>,
  { clock, maxEntries, maxAgeMs }: { clock: Clock; maxEntries: number; maxAgeMs: number },
): Lookups<T> {
  const entries = createRecent<string, { value: Promise<T>; loadedAt: number }>({ max: maxEntries })

  function known(key: string): Promise<T> | undefined {
    const entry = entries.get(key)
    return entry !== undefined && clock.now() - entry.loadedAt < maxAgeMs ? entry.value : undefined
  }

  return {
    known,
    get(key) {
      const remembered = known(key)
      if (remembered !== undefined) return remembered
      const entry = { value: load(key), loadedAt: clock.now() }
      entries.set(key, entry)
      entry.value.catch(() => {
        if (entries.get(key) === entry) entries.delete(key)
      })
      return entry.value
    },
    forget: (key) => void entries.delete(key),
  }
}
