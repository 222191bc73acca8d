/** `npm run crash-test [-- ROUNDS]`: SQLite, then PostgreSQL; fails when anything acknowledged was lost. */
import { startPostgres } from '../postgres.ts'
import { inspectPostgres, inspectSqlite } from './inspect.ts'
import { type CrashReport, crashRounds } from './rounds.ts'

const rounds = Number(process.argv[2] ?? 30)
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error('the number of rounds must be a whole number from 1')

const progress = (line: string) => process.stderr.write(`${line}\n`)
let failed = false

function judge(database: string, report: CrashReport): void {
  const sound = report.integrity.every((answer) => answer === 'ok')
  const ok =
    report.lost.length === 0 &&
    report.duplicates <= report.inFlightAtKills &&
    sound &&
    report.acknowledged > 0
  if (!ok) failed = true
  const { lost, integrity, ...figures } = report
  process.stdout.write(
    `${JSON.stringify({ database, ok, ...figures, lost: lost.length, lostIds: lost.slice(0, 10), databaseOpensClean: sound })}\n`,
  )
}

judge('sqlite', await crashRounds({ rounds, inspect: inspectSqlite, progress }))

const postgres = await startPostgres({ isDurable: true })
try {
  const { url } = await postgres.createDatabase()
  judge(
    'postgres',
    await crashRounds({
      rounds,
      env: { PARAVION_DATABASE_URL: url },
      inspect: () => inspectPostgres(url),
      progress,
    }),
  )
} finally {
  await postgres.stop()
}
process.exitCode = failed ? 1 : 0
