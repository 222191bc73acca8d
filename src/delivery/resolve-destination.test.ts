import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Addresses, DnsAnswer, MxRecord, Resolver } from '../runtime/dns.ts'
import { resolveDestination, targetsOf } from './resolve-destination.ts'
import { defaultSiteLimits, siteOf } from './site-limits.ts'

type Answers = {
  mx?: DnsAnswer<readonly MxRecord[]>
  addresses?: Record<string, DnsAnswer<Addresses>>
}

function resolverOf({ mx = { kind: 'none' }, addresses = {} }: Answers): Resolver {
  return {
    mx: async () => mx,
    addresses: async (host) => addresses[host] ?? { kind: 'none' },
    txt: async () => ({ kind: 'none' }),
    ptr: async () => ({ kind: 'none' }),
    tlsa: async () => ({ kind: 'none' }),
  }
}

const found = (...records: [number, string][]): DnsAnswer<readonly MxRecord[]> => ({
  kind: 'found',
  records: records.map(([priority, exchange]) => ({ priority, exchange })),
})
const at = (...v4: string[]): DnsAnswer<Addresses> => ({
  kind: 'found',
  records: { v4, v6: ['2001:db8::1'] },
})

describe('resolveDestination', () => {
  const cases: [name: string, answers: Answers, expected: string][] = [
    ['MX, best first', { mx: found([20, 'b.net'], [10, 'a.net']) }, 'a.net b.net'],
    ['no MX: the address', { addresses: { 'example.net': at('192.0.2.1') } }, 'example.net'],
    ['no MX, no address', {}, 'failed bad-domain 5.1.2'],
    [
      'no MX, address unknown',
      { addresses: { 'example.net': { kind: 'failed', reason: 'ETIMEOUT' } } },
      'deferred dns 4.4.3',
    ],
    ['no domain', { mx: { kind: 'nxdomain' } }, 'failed bad-domain 5.1.2'],
    ['SERVFAIL', { mx: { kind: 'failed', reason: 'ESERVFAIL' } }, 'deferred dns 4.4.3'],
    ['null MX', { mx: found([0, '']) }, 'failed bad-domain 5.1.10'],
    ['null MX among others is ignored', { mx: found([0, ''], [10, 'a.net']) }, 'a.net'],
    ['we are the best', { mx: found([10, 'us.net'], [20, 'a.net']) }, 'failed loop 5.4.6'],
    ['we are the backup', { mx: found([10, 'a.net'], [20, 'us.net'], [30, 'b.net']) }, 'a.net'],
    ['equal to us', { mx: found([10, 'a.net'], [10, 'us.net']) }, 'failed loop 5.4.6'],
    [
      'five hosts at most',
      { mx: found([1, 'a.net'], [2, 'b.net'], [3, 'c.net'], [4, 'd.net'], [5, 'e.net'], [6, 'f.net']) },
      'a.net b.net c.net d.net e.net',
    ],
  ]
  for (const [name, answers, expected] of cases) {
    test(name, async () => {
      const resolver = resolverOf(answers)
      const destination = await resolveDestination('example.net', { resolver, ownHosts: new Set(['us.net']) })
      const told =
        destination.kind === 'hosts'
          ? destination.hosts.map(({ name: host }) => host).join(' ')
          : `${destination.kind} ${destination.class} ${destination.text.split(' ')[0]}`
      assert.equal(told, expected)
    })
  }
})

describe('targetsOf', () => {
  const addresses = {
    'a.net': at('192.0.2.1', '192.0.2.2', '192.0.2.3'),
    'b.net': at('192.0.2.4'),
    'us.net': at('192.0.2.99'),
  }
  const options = { resolver: resolverOf({ addresses }), ownHosts: new Set(['192.0.2.99']) }
  const hosts = (...names: string[]) => names.map((name, i) => ({ name, priority: i }))

  test('two addresses of each host, by priority', async () => {
    const { targets } = await targetsOf(hosts('b.net', 'a.net'), { ...options, ipv6: false })
    assert.deepEqual(
      targets.map(({ address }) => address),
      ['192.0.2.4', '192.0.2.1', '192.0.2.2'],
    )
  })

  test('IPv6 only when asked for', async () => {
    const { targets } = await targetsOf(hosts('a.net'), { ...options, ipv6: true })
    assert.deepEqual(
      targets.map(({ address }) => address),
      ['2001:db8::1', '192.0.2.1'],
    )
  })

  test('hosts without usable address are named', async () => {
    const { targets, problems } = await targetsOf(hosts('none.net', 'us.net'), { ...options, ipv6: false })
    assert.deepEqual(targets, [])
    assert.deepEqual(problems, ['none.net: it has no address', 'us.net: it is ourselves'])
  })

  test('addresses as hosts, and localhost', async () => {
    const { targets } = await targetsOf(hosts('192.0.2.7', '2001:db8::7', 'localhost'), {
      ...options,
      ipv6: false,
    })
    assert.deepEqual(
      targets.map(({ address }) => address),
      ['192.0.2.7', '2001:db8::7', '127.0.0.1'],
    )
  })
})

describe('siteOf', () => {
  const cases: [hosts: string[], key: string, connections: number, messages: number][] = [
    [['b.net', 'a.net'], 'a.net b.net', 10, 100],
    [['aspmx.l.google.com', 'alt1.aspmx.l.google.com'], 'google', 5, 50],
    [['gmail-smtp-in.l.google.com'], 'google', 5, 50],
    [['mta5.am0.yahoodns.net'], 'yahoo', 5, 20],
    [
      ['shop-example.mail.protection.outlook.com'],
      'microsoft365 shop-example.mail.protection.outlook.com',
      5,
      50,
    ],
    [['outlook-com.olc.protection.outlook.com'], 'outlook.com', 5, 50],
    [['mx01.mail.icloud.com'], 'icloud', 10, 5],
    [['aspmx.l.google.com', 'mx.evil.net'], 'aspmx.l.google.com mx.evil.net', 10, 100],
    [['notgoogle.com'], 'notgoogle.com', 10, 100],
  ]
  for (const [hosts, key, connections, messagesPerConnection] of cases) {
    test(hosts.join(', '), () => {
      const site = siteOf(hosts, defaultSiteLimits)
      assert.deepEqual(
        [site.key, site.limits.connections, site.limits.messagesPerConnection],
        [key, connections, messagesPerConnection],
      )
    })
  }
})
