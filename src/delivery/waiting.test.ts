import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lane } from '../storage/schema.ts'
import { createLaneQueue } from './lane-queue.ts'
import { createMemory } from './memory.ts'
import { mayConnectLive } from './public-address.ts'
import { createTokens } from './tokens.ts'

test('lanes: transactional first, urgent first within a lane, else in order', () => {
  const queue = createLaneQueue<{ name: string; lane: Lane; isUrgent: boolean }>()
  const add = (name: string, lane: Lane, isUrgent = false) => queue.push({ name, lane, isUrgent })
  add('b1', 'bulk')
  add('b2', 'bulk', true)
  add('t1', 'transactional')
  add('t2', 'transactional')
  add('t3', 'transactional', true)
  assert.deepEqual([queue.waits('transactional'), queue.waits('bulk')], [3, 2])
  const order = [1, 2, 3].map(() => queue.shift({ bulk: false })?.name)
  assert.deepEqual(order, ['t3', 't1', 't2'])
  assert.equal(queue.shift({ bulk: false }), undefined)
  assert.deepEqual([queue.shift()?.name, queue.shift()?.name, queue.shift()], ['b2', 'b1', undefined])
})

test('a long queue keeps its order', () => {
  const queue = createLaneQueue<{ n: number; lane: Lane; isUrgent: boolean }>()
  for (let n = 0; n < 5_000; n++) queue.push({ n, lane: 'bulk', isUrgent: false })
  for (let n = 0; n < 4_000; n++) assert.equal(queue.shift()?.n, n)
  assert.deepEqual(queue.drain().map(({ n }) => n)[0], 4_000)
  assert.equal(queue.length(), 0)
})

test('memory: fresh work leaves room for what is stored, bulk leaves room for transactional', () => {
  const memory = createMemory({ maxWorks: 10, maxBytes: 1_000 })
  let taken = 0
  while (memory.tryReserve(10, 'transactional')) taken += 1
  assert.equal(taken, 8)
  assert.equal(memory.room('transactional'), 2)
  assert.equal(memory.room('bulk'), 0)
  memory.remove(10)
  assert.equal(memory.tryReserve(800, 'transactional'), false)
  assert.equal(memory.hasRoomFor(930), true)
  assert.equal(memory.hasRoomFor(931), false)
})

test('tokens: a second of bursts, then the rate', () => {
  let now = 0
  const tokens = createTokens({ now: () => now, sleep: async () => {} })
  assert.equal(tokens.waitMs(10), 0)
  tokens.take()
  assert.equal(tokens.waitMs(10), 100)
  now = 100
  assert.equal(tokens.waitMs(10), 0)
  now = 60_000
  let sent = 0
  while (tokens.waitMs(10) === 0) {
    tokens.take()
    sent += 1
  }
  assert.equal(sent, 10)
  assert.equal(tokens.waitMs(Number.POSITIVE_INFINITY), 0)
})

const addresses: [address: string, mx: boolean, relay: boolean][] = [
  ['192.0.2.1', true, true],
  ['10.0.0.1', true, true],
  ['127.0.0.1', false, true],
  ['::1', false, true],
  ['::ffff:127.0.0.1', false, true],
  ['0.0.0.0', false, true],
  ['169.254.169.254', false, true],
  ['224.0.0.1', false, true],
  ['255.255.255.255', false, true],
  ['fe80::1', false, true],
  ['2001:db8::1', true, true],
  ['localhost', false, false],
]
for (const [address, mx, relay] of addresses) {
  test(`live mail to ${address}: ${mx ? 'yes' : 'not by MX'}`, () => {
    assert.deepEqual([mayConnectLive(address, 'mx'), mayConnectLive(address, 'relay')], [mx, relay])
  })
}
