import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConnectionCount, defaultLimits } from './limits.ts'

test('connections are counted by IPv4 address and by IPv6 /64', () => {
  const places = createConnectionCount({ ...defaultLimits, maxConnections: 10, maxConnectionsPerAddress: 1 })

  assert.equal(places.enter('192.0.2.1'), true)
  assert.equal(places.enter('192.0.2.1'), false)
  assert.equal(places.enter('192.0.2.2'), true)
  assert.equal(places.enter('2001:db8::1'), true)
  assert.equal(places.enter('2001:db8:0:0:ffff::2'), false)
  assert.equal(places.enter('2001:db8:0:1::1'), true)
  assert.equal(places.enter('::1'), true)
  assert.equal(places.total(), 5)

  places.leave('192.0.2.1')
  assert.equal(places.enter('192.0.2.1'), true)
})

test('all connections together have a limit', () => {
  const places = createConnectionCount({ ...defaultLimits, maxConnections: 2 })
  assert.deepEqual(
    ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => places.enter(address)),
    [true, true, false],
  )
})
