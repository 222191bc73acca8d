/** Which version a database has, and what it takes to make it ours. */

import { migrations, schemaVersion } from './migrations/index.ts'
import type { Dialect } from './migrations/migration.ts'
import { WrongDatabase } from './storage.ts'

/** Made first, outside the numbered migrations: it says which of them have run. */
export const createMeta = 'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)'
export const readVersion = "SELECT value FROM meta WHERE name = 'schema_version'"

/** `found` is what `readVersion` gave: undefined in a new database. Throws when the program is too old for it. */
export function checkVersion(found: string | undefined, known: number = schemaVersion): number {
  if (found === undefined) return 0
  const version = Number(found)
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new WrongDatabase(`The database has a schema version that makes no sense: "${found}".`)
  }
  if (version > known) {
    throw new WrongDatabase(
      `The database has schema version ${version}, this program knows versions up to ${known}. ` +
        'Start the newer program again, or restore a backup from before the upgrade.',
    )
  }
  return version
}

/** The statements that bring a database from `version` to ours, for one transaction. */
export function statementsSince(version: number, dialect: Dialect): string[] {
  const statements = migrations
    .filter((migration) => migration.version > version)
    .flatMap((migration) => migration.statements(dialect))
  if (statements.length === 0) return []
  return [
    ...statements,
    `INSERT INTO meta (name, value) VALUES ('schema_version', '${schemaVersion}')
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  ]
}
