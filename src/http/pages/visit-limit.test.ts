import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVisitLimit, maxVisits, visitWindowMs } from './visit-limit.ts'

test('a network that visits too often waits for the rest of the minute, and no other does', () => {
  let now = 1_000_000
  const limit = createVisitLimit({ now: () => now })
  const visit = (ip: string) => limit.waitMs(ip)
  for (let count = 0; count < maxVisits; count++) assert.equal(visit(`2001:db8::${count.toString(16)}`), 0)
  now += 20_000
  assert.equal(visit('2001:db8::ffff'), visitWindowMs - 20_000)
  assert.equal(visit('2001:db8:0:1::1'), 0)
  assert.equal(visit('192.0.2.1'), 0)
  now += visitWindowMs - 20_000
  assert.equal(visit('2001:db8::ffff'), 0)
})
