/** Opens the database, whichever it is: migrated, with an id for this process and a supply of ids for everything else. */
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Database } from './database.ts'
import { createIdBlocks } from './id-blocks.ts'
import { joinNodes } from './nodes.ts'
import type { Storage } from './storage.ts'

export { type Restored, restoreBackup } from './sqlite/backup.ts'

export type StoragePlace = { kind: 'sqlite'; folder: string } | { kind: 'postgres'; url: string }

const heartbeatMs = 5_000

/** Only the code of the database that is used is loaded. */
async function openDatabase(options: StoragePlace & { log: Log; clock: Clock }): Promise<Database> {
  if (options.kind === 'sqlite') {
    const { openSqlite } = await import('./sqlite/open-sqlite.ts')
    return openSqlite(options)
  }
  const { openPostgres } = await import('./postgres/open-postgres.ts')
  return openPostgres(options)
}

export async function openStorage(options: StoragePlace & { log: Log; clock: Clock }): Promise<Storage> {
  const { log, clock } = options
  const database = await openDatabase(options)
  const { kind, db } = database
  const node = await joinNodes(db, { now: clock.now(), alone: kind === 'sqlite' }).catch(
    async (error: unknown) => {
      await database.stop()
      throw error
    },
  )
  const ids = createIdBlocks(db)
  const stopping = new AbortController()

  async function releaseDeadNodes(now: number): Promise<number> {
    const released = await node.releaseDead(now)
    if (released > 0) log.warn({ released }, 'took back the work of a process that died')
    return released
  }

  async function keepAlive() {
    for (;;) {
      await clock.sleep(heartbeatMs, stopping.signal)
      if (stopping.signal.aborted) return
      try {
        await node.beat(clock.now())
        await releaseDeadNodes(clock.now())
        await database.tidy()
      } catch (err) {
        // The database is away: the next beat tries again, and whoever needs it is told by their own call.
        log.warn({ err }, 'could not tell the database that this process lives')
      }
    }
  }
  const heart = keepAlive()
  let stopped: Promise<void> | undefined

  async function stop() {
    stopping.abort()
    await heart
    await database.idle()
    try {
      await node.leave(clock.now())
    } catch (err) {
      log.warn(
        { err },
        'could not sign off from the database; leases return when this process counts as dead',
      )
    }
    await database.stop()
  }

  return {
    kind,
    db,
    nodeId: node.id,
    commit: database.commit,
    reserveIds: ids.reserve,
    settledEventId: database.settledEventId,
    releaseDeadNodes,
    backup: database.backup,
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}
