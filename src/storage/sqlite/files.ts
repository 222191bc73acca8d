/** The files of a data folder, and how they are opened. */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StorageInUse } from '../storage.ts'
import { kindOfFailure, toFailure } from './failures.ts'

/** `PVON`: says in the file's header (and to `file`) whose database this is. */
export const applicationId = 0x50564f4e

export const databaseFile = (folder: string) => join(folder, 'paravion.db')
const lockFile = (folder: string) => join(folder, 'paravion.lock')

export type FolderLock = { release(): void }

/**
 * Keeps every other process off the folder until released, or until this process dies, however it dies: an empty
 * SQLite file whose exclusive lock is held open. Not the database itself, because readers must be able to open that.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  createPrivate(lockFile(folder))
  const lock = new DatabaseSync(lockFile(folder), { timeout: 0 })
  try {
    // Nothing is ever written to it, so it needs no journal file beside it.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (kindOfFailure(toFailure(error).code) !== 'unavailable') throw error
    throw new StorageInUse(
      `The data folder ${folder} is in use by another Paravion process${describeOwner(folder)}. ` +
        'Stop that process, or give this one a folder of its own.',
      { cause: error },
    )
  }
  return { release: () => lock.close() }
}

function describeOwner(folder: string): string {
  try {
    const db = new DatabaseSync(databaseFile(folder), { readOnly: true })
    try {
      const row = db.prepare('SELECT pid, host FROM nodes ORDER BY seen_at DESC LIMIT 1').get()
      return row === undefined ? '' : ` (process ${row.pid} on ${row.host})`
    } finally {
      db.close()
    }
  } catch (error) {
    // It is about to create its database, or restores one: then nothing is known about it yet.
    if (toFailure(error).code !== null) return ''
    throw error
  }
}

/** SQLite gives its -wal and -shm files the mode of the database, so this covers all of them. */
export function createPrivate(path: string) {
  closeSync(openSync(path, 'a', 0o600))
}

/** The only connection that writes. */
export function openWriter(folder: string): DatabaseSync {
  createPrivate(databaseFile(folder))
  const db = new DatabaseSync(databaseFile(folder), { timeout: 5000 })
  // In this order: auto_vacuum counts only before the first table exists.
  db.exec(`
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -4096;
    PRAGMA temp_store = MEMORY;
    PRAGMA application_id = ${applicationId};
  `)
  return db
}

export function openReader(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  db.exec('PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY')
  return db
}

/** So that a file, and its name in the folder, survive a power cut. */
export function flush(path: string) {
  for (const target of [path, dirname(path)]) {
    const descriptor = openSync(target, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }
}
