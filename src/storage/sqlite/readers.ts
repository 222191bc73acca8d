/**
 * The reading threads. Each has one query at a time, the others wait for whichever thread is free first; a second
 * thread is started only when somebody has to wait for long, so that no long list holds up the rest. Each costs some
 * 18 MB.
 */
import { StorageUnavailable } from '../storage.ts'
import type { Query, QueryAnswer } from './query.ts'
import { startThread, type Thread } from './thread.ts'

const readersAtMost = 2
const longWaitMs = 100

type Waiting = {
  query: Query
  since: number
  resolve(answer: QueryAnswer): void
  reject(error: Error): void
}

export function createReaders({ folder, onDeath }: { folder: string; onDeath(error: Error): void }) {
  const waiting: Waiting[] = []
  const idle: Thread<Query>[] = []
  const threads = new Set<Thread<Query>>()
  let starting: Promise<void> | undefined
  /** When a thread last came, or could not. */
  let startedAt = 0
  let patience: NodeJS.Timeout | undefined
  let stopped = false

  async function start() {
    const { thread } = await startThread<Query>('reader', {
      data: { folder },
      onDeath(error) {
        threads.delete(thread)
        onDeath(error)
      },
    })
    threads.add(thread)
    serve(thread)
  }

  /** Gives the thread what has waited longest, else remembers that it is free. */
  function serve(thread: Thread<Query>) {
    const next = waiting.shift()
    if (next === undefined) idle.push(thread)
    else send(thread, next)
  }

  function send(thread: Thread<Query>, { query, resolve, reject }: Waiting) {
    thread.request(query).then(
      (answer) => {
        serve(thread)
        resolve(answer as QueryAnswer)
      },
      (error: Error) => {
        if (threads.has(thread)) serve(thread)
        reject(error)
      },
    )
  }

  /** The first thread at once, another when somebody has waited for long. */
  function growInTime() {
    const first = waiting[0]
    if (first === undefined || patience !== undefined || threads.size >= readersAtMost) return
    const waitedMs = performance.now() - Math.max(first.since, startedAt)
    if (threads.size === 0 || waitedMs >= longWaitMs) return grow()
    patience = setTimeout(() => {
      patience = undefined
      growInTime()
    }, longWaitMs - waitedMs)
  }

  /** One more thread, for those who wait. When none can be started, they learn it unless there are others. */
  function grow() {
    if (starting !== undefined || threads.size >= readersAtMost) return
    starting = start()
      .catch((error: Error) => {
        if (threads.size > 0) return
        for (const { reject } of waiting.splice(0)) reject(error)
      })
      .finally(() => {
        starting = undefined
        startedAt = performance.now()
        growInTime()
      })
  }

  return {
    read(query: Query): Promise<QueryAnswer> {
      if (stopped) return Promise.reject(new StorageUnavailable('The storage has been stopped.'))
      return new Promise((resolve, reject) => {
        const entry = { query, since: performance.now(), resolve, reject }
        const thread = idle.pop()
        if (thread !== undefined && threads.has(thread)) return send(thread, entry)
        waiting.push(entry)
        growInTime()
      })
    },
    async stop() {
      stopped = true
      clearTimeout(patience)
      await starting
      await Promise.all([...threads].map((thread) => thread.stop()))
      for (const { reject } of waiting.splice(0)) {
        reject(new StorageUnavailable('The storage has been stopped.'))
      }
    },
  }
}
