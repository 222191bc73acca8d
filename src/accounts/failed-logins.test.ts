import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFailedLogins, networkOf } from './failed-logins.ts'

function setUp() {
  let now = 1_000_000
  const logins = createFailedLogins({ now: () => now, sleep: async () => {} })
  return {
    pass: (ms: number) => (now += ms),
    wait: (address: string, key: string) => logins.attempt(address, key).waitMs(),
    succeed: (address: string, key: string) => logins.attempt(address, key).succeeded(),
    fail(address: string, key: string, times = 1) {
      for (let count = 0; count < times; count++) logins.attempt(address, key).failed()
    },
  }
}

test('ten failures in a minute make the next one wait, ever longer, up to five minutes', () => {
  const { fail, wait, pass } = setUp()
  fail('192.0.2.1', 'a', 9)
  assert.equal(wait('192.0.2.1', 'a'), 0)

  const waits: number[] = []
  for (let round = 0; round < 11; round++) {
    fail('192.0.2.1', 'a')
    const waitMs = wait('192.0.2.1', 'a')
    waits.push(waitMs)
    pass(waitMs)
    assert.equal(wait('192.0.2.1', 'a'), 0)
  }

  assert.deepEqual(
    waits,
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000),
  )
})

test('failures that are far apart slow nobody', () => {
  const { fail, wait, pass } = setUp()
  for (let round = 0; round < 30; round++) {
    fail('192.0.2.1', 'a', 4)
    pass(60_000)
  }
  assert.equal(wait('192.0.2.1', 'a'), 0)
})

test('a quiet quarter of an hour starts over', () => {
  const { fail, wait, pass } = setUp()
  fail('192.0.2.1', 'a', 20)
  pass(15 * 60_000)
  fail('192.0.2.1', 'a', 9)
  assert.equal(wait('192.0.2.1', 'a'), 0)
})

test('other keys tried from the same address wait too, other addresses do not', () => {
  const { fail, wait } = setUp()
  for (let key = 0; key < 10; key++) fail('192.0.2.1', `key ${key}`)
  assert.equal(wait('192.0.2.1', 'another'), 1_000)
  assert.equal(wait('192.0.2.2', 'another'), 0)
})

test('a client that has proved itself is not shut out by its neighbours', () => {
  const { fail, succeed, wait } = setUp()
  succeed('192.0.2.1', 'good')
  fail('192.0.2.1', 'bad', 50)
  assert.equal(wait('192.0.2.1', 'good'), 0)
  assert.ok(wait('192.0.2.1', 'bad') > 0)
})

test('a client that has proved itself may not guess for ever either', () => {
  const { fail, succeed, wait } = setUp()
  succeed('192.0.2.1', 'good')
  fail('192.0.2.1', 'good', 10)
  assert.equal(wait('192.0.2.1', 'good'), 1_000)
})

test("a success clears no other key's failures", () => {
  const { fail, succeed, wait } = setUp()
  fail('192.0.2.1', 'a', 9)
  succeed('192.0.2.1', 'b')
  fail('192.0.2.1', 'a')
  assert.equal(wait('192.0.2.1', 'a'), 1_000)
})

test('an IPv6 network counts as one address', () => {
  const table: [address: string, network: string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['not:an:address', 'not:an:address'],
    ['', ''],
  ]
  for (const [address, network] of table) assert.equal(networkOf(address), network, address)
})
