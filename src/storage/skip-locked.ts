import { type RawBuilder, sql } from 'kysely'
import type { Storage } from './storage.ts'

/** Ends a SELECT of rows about to be updated: rows that another node is updating just now are left to it. */
export function skipLocked({ kind }: Pick<Storage, 'kind'>): RawBuilder<unknown> {
  // SQLite has one writer: there is nobody to wait for.
  return kind === 'postgres' ? sql`FOR UPDATE SKIP LOCKED` : sql``
}
