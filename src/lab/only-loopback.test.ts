import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertLoopback, OutsideAddress } from './only-loopback.ts'

test('only addresses of this machine pass', () => {
  const inside = [
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
  ]
  const outside = [
    ...[
      '0.0.0.0',
      '10.0.0.1',
      '128.0.0.1',
      '8.8.8.8',
      '::',
      '::2',
      'fe80::1',
      '::ffff:8.8.8.8',
      '::127.0.0.1',
    ],
    ...['2001:db8::1', 'localhost', '127.1', '0x7f.0.0.1', '2130706433', '', '127.0.0.1 ', '[::1]'],
  ]
  for (const address of inside) assert.doesNotThrow(() => assertLoopback(address), address)
  for (const address of outside) {
    assert.throws(() => assertLoopback(address), OutsideAddress, address)
  }
})
