import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFromFilter } from './check-filter.ts'
import { checkHost, completeFields, defaultPort, mergeFields, type NewServer } from './server-fields.ts'

const minimal: NewServer = { name: 'Relay', host: 'smtp.relay.example' }

test('a server that says no more than it must is strict and goes by the defaults', () => {
  assert.deepEqual(completeFields(minimal), {
    name: 'Relay',
    host: 'smtp.relay.example',
    port: 587,
    security: 'starttls-strict',
    fromFilter: null,
    priority: 10,
    isActive: true,
    authentication: 'none',
    user: null,
    isDebug: false,
    maxSizeBytes: null,
    maxConnections: null,
    maxMessagesPerConnection: null,
    maxMessagesPerMinute: null,
    fallbackServerId: null,
  })
})

test('the port follows the security', () => {
  const ports = (['none', 'starttls', 'starttls-strict', 'tls', 'tls-strict'] as const).map(defaultPort)
  assert.deepEqual(ports, [25, 587, 587, 465, 465])
})

test('a new security brings its port along, unless the port is a special one', () => {
  const usual = completeFields(minimal)
  assert.equal(mergeFields(usual, { security: 'tls-strict' }).port, 465)
  assert.equal(mergeFields({ ...usual, port: 2525 }, { security: 'tls-strict' }).port, 2525)
  assert.equal(mergeFields(usual, { security: 'tls-strict', port: 4650 }).port, 4650)
})

test('what can be guessed of the authentication is', () => {
  assert.equal(completeFields({ ...minimal, user: 'key' }).authentication, 'login')
  assert.equal(
    completeFields({ ...minimal, certificate: 'x', privateKey: 'y' }).authentication,
    'certificate',
  )
  assert.equal(
    completeFields({ ...minimal, user: 'key', authentication: 'xoauth2' }).authentication,
    'xoauth2',
  )
})

test('any whole number is a priority, and 0 is no limit', () => {
  const fields = completeFields({ ...minimal, priority: -3, maxConnections: 0, maxSizeBytes: 5 })
  assert.deepEqual([fields.priority, fields.maxConnections, fields.maxSizeBytes], [-3, null, 5])
})

const refused: [what: string, input: Partial<NewServer>, words: RegExp][] = [
  ['no name', { name: '  ' }, /the name of a server must have 1 to 200 characters/],
  ['a login without user', { authentication: 'login' }, /to log in, the server needs a user name/],
  [
    'a certificate without TLS',
    { authentication: 'certificate', security: 'none' },
    /a client certificate can only be shown over TLS/,
  ],
  ['a port that is none', { port: 70_000 }, /the port must be a whole number from 1 to 65535/],
  ['a broken priority', { priority: 1.5 }, /the priority is a whole number/],
  ['a negative limit', { maxMessagesPerMinute: -1 }, /the number of messages per minute must be/],
  ['a line break in the user', { user: 'a\r\nRSET' }, /no control characters/],
  ['a URL as host', { host: 'smtp://relay.example' }, /is not a host name like smtp\.shop\.example/],
]
for (const [what, input, words] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(() => completeFields({ ...minimal, ...input }), { code: 'bad-value', message: words })
  })
}

test('hosts are kept as they are asked for', () => {
  const table: [given: string, kept: string][] = [
    [' In-V3.Mailjet.example. ', 'in-v3.mailjet.example'],
    ['localhost', 'localhost'],
    ['192.0.2.25', '192.0.2.25'],
    ['[2001:db8::25]', '2001:db8::25'],
    ['bücher.example', 'xn--bcher-kva.example'],
  ]
  for (const [given, kept] of table) assert.equal(checkHost(given), kept, given)
  for (const given of [
    '',
    'a b',
    'relay:587',
    '999.1.1.1',
    '-x.example',
    `${'a'.repeat(64)}.example`,
    'a..b',
  ]) {
    assert.throws(() => checkHost(given), { code: 'bad-value' }, given)
  }
})

test('From filters are kept without blanks, domains as A-labels', () => {
  const table: [given: string, kept: string | null][] = [
    ['', null],
    ['   ', null],
    ['shop.example', 'shop.example'],
    [' Shop.example , News@Shop.example,,', 'shop.example,News@shop.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
  ]
  for (const [given, kept] of table) assert.equal(checkFromFilter(given), kept, given)
})

test('From filters that could never match say what was meant', () => {
  const table: [given: string, words: RegExp][] = [
    [' , ,', /holds only commas, so it would match nothing/],
    ['*@shop.example', /write shop\.example for all addresses of that domain/],
    ['@shop.example', /write shop\.example for all addresses/],
    ['*.shop.example', /sub-domains are entries of their own/],
    ['shop.example news.example', /an entry is an address/],
    ['localhost', /an entry is an address/],
  ]
  for (const [given, words] of table) {
    assert.throws(() => checkFromFilter(given), { code: 'bad-value', message: words }, given)
  }
})
