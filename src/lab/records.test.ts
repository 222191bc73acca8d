import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refused } from '../runtime/refused.ts'
import { parseRecord, type RecordToPut } from './records.ts'

test('a record as people type it', () => {
  const cases: [RecordToPut, string, string, string][] = [
    [{ name: 'Shop.Example.', type: 'a', value: ' 127.0.0.2 ' }, 'shop.example', 'A', '127.0.0.2'],
    [{ name: 'shop.example', type: 'AAAA', value: '::1' }, 'shop.example', 'AAAA', '::1'],
    [{ name: 'shop.example', type: 'MX', value: '10  MX.Lab.Test.' }, 'shop.example', 'MX', '10 mx.lab.test'],
    [{ name: 'shop.example', type: 'MX', value: '0 .' }, 'shop.example', 'MX', '0 .'],
    [
      { name: '_dmarc.shop.example', type: 'TXT', value: 'v=DMARC1; p=none' },
      '_dmarc.shop.example',
      'TXT',
      'v=DMARC1; p=none',
    ],
    [
      { name: 'k._domainkey.shop.example', type: 'TXT', value: '"v=DKIM1; p=AB" "CD"' },
      'k._domainkey.shop.example',
      'TXT',
      'v=DKIM1; p=ABCD',
    ],
    [{ name: 'shop.example', type: 'TXT', value: '"say \\"yes\\""' }, 'shop.example', 'TXT', 'say "yes"'],
    [
      { name: 'shop.example', type: 'TXT', value: 'a "quoted" word' },
      'shop.example',
      'TXT',
      'a "quoted" word',
    ],
    [
      { name: 'www.shop.example', type: 'CNAME', value: 'shop.example.' },
      'www.shop.example',
      'CNAME',
      'shop.example',
    ],
    [
      { name: '1.0.0.127.in-addr.arpa', type: 'PTR', value: 'mail.shop.example' },
      '1.0.0.127.in-addr.arpa',
      'PTR',
      'mail.shop.example',
    ],
  ]
  for (const [typed, name, type, value] of cases) {
    assert.deepEqual(parseRecord(typed), { name, type, value, ttl: 5 })
  }
  assert.equal(parseRecord({ name: 'shop.example', type: 'A', value: '127.0.0.1', ttl: 3600 }).ttl, 3600)
})

test('a record that DNS could not hold is refused in words', () => {
  const cases: [RecordToPut, string][] = [
    [
      { name: 'bad name.example', type: 'A', value: '127.0.0.1' },
      'The record name "bad name.example" is not a DNS name',
    ],
    [{ name: 'a..example', type: 'A', value: '127.0.0.1' }, 'The record name "a..example" is not a DNS name'],
    [
      { name: `${'x'.repeat(64)}.test`, type: 'A', value: '127.0.0.1' },
      `The record name "${'x'.repeat(64)}.test" is not a DNS name`,
    ],
    [
      { name: 'a.example', type: 'SRV', value: '1' },
      'The record type "SRV" is not one of A, AAAA, CNAME, MX, NS, PTR, TXT',
    ],
    [{ name: 'a.example', type: 'A', value: '::1' }, '"::1" is not an IPv4 address'],
    [{ name: 'a.example', type: 'AAAA', value: '127.0.0.1' }, '"127.0.0.1" is not an IPv6 address'],
    [
      { name: 'a.example', type: 'MX', value: 'mx.lab.test' },
      'An MX value is a preference and a host, like "10 mx.lab.test"; got "mx.lab.test"',
    ],
    [
      { name: 'a.example', type: 'MX', value: '65536 mx.lab.test' },
      'An MX value is a preference and a host, like "10 mx.lab.test"; got "65536 mx.lab.test"',
    ],
    [
      { name: 'a.example', type: 'CNAME', value: 'not a host' },
      'The value of a CNAME record is a host name; got "not a host"',
    ],
    [{ name: 'a.example', type: 'TXT', value: '  ' }, 'The value of a TXT record is empty'],
    [
      { name: 'a.example', type: 'TXT', value: 'x'.repeat(16_001) },
      'The TXT value is longer than 16000 bytes',
    ],
    [
      { name: 'a.example', type: 'A', value: '127.0.0.1', ttl: -1 },
      'The TTL -1 is not a whole number of seconds from 0 to 604800',
    ],
    [
      { name: 'a.example', type: 'A', value: '127.0.0.1', ttl: 1.5 },
      'The TTL 1.5 is not a whole number of seconds from 0 to 604800',
    ],
  ]
  for (const [typed, message] of cases) {
    assert.throws(() => parseRecord(typed), new Refused('bad-value', message))
  }
})

test('a megabyte of quotes is judged at once', () => {
  assert.throws(() => parseRecord({ name: 'a.example', type: 'TXT', value: '"\\'.repeat(500_000) }), Refused)
  assert.throws(() => parseRecord({ name: 'a.example', type: 'TXT', value: '"" '.repeat(300_000) }), Refused)
})
