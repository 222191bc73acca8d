/** What each of the two databases must be able to do; open.ts adds what both do alike. */
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'
import type { Commit, CommitResult } from './storage.ts'

export type Database = {
  readonly kind: 'sqlite' | 'postgres'
  readonly db: Kysely<Schema>
  commit(commit: Commit): Promise<CommitResult>
  /** Every event up to this id is there, and none will come. `known`: what was settled before. */
  settledEventId(known: number): Promise<number>
  /** A moment's housekeeping, every few seconds. */
  tidy(): Promise<void>
  backup(path: string): Promise<void>
  /** Resolves when everything handed to `commit` so far is answered. */
  idle(): Promise<void>
  /** Refuses new commits, finishes the others. */
  stop(): Promise<void>
}
