/** Keeps the counts up to date: a moment after an event, it is in them. */

import { findContactList } from '../contacts/lists.ts'
import type { ContactListId, KeyId, SenderId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { createLookups } from '../runtime/lookups.ts'
import type { Storage } from '../storage/storage.ts'
import { foldEvents, type Lookups } from './fold.ts'
import { sendersOfAuthors } from './sender-of.ts'

const everyMs = 1_000
const freshMs = 50
const mostPauseMs = 100

export type Statistics = {
  /**
   * Counts what is there now, for whoever is about to read; waits no longer than they would notice. False: there was
   * more than could be counted in that time, and the counts are of a moment ago.
   */
  fresh(): Promise<boolean>
  /** Counts what is there now; resolves when it is counted. */
  catchUp(): Promise<void>
  stop(): Promise<void>
}

export function startStatistics({
  storage,
  clock,
  log,
}: {
  storage: Storage
  clock: Clock
  log: Log
}): Statistics {
  const lookups = createFoldLookups({ storage, clock })
  const stopping = new AbortController()
  let folding: Promise<void> | undefined
  let next: Promise<void> | undefined
  /** Readers who wait for the counts. */
  let waiting = 0

  async function foldAll(): Promise<void> {
    for (;;) {
      const began = performance.now()
      const { isMore } = await foldEvents(storage, { lookups })
      if (!isMore || stopping.signal.aborted) return
      // Mail goes first: where nobody waits, most of the time is left to it.
      const pauseMs = Math.min(mostPauseMs, (performance.now() - began) * 2)
      if (waiting === 0) await clock.sleep(pauseMs, stopping.signal)
    }
  }

  function fold(): Promise<void> {
    folding ??= foldAll().finally(() => {
      folding = undefined
    })
    return folding
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(everyMs, stopping.signal)
      if (stopping.signal.aborted) return
      try {
        await fold()
      } catch (error) {
        log.error({ err: error }, 'events could not be counted; they will be')
      }
    }
  })()

  /** What runs already may have begun too early to see all; who asks meanwhile shares what comes after it. */
  function foldNow(): Promise<void> {
    next ??= (async () => {
      await folding?.catch(() => undefined)
      next = undefined
      await fold()
    })()
    return next
  }

  /** Somebody waits for as long as `until` takes. */
  async function urgently<T>(until: Promise<T>): Promise<T> {
    waiting += 1
    try {
      return await until
    } finally {
      waiting -= 1
    }
  }

  return {
    catchUp: () => urgently(foldNow()),
    async fresh() {
      const enough = new AbortController()
      const counted = foldNow().then(
        () => true,
        (error: unknown) => {
          log.warn({ err: error }, 'events could not be counted')
          return false
        },
      )
      const late = clock.sleep(freshMs, enough.signal).then(() => false)
      // Whoever has gone on with older counts does not wait any more.
      const isFresh = await urgently(Promise.race([counted, late]))
      enough.abort()
      return isFresh
    },
    async stop() {
      stopping.abort()
      await running
      await folding?.catch(() => undefined)
    },
  }
}

export function createFoldLookups({ storage, clock }: { storage: Storage; clock: Clock }): Lookups {
  const kept = { clock, maxEntries: 10_000, maxAgeMs: 60_000 }
  const senders = createLookups(async (name): Promise<SenderId | undefined> => {
    const { keyId, rest } = split(name)
    return (await sendersOfAuthors(storage.db, { keyId, addresses: [rest] })).get(rest)
  }, kept)
  const lists = createLookups(async (name): Promise<boolean> => {
    const { keyId, rest } = split(name)
    const id = Number(rest) as ContactListId
    return (await findContactList(storage.db, { keyId, id })) !== undefined
  }, kept)
  return {
    senderOf: (keyId, fromAddress) => senders.get(`${keyId} ${fromAddress}`),
    hasList: (keyId, listId) => lists.get(`${keyId} ${listId}`),
  }
}

function split(name: string): { keyId: KeyId; rest: string } {
  const space = name.indexOf(' ')
  return { keyId: Number(name.slice(0, space)) as KeyId, rest: name.slice(space + 1) }
}
