/** What a piece of code asks the database for. */
import { CompiledQuery, type Kysely } from 'kysely'
import type { Schema } from '../src/storage/schema.ts'

/** `asked` grows with each query that is made through the `db` beside it, transactions included. */
export function watchQueries(db: Kysely<Schema>): { db: Kysely<Schema>; asked: CompiledQuery[] } {
  const asked: CompiledQuery[] = []
  const watched = db.withPlugin({
    transformQuery({ node, queryId }) {
      asked.push(db.getExecutor().compileQuery(node, queryId))
      return node
    },
    transformResult: async ({ result }) => result,
  })
  return { db: watched, asked }
}

/** How SQLite would answer a query, a line for each step. */
export async function planOf(db: Kysely<Schema>, { sql, parameters }: CompiledQuery): Promise<string> {
  const { rows } = await db.executeQuery<{ detail: string }>(
    CompiledQuery.raw(`EXPLAIN QUERY PLAN ${sql}`, [...parameters]),
  )
  return rows.map(({ detail }) => detail).join('\n')
}
