/** Sorts the writes of many commits into few bulk statements, without changing what any commit does. */
import type { Write, WriteStatement } from '../storage.ts'
import type { Row } from './bulk-statement.ts'

export type Group = { statement: WriteStatement; rows: Row[] }

/**
 * Groups in the order in which they must run. Writes of one commit to one table keep their order; between tables and
 * between commits order does not matter. A row is never updated twice in one statement, which would do it once only.
 */
export function groupWrites(commits: readonly { ordinal: number; writes: readonly Write[] }[]): Group[] {
  const groups: (Group & { updated: Set<string> })[] = []
  const newest = new Map<number, number>()

  for (const { ordinal, writes } of commits) {
    const lastOfTable = new Map<string, number>()
    for (const { statement, values } of writes) {
      const key = statement.kind === 'update' ? keyOf(statement, values) : undefined
      const candidate = newest.get(statement.index)
      const earliest = lastOfTable.get(statement.table) ?? 0
      let position = candidate !== undefined && candidate >= earliest ? candidate : undefined
      if (position !== undefined && key !== undefined && groups[position]?.updated.has(key))
        position = undefined
      if (position === undefined) {
        position = groups.push({ statement, rows: [], updated: new Set() }) - 1
        newest.set(statement.index, position)
      }
      const group = groups[position]
      group?.rows.push({ values, ordinal })
      if (key !== undefined) group?.updated.add(key)
      lastOfTable.set(statement.table, position)
    }
  }
  return groups
}

const keyOf = ({ set }: WriteStatement, values: Write['values']) => values.slice(set.length).join('\0')
