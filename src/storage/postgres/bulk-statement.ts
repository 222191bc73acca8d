/** One statement for many rows: the values come as one array per column, so that a batch costs one round trip. */
import type { Write, WriteStatement } from '../storage.ts'
import { formatNumbers, formatTexts } from './array-literal.ts'

export type ColumnType = 'bigint' | 'text' | 'bytea'
export type ColumnTypes = ReadonlyMap<string, ColumnType>

export type Row = {
  values: Write['values']
  /** Comes back when the row has matched; only asked for by guards. */
  ordinal: number
}

export type BulkStatement = {
  /** It is prepared once per connection under this name. */
  name: string
  text: string
  parameters(rows: readonly Row[]): unknown[]
}

/** `returning`: the statement answers with the ordinal of each row that matched, once per match. */
export function createBulkStatement(
  statement: WriteStatement,
  { types, returning }: { types: ColumnTypes; returning: boolean },
): BulkStatement {
  const { index, kind, table, set, where } = statement
  const sources: string[] = []
  const aliases: string[] = []
  const encoders: ((rows: readonly Row[]) => unknown[])[] = []
  let parameterCount = 0

  function addArray(type: string, alias: string): string {
    sources.push(`$${++parameterCount}::${type}[]`)
    aliases.push(alias)
    return `u.${alias}`
  }

  /** Makes the column's values available, and returns the expression for one row's. */
  function addColumn(column: string, position: number): string {
    const type = types.get(`${table}.${column}`)
    if (type === undefined) throw new Error(`The database has no column ${table}.${column}.`)
    if (type === 'bytea') return addBytes(position)
    const format = type === 'bigint' ? formatNumbers : formatTexts
    encoders.push((rows) => [format(rows.map((row) => row.values[position] ?? null))])
    return addArray(type, `v${position}`)
  }

  /** All bodies of the batch travel as one binary value; an array of them would have to be spelled out in hex. */
  function addBytes(position: number): string {
    const packed = `$${++parameterCount}::bytea`
    const start = addArray('int', `s${position}`)
    const length = addArray('int', `l${position}`)
    encoders.push((rows) => packBytes(rows, position))
    return `substring(${packed} FROM ${start} FOR ${length})`
  }

  const expressions = [...set, ...where].map(addColumn)
  if (returning) {
    addArray('int', 'ordinal')
    encoders.push((rows) => [formatNumbers(rows.map((row) => row.ordinal))])
  }

  const source = `unnest(${sources.join(', ')}) AS u(${aliases.join(', ')})`
  const condition = where.map((column, at) => `t."${column}" = ${expressions[set.length + at]}`).join(' AND ')
  const suffix = returning ? ' RETURNING u.ordinal' : ''
  const assignments = set.map((column, at) => `"${column}" = ${expressions[at]}`).join(', ')
  const insert = `INSERT INTO "${table}" (${set.map((column) => `"${column}"`).join(', ')})
      SELECT ${expressions.join(', ')} FROM ${source}`
  const text = {
    insert,
    ensure: `${insert} ON CONFLICT DO NOTHING`,
    update: `UPDATE "${table}" t SET ${assignments} FROM ${source} WHERE ${condition}`,
    delete: `DELETE FROM "${table}" t USING ${source} WHERE ${condition}`,
  }[kind]

  return {
    name: `${returning ? 'guard' : 'write'}-${index}`,
    text: text + suffix,
    parameters: (rows) => encoders.flatMap((encode) => encode(rows)),
  }
}

function packBytes(rows: readonly Row[], position: number): [Buffer, string, string] {
  const parts: Uint8Array[] = []
  const starts: (number | null)[] = []
  const lengths: (number | null)[] = []
  let start = 1
  for (const { values } of rows) {
    const value = values[position]
    if (value instanceof Uint8Array) {
      parts.push(value)
      starts.push(start)
      lengths.push(value.byteLength)
      start += value.byteLength
    } else {
      starts.push(null)
      lengths.push(null)
    }
  }
  const [only] = parts
  const packed =
    parts.length === 1 && only !== undefined
      ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
      : Buffer.concat(parts)
  return [packed, formatNumbers(starts), formatNumbers(lengths)]
}
