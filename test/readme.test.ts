/** What the README says under "Connect a client", run as it stands there but for the ports of this run. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startTestApp } from './app.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const hasSwaks = spawnSync('swaks', ['--version']).error === undefined

function exampleOf(client: string): { language: string; text: string } {
  const after = readme.slice(readme.indexOf(`**${client}**`))
  const found = /```(\w+)\n([\s\S]*?)^```$/m.exec(after)
  assert.ok(found, `the README has no example of ${client}`)
  return { language: found[1] ?? '', text: found[2] ?? '' }
}

for (const client of ['curl', 'swaks', 'node-mailjet', 'nodemailer']) {
  const skip = client === 'swaks' && !hasSwaks ? 'swaks is not installed' : false
  test(`the ${client} example of the README sends`, { skip }, async (t) => {
    const { ready, received, credentials } = await startTestApp(t)
    const { language, text } = exampleOf(client)
    const example = text
      .replaceAll('127.0.0.1:8080', new URL(ready.url ?? '').host)
      .replaceAll('127.0.0.1:8443', new URL(ready.httpsUrl ?? '').host)
      .replaceAll('1587', String(ready.submission.starttls))
      .replaceAll('paravion-data/tls/ca.pem', ready.ca ?? '')
    const command = language === 'js' ? process.execPath : 'bash'
    const words = language === 'js' ? ['--input-type=module', '-e', example] : ['-c', example]
    await run(command, words, {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        KEY: credentials.apiKey,
        SECRET: credentials.secretKey,
        NODE_EXTRA_CA_CERTS: ready.ca,
      },
    })
    const [message] = await received('ok@inbox.test')
    assert.deepEqual([message?.subject, message?.dkim], ['Your order', 'pass'])
  })
}
