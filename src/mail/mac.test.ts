import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createMac } from './mac.ts'

test('it is the HMAC that node makes, for keys and texts of all lengths', () => {
  for (const keyBytes of [0, 1, 32, 64, 65, 200]) {
    const secret = randomBytes(keyBytes)
    const mac = createMac(secret)
    for (const bytes of [0, 1, 55, 64, 2_048, 2_049, 9_000, 3]) {
      const data = randomBytes(bytes)
      assert.deepEqual(mac(data), createHmac('sha256', secret).update(data).digest(), `${keyBytes} ${bytes}`)
    }
  }
})
