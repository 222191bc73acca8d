/** A thread with a connection that only reads: long lists never stand in the way of writes or of the engine. */
import { databaseFile, openReader } from './files.ts'
import { createQueryRunner, type Query } from './query.ts'
import { serveThread } from './thread.ts'

serveThread<{ folder: string }, Query>(({ folder }) => {
  const db = openReader(databaseFile(folder))
  const queries = createQueryRunner(db)
  return { answer: (query) => queries.run(query), close: () => db.close() }
})
