/** `sender`, `domain` and `lab dns` as people and scripts meet them, without a server running. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './storage.ts'

const program = fileURLToPath(new URL('../bin/paravion.js', import.meta.url))

test('senders, domains and lab records by command', (t) => {
  const env = {
    PATH: process.env.PATH ?? '',
    PARAVION_DATA: temporaryFolder(t),
    PARAVION_PORTS: 'free',
    PARAVION_DKIM_BITS: '1024',
  }
  function paravion(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      env,
      encoding: 'utf8',
      timeout: 60_000,
    })
    return { status, out: stdout, err: stderr }
  }
  const json = <T>(...args: string[]): T => {
    const { status, out, err } = paravion(...args, '--json')
    assert.equal(status, 0, err)
    return JSON.parse(out) as T
  }

  const sender = json<{ email: string; status: string; kind: string }>(
    ...['sender', 'add', 'News@Second.example', '--type', 'bulk', '--name', 'News'],
  )
  assert.deepEqual([sender.email, sender.status, sender.kind], ['news@second.example', 'inactive', 'bulk'])
  const again = paravion('sender', 'add', 'news@second.example')
  assert.equal(again.status, 1)
  assert.match(again.err, /^paravion: There is an already existing inactive sender with the same email\./)
  const wrong = paravion('sender', 'add', 'x@second.example', '--type', 'spam')
  assert.equal(wrong.err, 'paravion: --type is "spam"; it should be transactional or bulk\n')

  const added = paravion('domain', 'add', 'second.example')
  assert.match(added.out, /^second\.example is added\..*\n\nOWNERSHIP /)
  // Beside no server there is no lab to ask, and the real world is not asked instead.
  const checked = json<{ checks: { status: string }[] }>('domain', 'check', 'second.example')
  assert.deepEqual([...new Set(checked.checks.map(({ status }) => status))], ['unknown'])

  const record = json<{ id: number; name: string }>('lab', 'dns', 'put', 'x.second.example', 'TXT', 'hello')
  assert.equal(record.name, 'x.second.example')
  assert.match(paravion('lab', 'dns', 'list').out, /x\.second\.example +5 +TXT +hello\n/)
  assert.deepEqual(json('lab', 'dns', 'remove', String(record.id)), { removed: true })

  assert.equal(
    paravion('domain', 'remove', 'second.example').out,
    'second.example is removed, and every sender at it.\n',
  )
  const gone = paravion('sender', 'remove', 'news@second.example')
  assert.match(gone.err, /^paravion: this API key has no sender news@second\.example/)
  assert.match(
    paravion('sender', 'add', '*@third.example').out,
    /Prove the domain: paravion domain show third\.example/,
  )
})
