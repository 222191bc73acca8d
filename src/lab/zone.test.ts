import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DnsRecord, RecordType } from './records.ts'
import { createZone, isLabDomain, labSpf } from './zone.ts'

const record = (name: string, type: RecordType, value: string): DnsRecord => ({ name, type, value, ttl: 60 })

function ask(put: DnsRecord[], published: DnsRecord[], name: string, type: string) {
  const answer = createZone({ put, published }, { ipv6: false }).answer(name, type)
  if (answer.kind === 'silence') return 'silence'
  return answer.code === 'NOERROR' ? answer.records.map(({ value }) => value) : answer.code
}

test('what a person put stands beside, or instead of, what is published', () => {
  const published = [
    record('shop.example', 'TXT', labSpf),
    record('shop.example', 'MX', '10 in.shop.example'),
    record('k1._domainkey.shop.example', 'TXT', 'v=DKIM1; p=AAAA'),
    record('_dmarc.shop.example', 'TXT', 'v=DMARC1; p=none'),
    record('1.0.0.127.in-addr.arpa', 'PTR', 'mail.shop.example'),
  ]
  const askWith = (put: DnsRecord[], name: string, type: string) => ask(put, published, name, type)

  assert.deepEqual(askWith([], 'shop.example', 'TXT'), [labSpf])
  assert.deepEqual(askWith([], 'shop.example', 'MX'), ['10 in.shop.example'])
  assert.deepEqual(askWith([], '1.0.0.127.in-addr.arpa', 'PTR'), ['mail.shop.example'])
  const token = record('shop.example', 'TXT', 'token-1234')
  assert.deepEqual(askWith([token], 'shop.example', 'TXT'), ['token-1234', labSpf])
  const ownSpf = record('shop.example', 'TXT', 'v=spf1 -all')
  assert.deepEqual(askWith([ownSpf], 'shop.example', 'TXT'), ['v=spf1 -all'])
  const ownKey = record('k1._domainkey.shop.example', 'TXT', 'k=rsa; p=BBBB')
  assert.deepEqual(askWith([ownKey], 'k1._domainkey.shop.example', 'TXT'), ['k=rsa; p=BBBB'])
  const ownMx = record('shop.example', 'MX', '5 elsewhere.test')
  assert.deepEqual(askWith([ownMx], 'shop.example', 'MX'), ['5 elsewhere.test'])
  const alias = record('_dmarc.shop.example', 'CNAME', 'policy.test')
  assert.deepEqual(
    askWith([alias, record('policy.test', 'TXT', 'v=DMARC1; p=reject')], '_dmarc.shop.example', 'TXT'),
    ['policy.test', 'v=DMARC1; p=reject'],
  )
  // An own TXT does not take the mail away.
  assert.deepEqual(ask([token], [], 'shop.example', 'MX'), ['10 mx.lab.test'])
})

test('aliases: out of the lab, in a circle, and a name that exists only through those below it', () => {
  const put = [
    record('out.example', 'CNAME', 'www.gmail.com'),
    record('one.example', 'CNAME', 'two.example'),
    record('two.example', 'CNAME', 'one.example'),
    record('k1._domainkey.shop.example', 'TXT', 'p=A'),
  ]
  assert.equal(ask(put, [], 'out.example', 'A'), 'NXDOMAIN')
  assert.deepEqual(ask(put, [], 'out.example', 'CNAME'), ['www.gmail.com'])
  assert.equal(ask(put, [], 'one.example', 'A'), 'SERVFAIL')
  assert.deepEqual(ask(put, [], '_domainkey.shop.example', 'TXT'), [])
  assert.equal(ask(put, [], '_domainkey.other.example', 'TXT'), 'NXDOMAIN')
})

test('domains of the lab', () => {
  const cases: [string, boolean][] = [
    ['shop.example', true],
    ['example.com', true],
    ['mail.example.net', true],
    ['shop.test', true],
    ['test', false],
    ['example', false],
    ['com', false],
    ['notexample.com', false],
    ['gmail.com', false],
    ['1.0.0.127.in-addr.arpa', false],
  ]
  for (const [domain, expected] of cases) assert.equal(isLabDomain(domain), expected, domain)
})
