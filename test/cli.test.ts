/** The program `paravion` as people and scripts meet it: words, exit codes, JSON. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../bin/paravion.js', import.meta.url))

function run(args: readonly string[], env: Record<string, string> = {}) {
  const { PATH = '' } = process.env
  const result = spawnSync(process.execPath, [program, ...args], {
    env: { PATH, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status: result.status, out: result.stdout, err: result.stderr }
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'paravion-cli-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('help goes to standard output and is no failure', () => {
  const { status, out, err } = run(['--help'])
  assert.equal(status, 0)
  assert.match(out, /Usage: paravion/)
  assert.equal(err, '')
})

test('a command that does not exist is misuse', () => {
  const { status, err } = run(['queu'])
  assert.equal(status, 2)
  assert.match(err, /unknown command 'queu'\n\(Did you mean queue\?\)/)
})

test('an option that does not exist is misuse', () => {
  const { status, err } = run(['serve', '--redy', 'x'])
  assert.equal(status, 2)
  assert.match(err, /unknown option '--redy'/)
})

test('wrong settings stop every command, all of them in one message', (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'paravion.toml'), 'mood = "lab"\n[smtp]\nmax_recipients = 0\n')
  for (const command of [['serve'], ['key', 'list'], ['config', 'print']]) {
    const { status, out, err } = run(command, { PARAVION_DATA: folder })
    assert.equal(status, 1)
    assert.equal(out, '')
    assert.match(
      err,
      /^paravion: 2 settings are wrong:\n {2}mood .*the nearest is mode\n {2}smtp\.max_recipients .*\n$/,
    )
  }
})

test('config print shows values and where they come from', () => {
  const { status, out } = run(['config', 'print', '--json'], { PARAVION_SMTP_MAX_RECIPIENTS: '7' })
  assert.equal(status, 0)
  const printed = JSON.parse(out) as { key: string; value: unknown; source: string }[]
  assert.deepEqual(
    printed.filter(({ key }) => key === 'smtp.max_recipients' || key === 'mode'),
    [
      { key: 'mode', value: 'lab', source: 'default' },
      { key: 'smtp.max_recipients', value: 7, source: 'PARAVION_SMTP_MAX_RECIPIENTS' },
    ],
  )
})

test('what config print prints is a settings file that says the same', (t) => {
  const folder = temporaryFolder(t)
  const first = run(['config', 'print', '--data', folder], {
    PARAVION_PORTS: 'free',
    PARAVION_LOG_LEVEL: 'debug',
  })
  writeFileSync(join(folder, 'paravion.toml'), first.out)
  const second = run(['config', 'print', '--data', folder])
  assert.equal(second.status, 0, second.err)
  const withoutSources = (text: string) => text.replace(/ {2}# .*$/gm, '')
  assert.equal(withoutSources(second.out), withoutSources(first.out))
})

test('a password is never printed', () => {
  const { out } = run(['config', 'print'], {
    PARAVION_DELIVERY_SMARTHOST_HOST: 'relay.example',
    PARAVION_DELIVERY_SMARTHOST_USER: 'me',
    PARAVION_DELIVERY_SMARTHOST_PASSWORD: 'hunter2',
  })
  assert.match(out, /password = "\*+"/)
  assert.doesNotMatch(out, /hunter2/)
})
