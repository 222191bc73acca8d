/** Rows on their way to the other thread: one batch at a time, the next one filling meanwhile. */
import type { ReceivedRow } from './inbox.ts'

const maxRows = 500
const maxBytes = 8 * 1024 * 1024

export function createRowBatches(send: (rows: ReceivedRow[]) => Promise<void>) {
  const waiting: { rows: ReceivedRow[]; resolve: () => void; reject: (error: unknown) => void }[] = []
  let sending = false

  async function sendAll(): Promise<void> {
    sending = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, countOf(waiting))
      try {
        await send(batch.flatMap(({ rows }) => rows))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    sending = false
  }

  /** Resolves when the rows are stored. */
  return function store(rows: ReceivedRow[]): Promise<void> {
    return new Promise((resolve, reject) => {
      waiting.push({ rows, resolve, reject })
      if (!sending) void sendAll()
    })
  }
}

function countOf(waiting: readonly { rows: ReceivedRow[] }[]): number {
  let rows = 0
  let bytes = 0
  let count = 0
  for (const entry of waiting) {
    rows += entry.rows.length
    bytes += entry.rows[0]?.content.length ?? 0
    if (count > 0 && (rows > maxRows || bytes > maxBytes)) break
    count += 1
  }
  return count
}
