/** Tests that must hold on both databases. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { systemClock } from '../src/runtime/clock.ts'
import { silentLog } from '../src/runtime/log.ts'
import { openStorage, type StoragePlace } from '../src/storage/open.ts'
import type { Storage } from '../src/storage/storage.ts'
import { postgresMissing, startPostgres, type TestPostgres } from './postgres.ts'

let server: Promise<TestPostgres> | undefined

/** One server for all tests of this process, started by the first that asks. */
export function sharedPostgres(): Promise<TestPostgres> {
  server ??= startPostgres({ isDurable: false })
  return server
}

after(async () => {
  await (await server)?.stop()
})

const cleanups = new WeakMap<TestContext, (() => unknown)[]>()

/** Like t.after, but the last registered runs first: what was built on something goes before it. */
export function cleanUp(t: TestContext, step: () => unknown) {
  const steps = cleanups.get(t)
  if (steps !== undefined) {
    steps.push(step)
    return
  }
  const all = [step]
  cleanups.set(t, all)
  t.after(async () => {
    const failed: unknown[] = []
    // A step that fails must not leave running what the others would end.
    for (const one of all.reverse()) {
      try {
        await one()
      } catch (error) {
        failed.push(error)
      }
    }
    if (failed.length > 0) throw failed[0]
  })
}

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'paravion-test-'))
  cleanUp(t, () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A new database, gone after the test. */
export async function storagePlace(t: TestContext, kind: Storage['kind']): Promise<StoragePlace> {
  if (kind === 'sqlite') return { kind, folder: temporaryFolder(t) }
  const { url, drop } = await (await sharedPostgres()).createDatabase()
  cleanUp(t, drop)
  return { kind, url }
}

/** Opens the storage at a place; it is stopped after the test, or earlier by the test itself. */
export async function openTestStorage(t: TestContext, place: StoragePlace): Promise<Storage> {
  const storage = await openStorage({ ...place, log: silentLog, clock: systemClock })
  cleanUp(t, () => storage.stop())
  return storage
}

/** Registers the test twice: on SQLite and on PostgreSQL, each time with a database of its own. */
export function storageTest(
  name: string,
  run: (t: TestContext, storage: Storage, place: StoragePlace) => Promise<void>,
) {
  for (const kind of ['sqlite', 'postgres'] as const) {
    const skip = kind === 'postgres' && postgresMissing !== undefined ? postgresMissing : false
    test(`${name} (${kind})`, { skip }, async (t) => {
      const place = await storagePlace(t, kind)
      await run(t, await openTestStorage(t, place), place)
    })
  }
}
