/** Kysely on the storage's threads: plain SELECTs go to a reading thread, everything else to the writing one. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Log } from '../../runtime/log.ts'
import type { Value } from './batch.ts'
import type { Gate } from './gate.ts'
import type { Query, QueryAnswer } from './query.ts'

export type Connections = {
  read(query: Query): Promise<QueryAnswer>
  write(query: Query): Promise<QueryAnswer>
  gate: Gate
  log: Log
}

// A transaction stops all other writes, so it must never wait for anything but the database.
const abandonedAfterMs = 10_000

export function createSqliteDialect(connections: Connections): Dialect {
  return {
    createAdapter: () => new ManyConnections(),
    createDriver: () => createDriver(connections),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** Kysely would let one query at a time through to SQLite; here each connection finds its own thread and its turn. */
class ManyConnections extends SqliteAdapter {
  override get supportsMultipleConnections() {
    return true
  }
}

type Connection = DatabaseConnection & {
  begin(): Promise<void>
  end(statement: 'COMMIT' | 'ROLLBACK'): Promise<void>
}

function createDriver(connections: Connections): Driver {
  const own = (connection: DatabaseConnection) => connection as Connection
  return {
    init: async () => {},
    acquireConnection: async () => createConnection(connections),
    beginTransaction: (connection) => own(connection).begin(),
    commitTransaction: (connection) => own(connection).end('COMMIT'),
    rollbackTransaction: (connection) => own(connection).end('ROLLBACK'),
    releaseConnection: async () => {},
    destroy: async () => {},
  }
}

function createConnection({ read, write, gate, log }: Connections): Connection {
  let transaction: { release(): void; timer: NodeJS.Timeout; abandoned: boolean } | undefined

  async function begin() {
    const release = await gate.close()
    try {
      await write({ sql: 'BEGIN IMMEDIATE', parameters: [] })
    } catch (error) {
      release()
      throw error
    }
    transaction = { release, abandoned: false, timer: setTimeout(abandon, abandonedAfterMs) }
  }

  function abandon() {
    if (transaction === undefined) return
    transaction.abandoned = true
    log.error('a transaction was left open for 10 s without a statement and has been rolled back')
    const { release } = transaction
    void write({ sql: 'ROLLBACK', parameters: [] }).then(release, (error: unknown) => {
      log.error({ error }, 'the abandoned transaction could not be rolled back')
      release()
    })
  }

  async function end(statement: 'COMMIT' | 'ROLLBACK') {
    if (transaction === undefined) return
    const { release, timer, abandoned } = transaction
    transaction = undefined
    clearTimeout(timer)
    if (abandoned) {
      if (statement === 'ROLLBACK') return
      throw new Error(abandonedText)
    }
    try {
      await write({ sql: statement, parameters: [] })
    } catch (error) {
      // A COMMIT that fails (disk full) leaves the transaction open, and Kysely does roll back then. Here its turn
      // is over, so it is done at once.
      if (statement === 'COMMIT') await write({ sql: 'ROLLBACK', parameters: [] }).catch(ignoreNoTransaction)
      throw error
    } finally {
      release()
    }
  }

  async function run(compiled: CompiledQuery): Promise<QueryAnswer> {
    const query: Query = { sql: compiled.sql, parameters: compiled.parameters as readonly Value[] }
    if (transaction !== undefined) {
      if (transaction.abandoned) throw new Error(abandonedText)
      transaction.timer.refresh()
      return write(query)
    }
    if (isSelect(compiled)) return read(query)
    for (;;) {
      const closed = gate.closed()
      if (closed === undefined) return write(query)
      await closed
    }
  }

  return {
    begin,
    end,
    async executeQuery<R>(compiled: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, binary, changes, lastRowId } = await run(compiled)
      for (const column of binary) {
        for (const row of rows) {
          const value = row[column]
          // A Buffer, as PostgreSQL's driver gives.
          if (value instanceof Uint8Array) {
            row[column] = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
          }
        }
      }
      return { rows: rows as R[], numAffectedRows: BigInt(changes), insertId: BigInt(lastRowId) }
    },
    // biome-ignore lint/correctness/useYield: the interface wants a generator; there is nothing to yield.
    async *streamQuery() {
      throw new Error('Rows are not streamed here. Read them page by page, in the order of their ids.')
    },
  }
}

const abandonedText =
  'This transaction was rolled back because it had been left open for 10 s without a statement.'

function isSelect({ query, sql }: CompiledQuery): boolean {
  return query.kind === 'SelectQueryNode' || (query.kind === 'RawNode' && /^\s*select\b/i.test(sql))
}

function ignoreNoTransaction(error: unknown) {
  if (!(error instanceof Error && error.message.includes('no transaction is active'))) throw error
}
