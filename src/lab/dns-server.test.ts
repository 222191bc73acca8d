import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { decode, encode, streamDecode, streamEncode } from 'dns-packet'
import { silentLog } from '../runtime/log.ts'
import { startDnsServer } from './dns-server.ts'
import type { DnsRecord } from './records.ts'
import type { ZoneRecords } from './zone.ts'
import { createZoneSource } from './zone-cache.ts'

const ttl = 5
const longKey = `v=DKIM1; k=rsa; p=${'A'.repeat(392)}`

async function startServer(t: TestContext, records: Partial<ZoneRecords> = {}) {
  const zone: ZoneRecords = { put: [], published: [], ...records }
  const zones = createZoneSource({ read: async () => zone, ipv6: () => true })
  const server = await startDnsServer({ host: '127.0.0.1', port: 0, zones, log: silentLog })
  t.after(() => server.stop())
  const resolver = new Resolver({ timeout: 500, tries: 1 })
  resolver.setServers([`127.0.0.1:${server.port}`])
  return { server, resolver, zones, zone }
}

test('every record type is found by the resolver of Node', async (t) => {
  const put: DnsRecord[] = [
    { name: 'a.example', type: 'A', value: '127.0.0.9', ttl },
    { name: 'a.example', type: 'AAAA', value: '::9', ttl },
    { name: 'a.example', type: 'MX', value: '5 in.a.example', ttl },
    { name: 'a.example', type: 'MX', value: '20 backup.a.example', ttl },
    { name: 'a.example', type: 'TXT', value: 'v=spf1 -all', ttl },
    { name: 'a.example', type: 'NS', value: 'ns.a.example', ttl },
    { name: 'k1._domainkey.a.example', type: 'TXT', value: longKey, ttl },
    { name: 'www.a.example', type: 'CNAME', value: 'a.example', ttl },
    { name: '9.0.0.127.in-addr.arpa', type: 'PTR', value: 'host.a.example', ttl },
  ]
  const { resolver } = await startServer(t, { put })

  assert.deepEqual(await resolver.resolve4('A.Example'), ['127.0.0.9'])
  assert.deepEqual(await resolver.resolve6('a.example'), ['::9'])
  assert.deepEqual(
    (await resolver.resolveMx('a.example'))
      .toSorted((a, b) => a.priority - b.priority)
      .map(({ exchange }) => exchange),
    ['in.a.example', 'backup.a.example'],
  )
  assert.deepEqual(await resolver.resolveTxt('a.example'), [['v=spf1 -all']])
  assert.deepEqual(await resolver.resolveTxt('k1._domainkey.a.example'), [
    [longKey.slice(0, 255), longKey.slice(255)],
  ])
  assert.deepEqual(await resolver.resolveNs('a.example'), ['ns.a.example'])
  assert.deepEqual(await resolver.resolveCname('www.a.example'), ['a.example'])
  assert.deepEqual(await resolver.resolve4('www.a.example'), ['127.0.0.9'])
  assert.deepEqual(await resolver.resolvePtr('9.0.0.127.in-addr.arpa'), ['host.a.example'])
  assert.deepEqual((await resolver.resolveSoa('example')).nsname, 'ns.lab.test')
})

test('a domain nobody set up has mail and addresses at the lab', async (t) => {
  const { resolver } = await startServer(t)
  for (const domain of ['anything.test', 'deep.down.anything.example', 'example.com', 'shop.example.org']) {
    assert.deepEqual(
      await resolver.resolveMx(domain),
      [{ exchange: 'mx.lab.test', priority: 10, type: 'MX' }],
      domain,
    )
    assert.deepEqual(await resolver.resolve4(domain), ['127.0.0.1'], domain)
    assert.deepEqual(await resolver.resolve6(domain), ['::1'], domain)
  }
  assert.deepEqual(await resolver.resolve4('mx.lab.test'), ['127.0.0.1'])
  assert.deepEqual(await resolver.resolveTxt('lab.test'), [['v=spf1 ip4:127.0.0.1 ip6:::1 -all']])
  assert.deepEqual(await resolver.resolvePtr('1.0.0.127.in-addr.arpa'), ['mx.lab.test'])
  assert.deepEqual(await resolver.resolvePtr(`1.${'0.'.repeat(31)}ip6.arpa`), ['mx.lab.test'])
})

test('names that are not there, and names that misbehave on purpose', async (t) => {
  const { resolver } = await startServer(t)
  const codes = [
    ['nxdomain.test', 'MX', 'ENOTFOUND'],
    ['below.nxdomain.test', 'A', 'ENOTFOUND'],
    ['servfail.test', 'MX', 'ESERVFAIL'],
    ['timeout.test', 'MX', 'ETIMEOUT'],
    ['nomx.test', 'MX', 'ENODATA'],
    ['anything.test', 'TXT', 'ENODATA'],
    ['_dmarc.anything.test', 'TXT', 'ENOTFOUND'],
    ['k1._domainkey.anything.test', 'TXT', 'ENOTFOUND'],
    ['gmail.com', 'MX', 'ENOTFOUND'],
    ['com', 'A', 'ENOTFOUND'],
    ['8.8.8.8.in-addr.arpa', 'PTR', 'ENOTFOUND'],
  ] as const
  for (const [name, type, code] of codes) await assert.rejects(resolver.resolve(name, type), { code }, name)
  assert.deepEqual(await resolver.resolve4('nomx.test'), ['127.0.0.1'])
  assert.deepEqual(await resolver.resolveMx('nullmx.test'), [{ exchange: '', priority: 0, type: 'MX' }])
})

test('a record put by a person is seen at the next look', async (t) => {
  const { resolver, zones, zone } = await startServer(t)
  await assert.rejects(resolver.resolveTxt('token.shop.example'), { code: 'ENODATA' })
  zone.put = [{ name: 'token.shop.example', type: 'TXT', value: 'abc', ttl }]
  zones.forget()
  assert.deepEqual(await resolver.resolveTxt('token.shop.example'), [['abc']])
})

test('an answer too large for UDP comes over TCP', async (t) => {
  const put = Array.from(
    { length: 40 },
    (_, at): DnsRecord => ({
      name: 'big.example',
      type: 'TXT',
      value: `${at} ${'x'.repeat(200)}`,
      ttl,
    }),
  )
  const { server, resolver } = await startServer(t, { put })
  const truncated = decode(await askUdp(server.port, questionFor('big.example', 'TXT')))
  assert.equal(truncated.flag_tc, true)
  assert.deepEqual(truncated.answers, [])
  assert.equal((await resolver.resolveTxt('big.example')).length, 40)
})

test('hostile UDP messages: refused with the right code or ignored, and the server goes on', async (t) => {
  const { server, resolver } = await startServer(t)
  const whole = questionFor('shop.example', 'MX')
  const header = (flags: number, counts: readonly number[]) => {
    const bytes = Buffer.alloc(12)
    for (const [at, value] of [7, flags, ...counts].entries()) bytes.writeUInt16BE(value, at * 2)
    return bytes
  }
  const tail = whole.subarray(12)
  const chaos = Buffer.from(whole)
  chaos.writeUInt16BE(3, chaos.length - 2)
  const refused: [string, Buffer, number][] = [
    ['header alone', header(0x0100, [1, 0, 0, 0]), 1],
    ['no question', header(0x0100, [0, 0, 0, 0]), 1],
    ['65,535 questions', Buffer.concat([header(0, [65_535, 0, 0, 0]), tail]), 1],
    ['65,535 answers', Buffer.concat([header(0, [1, 65_535, 0, 0]), tail]), 1],
    ['cut in the middle', whole.subarray(0, whole.length - 3), 1],
    [
      'a name that points at itself',
      Buffer.concat([header(0, [1, 0, 0, 0]), Buffer.from('c00c000f0001', 'hex')]),
      1,
    ],
    [
      'a name that points ahead',
      Buffer.concat([header(0, [1, 0, 0, 0]), Buffer.from('c020000f0001', 'hex')]),
      1,
    ],
    [
      'a label type nobody uses',
      Buffer.concat([header(0, [1, 0, 0, 0]), Buffer.from('4161000f0001', 'hex')]),
      1,
    ],
    [
      'a label of raw bytes',
      Buffer.concat([header(0, [1, 0, 0, 0]), Buffer.from('03ff000a00000f0001', 'hex')]),
      1,
    ],
    ['an update', Buffer.concat([header(5 << 11, [1, 0, 0, 0]), tail]), 4],
    ['class CHAOS', chaos, 5],
    ['a zone transfer', questionFor('shop.example', 'AXFR'), 5],
    ['everything', questionFor('shop.example', 'ANY'), 4],
  ]
  for (const [what, bytes, code] of refused) {
    const reply = await askUdp(server.port, bytes)
    assert.equal(reply.readUInt16BE(0), bytes.readUInt16BE(0), what)
    assert.equal(reply.readUInt16BE(2) & 0x800f, 0x8000 | code, what)
  }

  const ignored = [
    Buffer.alloc(0),
    Buffer.from([1]),
    Buffer.alloc(11),
    header(0x8000, [1, 0, 0, 0]),
    Buffer.alloc(3_000),
  ]
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  const answers: Buffer[] = []
  socket.on('message', (bytes) => answers.push(bytes))
  for (const bytes of ignored) socket.send(bytes, server.port, '127.0.0.1')
  socket.send(whole, server.port, '127.0.0.1')
  await once(socket, 'message')
  assert.deepEqual(
    answers.map((bytes) => decode(bytes).answers?.length),
    [1],
  )
  assert.deepEqual((await resolver.resolveMx('shop.example')).length, 1)
})

test('TCP: questions in one stream are answered in order, an oversized one ends the connection', async (t) => {
  const { server } = await startServer(t)
  const socket = connect(server.port, '127.0.0.1')
  t.after(() => socket.destroy())
  const first = streamEncode(queryFor('one.example', 'MX'))
  const second = streamEncode(queryFor('two.example', 'A'))
  const bytes = Buffer.concat([first, second])
  socket.write(bytes.subarray(0, first.length + 1))
  setImmediate(() => socket.write(bytes.subarray(first.length + 1)))

  const received: Buffer[] = []
  const names: (string | undefined)[] = []
  socket.on('data', (chunk) => {
    received.push(chunk)
    let all = Buffer.concat(received)
    received.length = 0
    while (all.length >= 2 && all.length >= 2 + all.readUInt16BE(0)) {
      names.push(streamDecode(all.subarray(0, 2 + all.readUInt16BE(0))).questions?.[0]?.name)
      all = all.subarray(2 + all.readUInt16BE(0))
    }
    if (all.length > 0) received.push(all)
    if (names.length === 2) socket.write(Buffer.from([0xff, 0xff, 1, 2, 3]))
  })
  await once(socket, 'close')
  assert.deepEqual(names, ['one.example', 'two.example'])
})

test('letter case of a question comes back as it was asked', async (t) => {
  const { server } = await startServer(t)
  const reply = decode(await askUdp(server.port, questionFor('ShOp.eXample', 'MX')))
  assert.equal(reply.questions?.[0]?.name, 'ShOp.eXample')
  assert.equal(reply.answers?.[0]?.name, 'ShOp.eXample')
  assert.equal(reply.flag_aa, true)
})

function queryFor(name: string, type: string) {
  return { type: 'query' as const, id: 4711, flags: 0x0100, questions: [{ name, type: type as 'MX' }] }
}

function questionFor(name: string, type: string): Buffer {
  return encode(queryFor(name, type))
}

async function askUdp(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4')
  try {
    const reply = once(socket, 'message', { signal: AbortSignal.timeout(5_000) })
    socket.send(bytes, port, '127.0.0.1')
    const [message]: Buffer[] = await reply
    assert.ok(message)
    return message
  } finally {
    socket.close()
  }
}
