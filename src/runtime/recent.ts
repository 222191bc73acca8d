/**
 * Remembers what was used of late, and forgets the rest: between half of `max` entries and all of them. What `max`
 * would take is taken only when there is so much to remember, and reading what is known moves nothing.
 */
export type Recent<K, V> = {
  get(key: K): V | undefined
  set(key: K, value: V): void
  delete(key: K): void
  size(): number
}

export function createRecent<K, V>({ max }: { max: number }): Recent<K, V> {
  // Two generations: what is used again moves to the young one; when that is full, the old one is dropped.
  const most = Math.max(1, Math.ceil(max / 2))
  let young = new Map<K, V>()
  let old = new Map<K, V>()

  function set(key: K, value: V): void {
    if (!young.has(key) && young.size >= most) {
      old = young
      young = new Map()
    }
    young.set(key, value)
    old.delete(key)
  }

  return {
    get(key) {
      const known = young.get(key)
      if (known !== undefined) return known
      const older = old.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    set,
    delete(key) {
      young.delete(key)
      old.delete(key)
    },
    size: () => young.size + old.size,
  }
}
