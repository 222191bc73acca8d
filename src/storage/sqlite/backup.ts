/** A consistent copy of the database while it is in use, and the way back. */
import { chmodSync, copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Refused } from '../../runtime/refused.ts'
import { checkVersion, readVersion } from '../migrate.ts'
import { WrongDatabase } from '../storage.ts'
import { applicationId, createPrivate, databaseFile, flush, lockFolder, openReader } from './files.ts'
import { startThread } from './thread.ts'

/** In a thread of its own: copying gigabytes holds up neither writes nor reads. */
export async function backupDatabase({ folder, path }: { folder: string; path: string }): Promise<void> {
  refuseExisting(path)
  const { thread } = await startThread<{ path: string }>('copier', { data: { folder }, onDeath: () => {} })
  try {
    await thread.request({ path })
  } finally {
    await thread.stop()
  }
}

function refuseExisting(path: string) {
  if (existsSync(path)) {
    throw new Refused(
      'conflict',
      `The file ${path} exists already. A backup never overwrites: name a new file.`,
    )
  }
}

/** The copier's part of it. Under its own name only when it is whole and on the disk. */
export function copyDatabase({ folder, path }: { folder: string; path: string }) {
  const partial = `${path}.partial-${process.pid}`
  rmSync(partial, { force: true })
  const db = openReader(databaseFile(folder))
  try {
    createPrivate(partial)
    db.prepare('VACUUM INTO ?').run(partial)
    flush(partial)
    // Unlike rename, link refuses to replace a file that has appeared meanwhile.
    linkSync(partial, path)
    flush(path)
  } finally {
    db.close()
    rmSync(partial, { force: true })
  }
}

export type Restored = {
  /** Where the database that was there before is now; undefined when there was none. */
  keptAs: string | undefined
}

/** Puts a backup in the place of the folder's database. Throws StorageInUse while a process works on the folder. */
export function restoreBackup({ from, folder }: { from: string; folder: string }): Restored {
  checkBackup(from)
  const lock = lockFolder(folder)
  try {
    const target = databaseFile(folder)
    const incoming = `${target}.restoring`
    rmSync(incoming, { force: true })
    createPrivate(incoming)
    copyFileSync(from, incoming)
    chmodSync(incoming, 0o600)
    flush(incoming)

    const keptAs = existsSync(target) ? freeName(target) : undefined
    if (keptAs !== undefined) {
      // With its log, which may hold the newest commits: SQLite finds it under the new name.
      if (existsSync(`${target}-wal`)) renameSync(`${target}-wal`, `${keptAs}-wal`)
      renameSync(target, keptAs)
    }
    rmSync(`${target}-wal`, { force: true })
    rmSync(`${target}-shm`, { force: true })
    renameSync(incoming, target)
    flush(target)
    return { keptAs }
  } finally {
    lock.release()
  }
}

function freeName(target: string): string {
  for (let n = 1; ; n++) {
    const name = `${target}.before-restore-${n}`
    if (!existsSync(name)) return name
  }
}

/** Throws when the file is not a whole database of ours that this program can read. */
function checkBackup(path: string) {
  if (!existsSync(path)) throw new Refused('not-found', `There is no file ${path} to restore from.`)
  let found: { id: unknown; integrity: unknown; version: unknown }
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    found = {
      id: db.prepare('PRAGMA application_id').get()?.application_id,
      integrity: db.prepare('PRAGMA integrity_check(1)').get()?.integrity_check,
      version: db.prepare(readVersion).get()?.value,
    }
  } catch (error) {
    throw new WrongDatabase(`${path} is not a backup that can be read: ${(error as Error).message}.`, {
      cause: error,
    })
  } finally {
    db.close()
  }
  if (found.id !== applicationId) throw new WrongDatabase(`${path} is not a Paravion database.`)
  if (found.integrity !== 'ok') {
    throw new WrongDatabase(`${path} is damaged, and was not restored: ${found.integrity}.`)
  }
  checkVersion(typeof found.version === 'string' ? found.version : undefined)
}
