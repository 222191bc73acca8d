/** The gateway's commands as people and scripts meet them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './storage.ts'

const program = fileURLToPath(new URL('../bin/paravion.js', import.meta.url))

function run(args: readonly string[], { folder = '', input = '' } = {}) {
  const { PATH = '' } = process.env
  const result = spawnSync(process.execPath, [program, ...args], {
    env: { PATH, PARAVION_DATA: folder, PARAVION_PORTS: 'free', PARAVION_DKIM_BITS: '1024' },
    encoding: 'utf8',
    timeout: 60_000,
    input,
  })
  return { status: result.status, out: result.stdout, err: result.stderr }
}

const rules = {
  servers: [{ id: 1, name: 'Mailjet', priority: 10, from_filter: 'shop.example', active: true }],
  params: { 'mail.default.from': 'notifications@shop.example' },
  email_from: 'Zoe <zoe@customer.example>',
}

test('a case is explained from standard input, without a data folder', () => {
  const { status, out } = run(['explain', '--case', '-', '--json'], { input: JSON.stringify(rules) })
  assert.equal(status, 0)
  const { because, ...decision } = JSON.parse(out) as { because: string[] }
  assert.deepEqual(decision, {
    server: 1,
    smtp_from: 'notifications@shop.example',
    from_header: '"Zoe" <notifications@shop.example>',
  })
  assert.ok(because.length > 3)
})

test('a case that cannot be sent is an answer, not a failure', (t) => {
  const path = join(temporaryFolder(t), 'rules.json')
  writeFileSync(path, JSON.stringify({ email_from: null }))
  const { status, out } = run(['explain', '--case', path, '--json'])
  assert.equal(status, 0)
  assert.deepEqual(JSON.parse(out), {
    error: 'from_missing',
    because: ['the message has no From, and no default From is set'],
  })
})

test('a case of the wrong shape says where', () => {
  const notJson = run(['explain', '--case', '-'], { input: '{' })
  assert.deepEqual([notJson.status, notJson.err], [1, 'paravion: the case is not JSON\n'])
  const wrong = run(['explain', '--case', '-'], { input: '{"servers":[{"id":"one"}]}' })
  assert.equal(wrong.status, 1)
  assert.match(wrong.err, /^paravion: the case is not of the right shape: servers\.0\.id: /)
})

test('servers and parameters are set up and explained', (t) => {
  const folder = temporaryFolder(t)
  const added = run(
    [
      ...['server', 'add', 'Mailjet', '--host', 'in-v3.relay.example', '--security', 'ssl_strict'],
      ...[
        '--priority',
        '-3',
        '--user',
        'key',
        '--password-file',
        '-',
        '--from-filter',
        'shop.example',
        '--json',
      ],
    ],
    { folder, input: 'hunter2\n' },
  )
  assert.equal(added.status, 0, added.err)
  assert.doesNotMatch(added.out, /hunter2/)
  const { id, port, priority, hasPassword } = JSON.parse(added.out) as Record<string, number>
  assert.deepEqual([port, priority, hasPassword], [465, -3, true])

  const set = run(['param', 'set', 'mass_mailing.mail_server_id', String(id)], { folder })
  assert.equal(set.out, `mass_mailing.mail_server_id = ${id}\n`)
  const archived = run(['server', 'archive', 'Mailjet'], { folder })
  assert.equal(archived.status, 1)
  assert.match(archived.err, /"Mailjet" is in use and cannot be archived: it is the server for mass mailing/)

  const explained = run(['explain', '--from', 'eve@elsewhere.example', '--bulk'], { folder })
  assert.equal(explained.status, 0, explained.err)
  assert.match(explained.out, /^1\. the API key may not send as eve@elsewhere\.example: /m)
  assert.match(explained.out, /^2\. it is mass mail, which this account sends through a server of its own$/m)
  assert.match(explained.out, /^4\. warning: its From filter \(shop\.example\) does not cover/m)
})
