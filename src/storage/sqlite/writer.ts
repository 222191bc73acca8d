/** The storage thread: locks the folder, migrates, then is the only one that writes. */
import { checkVersion, createMeta, readVersion, statementsSince } from '../migrate.ts'
import { sqliteDialect } from '../migrations/migration.ts'
import { createBatchWriter } from './apply-batch.ts'
import type { PackedBatch } from './batch.ts'
import { lockFolder, openWriter } from './files.ts'
import { createQueryRunner, type Query } from './query.ts'
import { serveThread } from './thread.ts'

export type WriterRequest =
  | { kind: 'batch'; batch: PackedBatch }
  | ({ kind: 'query' } & Query)
  | { kind: 'tidy' }

// 4 MB at a time: a few milliseconds, between batches.
const pagesPerTidy = 1000

serveThread<{ folder: string }, WriterRequest>(({ folder }) => {
  const lock = lockFolder(folder)
  const db = openWriter(folder)
  migrate()
  const batches = createBatchWriter(db)
  const queries = createQueryRunner(db)

  function migrate() {
    db.exec('BEGIN IMMEDIATE')
    try {
      db.exec(createMeta)
      const found = db.prepare(readVersion).get()?.value
      const version = checkVersion(typeof found === 'string' ? found : undefined)
      for (const statement of statementsSince(version, sqliteDialect)) db.exec(statement)
      db.exec('COMMIT')
    } catch (error) {
      db.exec('ROLLBACK')
      db.close()
      lock.release()
      throw error
    }
  }

  /** Gives a little of the space of dropped bodies back to the disk, once a quarter of the file is empty. */
  function tidy() {
    const free = pragma('freelist_count')
    if (free < 10_000 || free * 4 < pragma('page_count')) return
    db.exec(`PRAGMA incremental_vacuum(${pagesPerTidy})`)
  }

  const pragma = (name: string) => Number(db.prepare(`PRAGMA ${name}`).get()?.[name])

  return {
    answer(request) {
      switch (request.kind) {
        case 'batch':
          return { value: batches.apply(request.batch) }
        case 'query':
          return queries.run(request)
        case 'tidy':
          tidy()
          return { value: undefined }
      }
    },
    close() {
      db.close()
      lock.release()
    },
  }
})
