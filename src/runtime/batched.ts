/**
 * Turns single questions into shared ones: what is asked within one turn of the event loop is answered by one call of
 * `loadMany`. A lone question waits for nobody longer than that turn.
 */
export function createBatched<T>(
  loadMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
  { maxKeys = 100 }: { maxKeys?: number } = {},
): (key: string) => Promise<T | undefined> {
  let waiting: { keys: Set<string>; answer: Promise<ReadonlyMap<string, T>> } | undefined

  function collect() {
    const keys = new Set<string>()
    const answer = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (waiting === batch) waiting = undefined
      return loadMany([...keys])
    })
    const batch = { keys, answer }
    return batch
  }

  return async (key) => {
    if (waiting === undefined || waiting.keys.size >= maxKeys) waiting = collect()
    waiting.keys.add(key)
    return (await waiting.answer).get(key)
  }
}
