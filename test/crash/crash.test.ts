/** The short form of `npm run crash-test`, in every test run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspectSqlite } from './inspect.ts'
import { crashRounds } from './rounds.ts'

test('whatever was acknowledged survives SIGKILL under load, and is sent once', async () => {
  const report = await crashRounds({ rounds: 3, inspect: inspectSqlite })

  assert.ok(report.acknowledged > 0)
  assert.deepEqual(report.lost, [])
  assert.ok(
    report.duplicates <= report.inFlightAtKills,
    `${report.duplicates} duplicates with ${report.inFlightAtKills} attempts in flight`,
  )
  assert.deepEqual(new Set(report.integrity), new Set(['ok']))
})
