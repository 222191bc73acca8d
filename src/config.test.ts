import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printableSettings } from './config/print.ts'
import { type Config, type ConfigInput, loadConfig } from './config.ts'

type Given = { file?: string; env?: Record<string, string>; flags?: ConfigInput['flags']; path?: string }

function load({ file, env = {}, flags = {}, path = '/srv/app/paravion.toml' }: Given = {}) {
  return loadConfig({
    flags,
    env,
    folder: '/srv/app',
    readFile: (asked) => (asked === path ? file : undefined),
  })
}

function loaded(given: Given = {}): Config {
  const result = load(given)
  assert.equal(result.kind, 'loaded', JSON.stringify(result))
  return result.kind === 'loaded' ? result.config : assert.fail()
}

function problems(given: Given): readonly string[] {
  const result = load(given)
  return result.kind === 'problems' ? result.problems : assert.fail('no problem was found')
}

test('without any setting it is a lab on loopback', () => {
  const config = loaded()
  assert.equal(config.mode, 'lab')
  assert.equal(config.name, 'mail.paravion.example')
  assert.equal(config.data, '/srv/app/paravion-data')
  assert.deepEqual([config.http.host, config.http.port, config.http.tlsPort], ['127.0.0.1', 8080, 8443])
  assert.deepEqual([config.smtp.starttlsPorts, config.smtp.tlsPort], [[1587], 1465])
  assert.deepEqual([config.lab.dnsPort, config.lab.receiverPort], [1553, 1526])
  assert.equal(config.delivery.smarthost.host, undefined)
})

test('live mode has the ports of the real world and wants a name', () => {
  const config = loaded({ file: 'mode = "live"\nname = "mail.shop.example"' })
  assert.deepEqual([config.http.host, config.http.port, config.http.tlsPort], ['::', 80, 443])
  assert.deepEqual([config.smtp.starttlsPorts, config.smtp.tlsPort], [[587, 588, 2525], 465])

  assert.deepEqual(problems({ file: 'mode = "live"' }), [
    'name is not set, which mode "live" needs; it should be a host name like mail.shop.example: in ASCII, with a dot, without http:// and port',
  ])
})

test('variables win over the file, options over both', () => {
  const file = 'data = "/from-file"\n[smtp]\nmax_recipients = 5\nidle_seconds = 10'
  const env = { PARAVION_SMTP_MAX_RECIPIENTS: '7' }
  const result = load({ file, env })
  assert.equal(result.kind, 'loaded')
  if (result.kind !== 'loaded') return
  assert.deepEqual([result.config.smtp.maxRecipients, result.config.smtp.idleSeconds], [7, 10])
  assert.equal(result.sources['smtp.max_recipients'], 'PARAVION_SMTP_MAX_RECIPIENTS')
  assert.equal(result.sources['smtp.idle_seconds'], '/srv/app/paravion.toml')
  assert.equal(result.sources['smtp.data_seconds'], 'default')

  assert.equal(loaded({ flags: { data: 'b' }, env: { PARAVION_DATA: '/a' } }).data, '/srv/app/b')
})

test('the file is the named one, else in the data folder, else in the current folder', () => {
  const file = 'stop_seconds = 1'
  const named = { file, path: '/etc/mail.toml', env: { PARAVION_CONFIG: '/etc/mail.toml' } }
  assert.equal(loaded(named).stopSeconds, 1)
  const inData = { file, path: '/srv/mail/paravion.toml', env: { PARAVION_DATA: '/srv/mail' } }
  assert.equal(loaded(inData).stopSeconds, 1)
  assert.deepEqual(problems({ env: { PARAVION_CONFIG: 'gone.toml' } }), [
    '/srv/app/gone.toml, the settings file named by PARAVION_CONFIG, does not exist',
  ])
  assert.deepEqual(problems({ file: 'data = "/elsewhere"', path: '/srv/app/paravion-data/paravion.toml' }), [
    'data (in /srv/app/paravion-data/paravion.toml) names another folder than the one that this file is read from',
  ])
})

test('relative paths are meant from the folder of the file', () => {
  const config = loaded({
    file: '[tls]\ncertificate = "tls/cert.pem"\nkey = "tls/key.pem"',
    path: '/etc/p/m.toml',
    env: { PARAVION_CONFIG: '/etc/p/m.toml', PARAVION_LOG_FILE: 'mail.txt' },
  })
  assert.equal(config.tls.key, '/etc/p/tls/key.pem')
  assert.equal(config.log.file, '/srv/app/mail.txt')
})

const variables: [name: string, text: string, read: (config: Config) => unknown, expected: unknown][] = [
  ['PARAVION_HTTP_PORT', '0', (config) => config.http.port, 0],
  ['PARAVION_HTTP_TLS_PORT', 'off', (config) => config.http.tlsPort, 'off'],
  ['PARAVION_SMTP_STARTTLS_PORTS', '587, 2525', (config) => config.smtp.starttlsPorts, [587, 2525]],
  ['PARAVION_SMTP_STARTTLS_PORTS', '[]', (config) => config.smtp.starttlsPorts, []],
  ['PARAVION_DKIM_ED25519', 'true', (config) => config.dkim.ed25519, true],
  ['PARAVION_DELIVERY_RETRY_MINUTES', '0.5,2', (config) => config.delivery.retryMinutes, [0.5, 2]],
  ['PARAVION_DELIVERY_SMARTHOST_HOST', '192.0.2.1', (config) => config.delivery.smarthost.host, '192.0.2.1'],
  ['DATABASE_URL', 'postgres:///paravion', (config) => config.databaseUrl, 'postgres:///paravion'],
  ['PARAVION_DATABASE_URL', 'postgresql://a:b@db/x', (config) => config.databaseUrl, 'postgresql://a:b@db/x'],
  ['PARAVION_DNS_SERVERS', '192.0.2.1:53,::1', (config) => config.dns.servers, ['192.0.2.1:53', '::1']],
  ['PARAVION_HTTP_PUBLIC_URL', 'https://m.example/', (config) => config.http.publicUrl, 'https://m.example/'],
  ['PARAVION_SMTP_MAX_RECIPIENTS', '', (config) => config.smtp.maxRecipients, 1000],
  ['PARAVION_TEST_ANYTHING', 'x', (config) => config.mode, 'lab'],
]

for (const [name, text, read, expected] of variables) {
  test(`${name}=${text} is understood`, () => {
    assert.deepEqual(read(loaded({ env: { [name]: text } })), expected)
  })
}

test('PARAVION_PORTS=free frees every port that no variable names', () => {
  const config = loaded({
    file: '[http]\nport = 8000\ntls_port = "off"\n[delivery.smarthost]\nhost = "127.0.0.1"\nport = 25',
    env: { PARAVION_PORTS: 'free', PARAVION_SMTP_TLS_PORT: '4465' },
  })
  assert.deepEqual([config.http.port, config.http.tlsPort], [0, 'off'])
  assert.deepEqual([config.smtp.starttlsPorts, config.smtp.tlsPort], [[0], 4465])
  assert.deepEqual([config.lab.dnsPort, config.lab.receiverPort], [0, 0])
  assert.equal(config.smtp.trusted.port, 'off')
  assert.equal(config.delivery.smarthost.port, 25)
})

const refused: [what: string, given: Given, problem: string][] = [
  [
    'a name that is nearly right',
    { file: '[smtp]\nmax_recipient = 5' },
    'smtp.max_recipient (in /srv/app/paravion.toml) is not a setting; the nearest is smtp.max_recipients',
  ],
  [
    'a name in the wrong section',
    { file: 'sender_check = "block"' },
    'sender_check (in /srv/app/paravion.toml) is not a setting; the nearest is smtp.sender_check',
  ],
  [
    'a section that does not exist',
    { file: '[smpt]\nmax_recipients = 5' },
    'smpt (in /srv/app/paravion.toml) is not a setting; the nearest is [smtp]',
  ],
  [
    'a name that is like no other',
    { file: '"\\u0007" = 1' },
    '"\\u0007" (in /srv/app/paravion.toml) is not a setting; docs/settings.md lists them all',
  ],
  [
    'a variable that is nearly right',
    { env: { PARAVION_SMTP_MAX_RECIPENTS: '5' } },
    'PARAVION_SMTP_MAX_RECIPENTS is not a setting; the nearest is PARAVION_SMTP_MAX_RECIPIENTS',
  ],
  [
    'a word for a number',
    { file: '[smtp]\nmax_recipients = "many"' },
    'smtp.max_recipients (in /srv/app/paravion.toml) is "many"; it should be a whole number from 1 to 50000',
  ],
  [
    'a number in quotes, in the file',
    { file: '[smtp]\nmax_recipients = "5"' },
    'smtp.max_recipients (in /srv/app/paravion.toml) is "5"; it should be a whole number from 1 to 50000',
  ],
  [
    'a number out of range',
    { env: { PARAVION_DKIM_BITS: '512' } },
    'PARAVION_DKIM_BITS is 512; it should be a whole number from 1024 to 4096',
  ],
  [
    'a port that does not exist',
    { env: { PARAVION_HTTP_PORT: '65536' } },
    'PARAVION_HTTP_PORT is 65536; it should be a port from 1 to 65535, 0 for a free one, or "off"',
  ],
  [
    'a word that is not one of the choices',
    { env: { PARAVION_MODE: 'production' } },
    'PARAVION_MODE is "production"; it should be lab or live',
  ],
  [
    'yes for true',
    { env: { PARAVION_DKIM_ED25519: 'yes' } },
    'PARAVION_DKIM_ED25519 is "yes"; it should be true or false',
  ],
  [
    'a value where a section belongs',
    { file: 'smtp = 5' },
    'smtp (in /srv/app/paravion.toml) is a section; write it as [smtp], with its settings below',
  ],
  [
    'a section where a value belongs',
    { file: '[mode]' },
    'mode (in /srv/app/paravion.toml) is {}; it should be lab or live',
  ],
  [
    'a file that is not TOML',
    { file: '[smtp]\nmax_recipients = = 5' },
    '/srv/app/paravion.toml is not TOML at line 2: invalid value',
  ],
  [
    'another word for free ports',
    { env: { PARAVION_PORTS: 'any' } },
    'PARAVION_PORTS is "any"; it should be free, or left out for the ports of the settings',
  ],
  [
    'a secret that cannot be right, without showing it',
    { env: { DATABASE_URL: 'mysql://me:hunter2@db' } },
    'DATABASE_URL has a value that cannot be right; it should be a PostgreSQL address like postgres://user:password@db.example/paravion',
  ],
  [
    'a public network that would be trusted',
    { env: { PARAVION_SMTP_TRUSTED_NETWORKS: '10.0.0.0/8,0.0.0.0/0' } },
    'PARAVION_SMTP_TRUSTED_NETWORKS is ["10.0.0.0/8","0.0.0.0/0"]; it should be a list of private networks like ["10.1.0.0/16", "192.168.7.9/32", "fd00::/64"]; public ones are refused, since everybody in them could send as you',
  ],
  [
    'a trusted port for nobody',
    { env: { PARAVION_SMTP_TRUSTED_PORT: '0' } },
    'smtp.trusted.port is open, so smtp.trusted.networks has to say for whom and smtp.trusted.api_key for which key',
  ],
  [
    'a certificate without its key',
    { env: { PARAVION_TLS_CERTIFICATE: 'cert.pem' } },
    'tls.certificate and tls.key belong together: set both, or neither for a certificate of our own',
  ],
  [
    'a password over an open line',
    {
      file: '[delivery.smarthost]\nhost = "relay.example"\nsecurity = "none"\nuser = "u"\npassword = "p"',
    },
    'delivery.smarthost.security is "none", which would send the password to relay.example in the clear; it should be starttls or tls',
  ],
  [
    'one port for two listeners',
    { env: { PARAVION_HTTP_PORT: '1587' } },
    'http.port and smtp.starttls_ports both want port 1587; each needs its own',
  ],
  [
    'delays that get shorter',
    { env: { PARAVION_DELIVERY_RETRY_MINUTES: '5,1' } },
    'PARAVION_DELIVERY_RETRY_MINUTES is [5,1]; it should be a list of minutes that do not get shorter, like [1, 5, 15, 60], none above 10080 (a week)',
  ],
]

for (const [what, given, problem] of refused) {
  test(`refused: ${what}`, () => {
    assert.deepEqual(problems(given), [problem])
  })
}

test('everything that is wrong is reported at once', () => {
  const found = problems({
    file: 'mood = "lab"\n[smtp]\nmax_recipients = 0\n[http]\nport = -1',
    env: { PARAVION_LOG_LEVEL: 'loud' },
  })
  assert.equal(found.length, 4)
})

test('a long value is cut in the message', () => {
  const [problem = ''] = problems({ env: { PARAVION_MODE: 'x'.repeat(100_000) } })
  assert.ok(problem.length < 200, problem)
})

test('secrets are hidden when settings are printed', () => {
  const result = load({
    env: {
      DATABASE_URL: 'postgres://me:hunter2@db.example/paravion?password=hunter2',
      PARAVION_DELIVERY_SMARTHOST_HOST: 'relay.example',
      PARAVION_DELIVERY_SMARTHOST_USER: 'me',
      PARAVION_DELIVERY_SMARTHOST_PASSWORD: 'hunter2',
    },
  })
  if (result.kind !== 'loaded') return assert.fail(result.problems.join())
  const printed = printableSettings(result.config, result.sources)
  assert.doesNotMatch(JSON.stringify(printed), /hunter2/)
  assert.equal(
    printed.find(({ key }) => key === 'database_url')?.value,
    'postgres://********@db.example/paravion',
  )
})

test('roles are divided by the option or the setting', () => {
  assert.deepEqual(loaded().roles, ['api', 'submission', 'delivery', 'mx'])
  assert.deepEqual(loaded({ flags: { roles: 'api,submission' } }).roles, ['api', 'submission'])
  assert.deepEqual(problems({ flags: { roles: 'web' } }), [
    '--roles is ["web"]; it should be a list with at least one of api, submission, delivery, mx',
  ])
})
