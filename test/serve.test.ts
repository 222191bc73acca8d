/** A first start as a person meets it: the screen, its commands pasted into a shell, and what other commands then say. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'bin', 'paravion.js')

type Ready = {
  pid: number
  url: string
  httpsUrl: string
  submission: { starttls: number; tls: number }
  lab: { dns: number; receiver: number }
  ca: string
  from: string
  apiKey: string
  secretKey?: string
}

type Ended = { status: number; out: string; err: string }

const folder = mkdtempSync(join(tmpdir(), 'paravion-serve-'))
const data = join(folder, 'data')
const environment = {
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
  PARAVION_DATA: data,
  PARAVION_PORTS: 'free',
}

type Server = { process: ChildProcess; ready: Ready; screen: string }
let server: Server

before(async () => {
  server = await startServer()
})

after(async () => {
  await stopServer(server)
  rmSync(folder, { recursive: true, force: true })
})

async function startServer(): Promise<Server> {
  const readyFile = join(folder, 'ready.json')
  rmSync(readyFile, { force: true })
  const process_ = spawn(process.execPath, [program, 'serve', '--ready', readyFile], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let log = ''
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  process_.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const screenIsThere = () => existsSync(readyFile) && output.endsWith('\n\n')
  for (let waited = 0; !screenIsThere(); waited += 50) {
    assert.equal(process_.exitCode, null, `the server ended:\n${log}`)
    assert.ok(waited < 60_000, `the server did not get ready:\n${log}`)
    await sleep(50)
  }
  const ready = JSON.parse(readFileSync(readyFile, 'utf8')) as Ready
  return { process: process_, ready, screen: stripVTControlCharacters(output) }
}

async function stopServer({ process: child }: Server): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = (await exited) as [number | null]
  return code
}

function run(file: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...environment, ...env }, cwd: root, timeout: 60_000 }
    execFile(file, args, options, (error, out, err) => {
      const code = error === null ? 0 : error.code
      resolve({ status: typeof code === 'number' ? code : -1, out, err })
    })
  })
}

function paravion(...args: string[]): Promise<Ended> {
  return run(process.execPath, [program, ...args])
}

async function paravionJson(...args: string[]): Promise<unknown> {
  const { status, out, err } = await paravion(...args, '--json')
  assert.equal(status, 0, `${args.join(' ')}: ${err}`)
  return JSON.parse(out)
}

function isThere(tool: string): boolean {
  return spawnSync(tool, ['--version']).error === undefined
}

/** The lines below `# name` on the screen, as somebody would copy them. */
function commandOnScreen(name: string): string {
  const [, rest = ''] = server.screen.split(`  # ${name}\n`)
  return rest.split('\n\n')[0] ?? ''
}

async function arrives(subject: string, count: number): Promise<Record<string, unknown>[]> {
  for (let tries = 0; tries < 100; tries++) {
    const found = (await paravionJson('inbox', '--subject', subject, '--wait', '20')) as Record<
      string,
      unknown
    >[]
    if (found.length >= count) return found
    await sleep(100)
  }
  return assert.fail(`fewer than ${count} messages with the subject ${subject} arrived`)
}

let sent = 0

for (const name of ['curl', 'swaks', 'node-mailjet']) {
  const skip = name !== 'node-mailjet' && !isThere(name) ? `${name} is not installed` : false

  test(`the ${name} command of the screen sends a message that arrives signed`, { skip }, async () => {
    const ended = await run('sh', ['-c', commandOnScreen(name)])
    assert.equal(ended.status, 0, ended.err + ended.out)
    sent++

    const messages = await arrives('Hello', sent)
    const [newest = {}] = messages
    assert.deepEqual(Object.keys(newest), [
      'id',
      'from',
      'to',
      'subject',
      'dkim',
      'spf',
      'dmarc',
      'tls',
      'receivedAt',
    ])
    const { from, to, dkim, spf, dmarc, tls } = newest
    assert.deepEqual(
      { from, to, dkim, spf, dmarc },
      { from: 'hello@shop.example', to: 'ok@inbox.test', dkim: 'pass', spf: 'pass', dmarc: 'pass' },
    )
    assert.match(String(tls), /^TLS/)
  })
}

test('the story of a message is told, with the dialogue of its attempt', async () => {
  const [newest] = (await paravionJson('message', 'list', '--limit', '1')) as { id: number }[]
  const { status, out } = await paravion('message', 'show', String(newest?.id))
  assert.equal(status, 0)
  assert.match(out, /ok@inbox\.test: delivered at .* to mx\.lab\.test/)
  assert.match(out, /^ {2}C: BDAT \d+ LAST$/m)
  assert.match(out, /^ {2}S: 250 2\.0\.0 /m)
  assert.match(out, /^ {2}C: MAIL FROM:/m)
  assert.equal((await paravion('message', 'show')).out, out, 'without a name, the newest')
})

test('a message sent by command arrives', async () => {
  const { status, err } = await paravion(
    ...['send', '--from', 'hello@shop.example', '--to', 'ok@inbox.test', 'second@inbox.test'],
    ...['--subject', 'By command', '--text', 'It works.'],
  )
  assert.equal(status, 0, err)
  assert.equal((await arrives('By command', 2)).length, 2)
})

test('one message of the inbox is shown whole', async () => {
  const [newest] = await arrives('By command', 1)
  const { status, out } = await paravion('inbox', String(newest?.id))
  assert.equal(status, 0)
  assert.match(out, /Verdicts +dkim=pass spf=pass dmarc=pass/)
  assert.match(out, /^DKIM-Signature: /m)
  assert.match(out, /^It works\.$/m)
})

test('what waits can be seen, held, released and dropped', async () => {
  await paravion(
    ...['send', '--from', 'hello@shop.example', '--to', 'busy@inbox.test'],
    ...['--subject', 'Later', '--text', 'x'],
  )
  let waiting: { id: number; state: string }[] = []
  for (let tries = 0; tries < 100 && waiting.length === 0; tries++) {
    waiting = (await paravionJson('queue', 'list', '--state', 'deferred')) as typeof waiting
    if (waiting.length === 0) await sleep(100)
  }
  const id = String(waiting[0]?.id)
  const { out: shown } = await paravion('queue', 'show', id)
  assert.match(shown, /busy@inbox\.test/)

  assert.equal((await paravion('queue', 'hold', id)).out, '1 delivery held.\n')
  assert.equal((await paravion('queue', 'release', '--domain', 'inbox.test')).out, '1 delivery released.\n')
  assert.equal((await paravion('queue', 'drop', id)).out, '1 delivery dropped.\n')
  assert.equal((await paravion('queue', 'list')).out, 'Nothing waits.\n')
  assert.match((await paravion('queue', 'drop', id)).out, /^0 deliveries dropped\.\n.* was left alone: /)
})

test('keys are made, suspended, resumed and rotated', async () => {
  const made = (await paravionJson('key', 'create', 'Shop')) as { publicKey: string; secret: string }
  const call = (secret: string) =>
    fetch(`${server.ready.url}/v3/REST/message`, {
      headers: { authorization: `Basic ${btoa(`${made.publicKey}:${secret}`)}` },
    }).then((answer) => answer.status)
  assert.equal(await call(made.secret), 200)

  assert.equal(
    (await paravion('key', 'suspend', made.publicKey)).out,
    `Shop (${made.publicKey}) is suspended.\n`,
  )
  assert.equal((await paravion('key', 'resume', made.publicKey)).out, `Shop (${made.publicKey}) is active.\n`)
  const rotated = (await paravionJson('key', 'rotate', made.publicKey)) as { secret: string }
  assert.notEqual(rotated.secret, made.secret)
  const { out } = await paravion('key', 'list')
  assert.match(out, new RegExp(`${made.publicKey} +Shop +sub-key +active`))
  const lines = out.trim().split('\n')
  assert.match(lines[1] ?? '', new RegExp(`${server.ready.apiKey} .* master `), 'the one that is used')
  assert.match(lines.at(-1) ?? '', /Own mail of this instance +instance +active/)
})

test('a domain is added, and its records are shown in two forms', async () => {
  const added = await paravion('domain', 'add', 'Second.example', '--selector', 's1')
  assert.equal(added.status, 0, added.err)
  assert.match(added.out, /Host +s1\._domainkey\n/)
  const zone = await paravion('domain', 'show', 'second.example', '--zone')
  assert.match(zone.out, /^s1\._domainkey\.second\.example\. IN TXT "v=DKIM1; k=rsa; p=/m)
  assert.match((await paravion('domain', 'list')).out, /^second\.example /m)

  const again = await paravion('domain', 'add', 'second.example')
  assert.equal(again.status, 1)
  assert.match(again.err, /^paravion: .*second\.example is a domain of this API key already/)
})

const refused: [args: string[], message: RegExp][] = [
  [['message', 'show', '1'], /^paravion: .*1.*\n$/],
  [['message', 'show', '../keys'], /^paravion: .+\n$/],
  [['queue', 'retry'], /^paravion: name what to retry: either ids \(paravion queue list\), or --state, /],
  [['queue', 'retry', 'x'], /^paravion: "x" is not an id; they are whole numbers\n$/],
  [['key', 'suspend', 'nobody'], /^paravion: there is no API key 'nobody'/],
  [['domain', 'show', 'unknown.example'], /^paravion: unknown\.example is not a domain of this API key/],
  [['domain', 'add', 'http://x'], /^paravion: .*is not a domain name/],
  [['inbox', '999999'], /^paravion: .+\n$/],
  [['inbox', '--limit', '0'], /^paravion: --limit is "0"; it should be a whole number from 1 to 1000\n$/],
  [
    ['send', '--from', 'not an address', '--to', 'ok@inbox.test', '--subject', 'x', '--text', 'x'],
    /^paravion: .+\n$/,
  ],
  [
    [
      'send',
      '--from',
      'hello@shop.example',
      '--to',
      'ok@inbox.test',
      '--subject',
      'x\r\nBcc: y@z.test',
      '--text',
      'x',
    ],
    /^paravion: .+\n$/,
  ],
]

for (const [args, message] of refused) {
  test(`refused in one line: ${args.join(' ').replace(/\r\n/, '\\r\\n')}`, async () => {
    const { status, out, err } = await paravion(...args)
    assert.equal(status, 1, err)
    assert.equal(out, '')
    assert.match(err, message)
    assert.equal(err.trimEnd().split('\n').length, 1, err)
  })
}

test('waiting for a message that does not come fails after its time', async () => {
  const { status, err } = await paravion('inbox', '--subject', 'never sent', '--wait', '1')
  assert.equal(status, 1)
  assert.equal(err, 'paravion: no such message arrived within 1 second\n')
})

test('a second server on the same data folder is refused', async () => {
  const { status, err } = await paravion('serve')
  assert.equal(status, 1)
  assert.match(err, /^paravion: .*\n$/)
  assert.ok(err.includes(data), err)
})

test('a port that is taken is named', async () => {
  const { port } = new URL(server.ready.url)
  const { status, err } = await run(process.execPath, [program, 'serve'], {
    PARAVION_DATA: join(folder, 'other'),
    PARAVION_HTTP_PORT: port,
  })
  assert.equal(status, 1)
  assert.match(err, new RegExp(`paravion: port ${port} of 127\\.0\\.0\\.1 is taken by another program; `))
})

test('files with secrets are for their owner alone', () => {
  for (const name of [join(folder, 'ready.json'), join(data, 'run.json'), join(data, 'instance.key')]) {
    assert.equal(statSync(name).mode & 0o077, 0, name)
  }
})

test('a backup is taken while the server runs, and restored when it has stopped', async () => {
  const backup = join(folder, 'backup.db')
  const before_ = (await paravionJson('key', 'list')) as { publicKey: string }[]
  assert.equal((await paravion('backup', backup)).status, 0)
  const again = await paravion('backup', backup)
  assert.equal(again.status, 1, 'a backup does not replace a file')
  await paravion('key', 'create', 'Made after the backup')
  const running = await paravion('restore', backup)
  assert.equal(running.status, 1, 'not while the server runs')

  assert.equal(await stopServer(server), 0)
  const refusedConnection = connect(server.ready.submission.starttls, '127.0.0.1')
  await once(refusedConnection, 'error')
  assert.equal(existsSync(join(data, 'run.json')), false)

  const restored = await paravion('restore', backup)
  assert.equal(restored.status, 0, restored.err)
  // Without a server, commands work on the data folder themselves.
  const keys = (await paravionJson('key', 'list')) as { publicKey: string }[]
  assert.deepEqual(
    keys.map((key) => key.publicKey),
    before_.map((key) => key.publicKey),
  )
  assert.ok((await arrives('By command', 2)).length === 2)

  server = await startServer()
  assert.equal(
    server.ready.apiKey,
    before_.map((key) => key.publicKey).find((key) => key === server.ready.apiKey),
  )
  assert.equal(server.ready.secretKey, undefined)
  assert.match(server.screen, /Secret +shown when it was made/)
})
