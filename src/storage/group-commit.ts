/**
 * Commits that arrive together share a transaction. At most `maxInFlight` batches are with the database while the next
 * one fills; when nothing is in flight a commit leaves at the end of this turn of the event loop, so that whatever
 * the same turn brings joins it and a lone client waits for nobody. Patient commits alone leave a few milliseconds
 * later, or with the first one that is not: a flush that nobody is waiting for is mostly saved.
 */
import type { Commit, CommitResult } from './storage.ts'

/** What became of one commit of a batch: an Error is what its caller gets to see. */
export type Outcome = CommitResult | Error

export type GroupCommit = {
  commit(commit: Commit): Promise<CommitResult>
  /** Commits not yet answered. */
  pending(): number
  /** Resolves when everything handed in so far is answered. */
  idle(): Promise<void>
}

type Waiting = {
  commit: Commit
  resolve(result: CommitResult): void
  reject(error: Error): void
}

// A batch never holds the database for long, nor doubles much memory: rows and bodies are copied into it.
const maxCommits = 500
const maxRows = 5_000
const maxBytes = 8_000_000
const patienceMs = 5

export function createGroupCommit({
  maxInFlight,
  apply,
}: {
  maxInFlight: number
  /** One outcome per commit, in the same order. Rejecting means that every commit of the batch failed this way. */
  apply(batch: readonly Commit[]): Promise<readonly Outcome[]>
}): GroupCommit {
  let waiting: Waiting[] = []
  let inFlight = 0
  let unanswered = 0
  let urgent = 0
  let scheduled = false
  let patience: NodeJS.Timeout | undefined
  let whenIdle: (() => void)[] = []

  function schedule() {
    if (scheduled || inFlight >= maxInFlight) return
    if (urgent === 0 && waiting.length < maxCommits && whenIdle.length === 0) {
      patience ??= setTimeout(sendWaiting, patienceMs)
      return
    }
    scheduled = true
    setImmediate(sendWaiting)
  }

  function sendWaiting() {
    scheduled = false
    clearTimeout(patience)
    patience = undefined
    while (waiting.length > 0 && inFlight < maxInFlight) {
      const length = batchLength(waiting)
      const batch = length === waiting.length ? waiting : waiting.slice(0, length)
      waiting = length === waiting.length ? [] : waiting.slice(length)
      for (const { commit } of batch) if (!commit.isPatient) urgent--
      inFlight++
      void send(batch)
    }
  }

  async function send(batch: readonly Waiting[]) {
    try {
      answer(batch, await apply(batch.map((entry) => entry.commit)))
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error))
      for (const entry of batch) entry.reject(reason)
    }
    inFlight--
    unanswered -= batch.length
    if (waiting.length > 0) schedule()
    if (unanswered === 0) {
      for (const resolve of whenIdle) resolve()
      whenIdle = []
    }
  }

  return {
    commit: (commit) =>
      new Promise((resolve, reject) => {
        unanswered++
        if (!commit.isPatient) urgent++
        waiting.push({ commit, resolve, reject })
        schedule()
      }),
    pending: () => unanswered,
    idle() {
      if (unanswered === 0) return Promise.resolve()
      const idle = new Promise<void>((resolve) => whenIdle.push(resolve))
      schedule()
      return idle
    },
  }
}

function answer(batch: readonly Waiting[], outcomes: readonly Outcome[]) {
  for (const [index, entry] of batch.entries()) {
    const outcome = outcomes[index]
    if (outcome === 'applied' || outcome === 'lost') entry.resolve(outcome)
    else entry.reject(outcome ?? new Error('The database gave no answer to this commit.'))
  }
}

/** At least one, however large. */
function batchLength(waiting: readonly Waiting[]): number {
  let bytes = 0
  let rows = 0
  let length = 0
  for (const { commit } of waiting) {
    bytes += sizeBytes(commit)
    rows += commit.writes.length
    if (length > 0 && (length === maxCommits || rows > maxRows || bytes > maxBytes)) break
    length++
  }
  return length
}

function sizeBytes({ writes }: Commit): number {
  let bytes = 0
  for (const write of writes) {
    for (const value of write.values) {
      if (value !== null && typeof value === 'object') bytes += value.byteLength
    }
  }
  return bytes
}
