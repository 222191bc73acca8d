import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { type Answer, decode, encode } from 'dns-packet'
import { systemClock } from './clock.ts'
import { createResolver } from './dns.ts'

type Zone = Record<string, Answer[] | number>

/** Answers from a table `TYPE name`; a number is an error code; what is missing has no records. */
async function startDns(t: TestContext, zone: Zone) {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (packet, from) => {
    const { id, questions = [] } = decode(packet)
    const [question] = questions
    const key = `${question?.type} ${question?.name}`
    asked.push(key)
    const found = zone[key] ?? []
    const rcode = typeof found === 'number' ? found : 0
    const answers = typeof found === 'number' ? [] : found
    const flags = 0x8180 | rcode
    socket.send(encode({ type: 'response', id: id ?? 0, flags, questions, answers }), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  let now = 1_000_000
  const clock = { ...systemClock, now: () => now }
  const resolver = createResolver({
    servers: [`127.0.0.1:${socket.address().port}`],
    clock,
    timeoutMs: 200,
  })
  return { resolver, asked, pass: (ms: number) => (now += ms) }
}

const nxdomain = 3
const servfail = 2

test('answers as values', async (t) => {
  const { resolver } = await startDns(t, {
    'MX example.net': [
      { type: 'MX', name: 'example.net', data: { preference: 10, exchange: 'MX.example.net' } },
    ],
    'MX null.example': [{ type: 'MX', name: 'null.example', data: { preference: 0, exchange: '.' } }],
    'MX gone.example': nxdomain,
    'MX broken.example': servfail,
    'A mx.example.net': [{ type: 'A', name: 'mx.example.net', data: '192.0.2.1' }],
    'AAAA mx.example.net': [{ type: 'AAAA', name: 'mx.example.net', data: '2001:db8::1' }],
    'A half.example': servfail,
    'TXT k._domainkey.example.net': [
      { type: 'TXT', name: 'k._domainkey.example.net', data: ['v=DKIM1; ', 'p=abc'] },
    ],
    'PTR 1.2.0.192.in-addr.arpa': [{ type: 'PTR', name: '1.2.0.192.in-addr.arpa', data: 'Mail.example.net' }],
  })
  const mx = [{ priority: 10, exchange: 'mx.example.net' }]
  assert.deepEqual(await resolver.mx('example.net'), { kind: 'found', records: mx })
  assert.deepEqual(await resolver.mx('null.example'), {
    kind: 'found',
    records: [{ priority: 0, exchange: '' }],
  })
  assert.deepEqual(await resolver.mx('gone.example'), { kind: 'nxdomain' })
  assert.deepEqual(await resolver.mx('broken.example'), { kind: 'failed', reason: 'ESERVFAIL' })
  assert.deepEqual(await resolver.mx('empty.example'), { kind: 'none' })
  assert.deepEqual(await resolver.addresses('mx.example.net'), {
    kind: 'found',
    records: { v4: ['192.0.2.1'], v6: ['2001:db8::1'] },
  })
  assert.deepEqual(await resolver.addresses('empty.example'), { kind: 'none' })
  assert.deepEqual(await resolver.addresses('half.example'), { kind: 'failed', reason: 'ESERVFAIL' })
  assert.deepEqual(await resolver.txt('k._domainkey.example.net'), {
    kind: 'found',
    records: ['v=DKIM1; p=abc'],
  })
  assert.deepEqual(await resolver.ptr('192.0.2.1'), { kind: 'found', records: ['mail.example.net'] })
  assert.deepEqual(await resolver.tlsa('_25._tcp.mx.example.net'), { kind: 'none' })
})

test('names that are no names have no records', async (t) => {
  const { resolver } = await startDns(t, {})
  for (const name of ['a..example', `${'x'.repeat(64)}.example`]) {
    assert.deepEqual(await resolver.mx(name), { kind: 'nxdomain' }, name)
  }
})

test('a burst asks once; answers are kept for minutes, absences for one', async (t) => {
  const { resolver, asked, pass } = await startDns(t, {
    'MX example.net': [{ type: 'MX', name: 'example.net', data: { preference: 10, exchange: 'a.example' } }],
    'MX gone.example': nxdomain,
  })
  const ask = () =>
    Promise.all(['example.net', 'EXAMPLE.net', 'gone.example'].map((name) => resolver.mx(name)))
  await Promise.all([ask(), ask()])
  assert.deepEqual(asked.toSorted(), ['MX example.net', 'MX gone.example'])
  pass(61_000)
  await ask()
  assert.equal(asked.length, 3)
  pass(5 * 60_000)
  await ask()
  assert.equal(asked.length, 5)
})

test('nobody answers', async (t) => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  const servers = [`127.0.0.1:${socket.address().port}`]
  const resolver = createResolver({ servers, clock: systemClock, timeoutMs: 50 })
  assert.deepEqual(await resolver.mx('example.net'), { kind: 'failed', reason: 'ETIMEOUT' })
})
