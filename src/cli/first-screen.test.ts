import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { exampleCommands, type FirstScreen, formatFirstScreen } from './first-screen.ts'

const screen: FirstScreen = {
  version: '1.2.3',
  mode: 'lab',
  dataFolder: '/srv/mail',
  url: 'http://127.0.0.1:8080',
  httpsUrl: 'https://127.0.0.1:8443',
  smtpHost: '127.0.0.1',
  starttlsPort: 1587,
  tlsPort: 1465,
  mxPort: 1525,
  ca: '/srv/mail/tls/ca.pem',
  from: 'hello@shop.example',
  apiKey: 'a'.repeat(32),
  secret: 'b'.repeat(32),
}

function shown(changes: Partial<FirstScreen>): string {
  return stripVTControlCharacters(formatFirstScreen({ ...screen, ...changes }).join('\n'))
}

test('the first start shows addresses, the key with its secret, and three commands', () => {
  const text = shown({})
  for (const part of [
    'Paravion 1.2.3  lab: nothing leaves this machine',
    'API      http://127.0.0.1:8080   https://127.0.0.1:8443',
    'SMTP     127.0.0.1:1587 STARTTLS   127.0.0.1:1465 TLS',
    'MX       127.0.0.1:1525 incoming mail',
    `Secret   ${'b'.repeat(32)}`,
    '# curl',
    '# swaks',
    '# node-mailjet',
    'npx paravion inbox',
  ]) {
    assert.ok(text.includes(part), `${part} is missing in\n${text}`)
  }
})

test('a later start is short: it does not know the secret', () => {
  const { secret: _, ...later } = screen
  const text = stripVTControlCharacters(formatFirstScreen(later).join('\n'))
  assert.ok(!text.includes('# curl'))
  assert.ok(text.includes('shown when it was made; paravion key rotate makes a new one'))
})

test('without an address that may send, the next step is a domain', () => {
  const text = shown({ mode: 'live', from: '' })
  assert.ok(text.includes('npx paravion domain add your-domain'), text)
  assert.ok(!text.includes('# curl'))
})

/** What a shell makes of a command: one line for each word. */
function wordsOf(name: string, changes: Partial<FirstScreen> = {}): string[] {
  const command = exampleCommands({ ...screen, ...changes }).find((example) => example.name === name)
  assert.ok(command, `there is no command for ${name}`)
  // Shown indented by two columns, and so they are pasted.
  const pasted = command.lines.map((line) => `  ${line}`).join('\n')
  const script = `show() { printf '%s\\0' "$@"; }\n${name === 'node-mailjet' ? pasted.replace(' node -e', ' show -e') : `show ${pasted.trimStart()}`}`
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

test('the curl command is one request with a JSON body', () => {
  const words = wordsOf('curl')
  assert.deepEqual(words.slice(0, 4), ['curl', '-s', '-u', `${'a'.repeat(32)}:${'b'.repeat(32)}`])
  assert.deepEqual(JSON.parse(words[words.indexOf('-d') + 1] ?? ''), {
    Messages: [
      {
        From: { Email: 'hello@shop.example' },
        To: [{ Email: 'ok@inbox.test' }],
        Subject: 'Hello',
        TextPart: 'It works.',
      },
    ],
  })
  assert.equal(words.at(-1), 'http://127.0.0.1:8080/v3.1/send')
})

test('the curl command trusts the CA where there is only HTTPS', () => {
  const { url: _, ...httpsOnly } = screen
  const [command] = exampleCommands({ ...httpsOnly, ca: "/srv/my mail's/ca.pem" })
  assert.match(
    command?.lines.join(' ') ?? '',
    /--cacert '\/srv\/my mail'\\''s\/ca\.pem' .* https:\/\/127\.0\.0\.1:8443/,
  )
})

test('the swaks command logs in under TLS', () => {
  const words = wordsOf('swaks')
  assert.deepEqual(words.slice(0, 6), ['swaks', '--server', '127.0.0.1', '--port', '1587', '--tls'])
  assert.equal(words[words.indexOf('--header') + 1], 'Subject: Hello')
})

test('the node-mailjet command is a program that JavaScript understands', () => {
  const words = wordsOf('node-mailjet')
  assert.deepEqual(words.slice(0, 1), ['-e'])
  const program = words[1] ?? ''
  assert.match(program, /host: '127\.0\.0\.1:8443'/)
  assert.doesNotThrow(() => new Function(program))
})
