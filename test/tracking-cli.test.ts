/** `key tracking` as an operator meets it, with a server running. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestApp } from './app.ts'
import { temporaryFolder } from './storage.ts'

const program = fileURLToPath(new URL('../bin/paravion.js', import.meta.url))

test('what a key tracks is shown and changed by command', async (t) => {
  const folder = temporaryFolder(t)
  const app = await startTestApp(t, 'sqlite', { folder })
  const { apiKey } = app.credentials
  const tracking = (...args: string[]) =>
    new Promise<{ status: number; out: string; err: string }>((resolve) => {
      const env = { PATH: process.env.PATH ?? '', PARAVION_DATA: folder }
      execFile(process.execPath, [program, 'key', 'tracking', ...args], { env }, (error, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code), out, err })
      })
    })

  const before = await tracking(apiKey)
  assert.match(
    before.out,
    /^Opens +off \(nobody said\)\nClicks +off \(nobody said\)\nPrivate +off /,
    before.err,
  )
  const on = await tracking(apiKey, '--opens', 'on', '--private', 'on')
  assert.match(on.out, /^Opens +on \(the key says so\)\nClicks +off .*\nPrivate +on /, on.err)
  await app.admin('PUT', '/api/tracking', { of: 'account', clicks: true })
  const back = await tracking(apiKey, '--opens', 'account')
  assert.match(back.out, /^Opens +off \(nobody said\)\nClicks +on \(the account says so\)\n/, back.err)
  const json = JSON.parse((await tracking(apiKey, '--json')).out) as { effective: object }
  assert.deepEqual(json.effective, { opens: false, clicks: true, isPrivate: true })

  const wrong = await tracking(apiKey, '--opens', 'yes')
  assert.deepEqual([wrong.status, wrong.err], [1, 'paravion: "yes" is none of on, off and account\n'])
  const unknown = await tracking('12', '--opens', 'on')
  assert.match(unknown.err, /^paravion: there is no API key '12'/)
})
