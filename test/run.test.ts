/** `npm test`: what it starts, and what it leaves behind. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './storage.ts'

const runner = fileURLToPath(new URL('run.ts', import.meta.url))

for (const [outcome, status] of [
  ['ok(true)', 0],
  ['fail()', 1],
] as const) {
  test(`the named file is run in a folder that is gone afterwards: assert.${outcome}`, (t) => {
    const folder = temporaryFolder(t)
    const file = join(folder, 'one.test.ts')
    writeFileSync(
      file,
      `import assert from 'node:assert/strict'
       import { mkdtempSync, writeFileSync } from 'node:fs'
       import { tmpdir } from 'node:os'
       import { join } from 'node:path'
       import { test } from 'node:test'
       test('one', () => {
         writeFileSync(${JSON.stringify(join(folder, 'where'))}, mkdtempSync(join(tmpdir(), 'left-')))
         assert.${outcome}
       })`,
    )
    // Inside a test Node.js would not start tests.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const run = spawnSync(process.execPath, [runner, file], {
      encoding: 'utf8',
      env: { ...env, TMPDIR: folder },
    })
    assert.equal(run.status, status, run.stdout + run.stderr)
    assert.match(run.stdout, /^ℹ tests 1$/m)
    const left = readFileSync(join(folder, 'where'), 'utf8')
    assert.match(left, /\/paravion-tests-\w+\/left-\w+$/)
    assert.equal(existsSync(dirname(left)), false, left)
  })
}
