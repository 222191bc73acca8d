import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrivateAddress, parseTrustedNetworks } from './trusted-networks.ts'

test('addresses of private networks are trusted, their neighbours are not', () => {
  const trusted = parseTrustedNetworks(['10.1.0.0/16', '192.168.7.9', 'fd00:1::/32', '::1/128'])
  for (const address of ['10.1.0.0', '10.1.255.255', '192.168.7.9', 'fd00:1::5', '::1']) {
    assert.equal(trusted.includes(address), true, address)
  }
  for (const address of ['10.2.0.0', '192.168.7.8', 'fd00:2::5', '::2', '', 'localhost']) {
    assert.equal(trusted.includes(address), false, address)
  }
})

test('networks that the public is part of are refused', () => {
  for (const cidr of [
    '0.0.0.0/0',
    '8.8.8.8',
    '10.0.0.0/7',
    '172.16.0.0/11',
    '::/0',
    '2001:db8::/32',
    'fc00::/6',
  ]) {
    assert.throws(() => parseTrustedNetworks(['10.0.0.0/8', cidr]), {
      name: 'RangeError',
      message: `trusted networks: ${cidr} is public, so anybody could send mail without a password`,
    })
  }
})

test('what is no network is refused', () => {
  for (const cidr of [
    '',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    '10.0.0.0/8/8',
    'fe80::/129',
    'lan',
    '10.0.0.0/-1',
  ]) {
    assert.throws(() => parseTrustedNetworks([cidr]), {
      message: `trusted networks: ${JSON.stringify(cidr)} is not a network like "10.0.0.0/8"`,
    })
  }
  assert.throws(() => parseTrustedNetworks([]), { message: /at least one is needed/ })
})

test('private addresses', () => {
  for (const address of ['127.0.0.1', '::1', '172.31.255.255', 'fe80::1', '100.100.1.1']) {
    assert.equal(isPrivateAddress(address), true, address)
  }
  for (const address of ['172.32.0.1', '1.1.1.1', '2001:db8::1', '0.0.0.0', '::', '', 'x']) {
    assert.equal(isPrivateAddress(address), false, address)
  }
})
