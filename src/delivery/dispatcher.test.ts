import assert from 'node:assert/strict'
import { fakeResolver, handOver, startWorld, store, story, until } from '../../test/delivery-world.ts'
import { type Script, startScriptedSmtp } from '../../test/scripted-smtp.ts'
import { cleanUp, storageTest } from '../../test/storage.ts'
import { sizeInMemory } from '../intake/hand-over.ts'
import type { ServerId } from '../mail/ids.ts'
import type { Route } from '../routing/route.ts'
import type { DnsAnswer } from '../runtime/dns.ts'
import { makeAuthority, makeServerCertificate } from '../runtime/make-certificates.ts'
import type { OutboundWork } from './outbound.ts'
import { loopbackLimits } from './site-limits.ts'

storageTest('fresh work is signed, delivered and settled', async (t, storage) => {
  const world = await startWorld(t, storage, {})
  const { message } = await handOver(world, storage)

  const [received] = world.server.messages
  assert.match(
    received?.content.toString() ?? '',
    /^DKIM-Signature: v=1; a=rsa-sha256;[\s\S]+\r\nFrom: hello@/,
  )
  assert.equal(received?.from, `b+${message.id}@bounce.shop.example`)
  const told = await story(storage, message.id)
  assert.deepEqual(told.deliveries, ['delivered  250 1'])
  assert.deepEqual(told.texts, ['2.0.0 taken'])
  assert.deepEqual(told.events, ['delivered'])
  assert.deepEqual(told.work, [])
  assert.equal(told.attempts[0]?.host, 'mx.example.net')
  assert.equal(told.attempts[0]?.address, `127.0.0.1:${world.server.port}`)
  assert.match(
    told.attempts[0]?.transcript ?? '',
    /\nC: DATA\n[\s\S]+ bytes of message\nS: 250 2\.0\.0 taken$/,
  )
})

storageTest('stored work is claimed, and connections are used again', async (t, storage) => {
  const works = [await store(storage, { due: true }), await store(storage, { due: true, lane: 'bulk' })]
  const world = await startWorld(t, storage, {}, { defaultLimits: { ...loopbackLimits, connections: 1 } })
  await world.dispatcher.idle()
  for (const { message } of works) {
    assert.deepEqual((await story(storage, message.id)).deliveries, ['delivered  250 1'])
  }
  assert.equal(world.server.connections(), 1)
})

storageTest(
  'recipients of one transaction fare differently; only what waits is tried again',
  async (t, storage) => {
    const world = await startWorld(
      t,
      storage,
      { rcpt: { 'gone@example.net': '550 5.1.1 no such user', 'busy@example.net': '450 4.2.0 busy' } },
      { schedule: { delaysMs: [1], repeatMs: 60_000, jitter: 0, greylistMs: [1, 1] } },
    )
    const work = await store(storage, { to: ['ada@example.net', 'gone@example.net', 'busy@example.net'] })
    assert.equal(world.dispatcher.tryReserve(sizeInMemory(work), 'transactional'), true)
    world.dispatcher.take(work)
    await world.dispatcher.idle()

    const told = await story(storage, work.message.id)
    assert.deepEqual(told.deliveries, [
      'delivered  250 1',
      'failed invalid-recipient 550 1',
      'deferred transient 450 2',
    ])
    assert.deepEqual(told.events, [
      'delivered',
      'bounced invalid-recipient',
      'deferred transient',
      'deferred transient',
    ])
    assert.deepEqual(
      world.server.messages.map(({ recipients }) => recipients),
      [['ada@example.net']],
    )
    assert.equal(told.work[0]?.owner, null)
    assert.equal(told.work[0]?.due, told.nextAttempts[2])
  },
)

const outcomes: [name: string, script: Script, delivery: string][] = [
  [
    'greylisted',
    { rcpt: { 'ada@example.net': '451 4.7.1 greylisted, try again in 300 seconds' } },
    'deferred greylisted 451 1',
  ],
  ['a refusal after the dot', { final: '554 5.7.1 spam detected' }, 'failed spam-content 554 1'],
  [
    'a block at the greeting is temporary',
    { greeting: '554 5.7.1 blocked using spamhaus' },
    'deferred dnsbl 554 1',
  ],
  ['lost after the dot', { final: { close: true } }, 'deferred connection  1'],
  ['nonsense', { greeting: 'hello there' }, 'deferred connection  1'],
  ['no SMTPUTF8 where the address needs it', { extensions: [] }, 'failed bad-message  1'],
]
for (const [name, script, delivery] of outcomes) {
  storageTest(`outcome: ${name}`, async (t, storage) => {
    const world = await startWorld(t, storage, script)
    const to = script.extensions === undefined ? ['ada@example.net'] : ['søren@example.net']
    const { message } = await handOver(world, storage, { to })
    const told = await story(storage, message.id)
    assert.deepEqual(told.deliveries, [delivery])
    assert.equal(told.work.length, delivery.startsWith('deferred') ? 1 : 0)
  })
}

const nowhere: [
  name: string,
  answer: DnsAnswer<readonly { priority: number; exchange: string }[]>,
  delivery: string,
][] = [
  ['no such domain', { kind: 'nxdomain' }, 'failed bad-domain  1'],
  ['null MX', { kind: 'found', records: [{ priority: 0, exchange: '' }] }, 'failed bad-domain  1'],
  ['ourselves', { kind: 'found', records: [{ priority: 5, exchange: 'out.example' }] }, 'failed loop  1'],
  ['DNS fails', { kind: 'failed', reason: 'ESERVFAIL' }, 'deferred dns  1'],
]
for (const [name, answer, delivery] of nowhere) {
  storageTest(`nowhere to go: ${name}`, async (t, storage) => {
    const world = await startWorld(
      t,
      storage,
      {},
      {
        resolver: fakeResolver({ 'example.net': answer }),
        ownHosts: ['out.example'],
      },
    )
    const { message } = await handOver(world, storage)
    const told = await story(storage, message.id)
    assert.deepEqual(told.deliveries, [delivery])
    assert.equal(told.attempts[0]?.host, '')
    assert.equal(told.attempts[0]?.transcript, `# ${told.texts[0]}`)
  })
}

storageTest('without a key nothing goes out', async (t, storage) => {
  const world = await startWorld(t, storage, {}, { signingKeys: async () => [] })
  const { message } = await handOver(world, storage)
  const told = await story(storage, message.id)
  assert.deepEqual(told.deliveries, ['deferred signing  1'])
  assert.deepEqual(told.texts, ['there is no active DKIM key for shop.example'])
  assert.equal(world.server.connections(), 0)
})

storageTest('a forbidden address is never connected to', async (t, storage) => {
  const world = await startWorld(t, storage, {}, { mayConnect: () => false })
  const { message } = await handOver(world, storage)
  assert.deepEqual((await story(storage, message.id)).deliveries, ['deferred policy  1'])
  assert.equal(world.server.connections(), 0)
})

storageTest('what is past its time expires without another attempt', async (t, storage) => {
  const world = await startWorld(t, storage, {})
  const { message } = await handOver(world, storage, { lifetimeMs: -1 })
  const told = await story(storage, message.id)
  assert.deepEqual(told.deliveries, ['failed expired  0'])
  assert.deepEqual(told.events, ['expired expired'])
  assert.deepEqual(told.work, [])
  assert.equal(world.server.connections(), 0)
})

storageTest(
  'a host that does not answer is left alone, and no attempt is counted for that',
  async (t, storage) => {
    const world = await startWorld(t, storage, {})
    await world.server.close()
    const first = await handOver(world, storage)
    const second = await handOver(world, storage)
    assert.deepEqual((await story(storage, first.message.id)).deliveries, ['deferred connection  1'])
    const told = await story(storage, second.message.id)
    assert.deepEqual(told.deliveries, ['deferred connection  0'])
    assert.deepEqual(told.texts, ['no answer lately from mx.example.net'])
    assert.equal(told.work[0]?.attempts, 0)
  },
)

storageTest('the next MX host is tried', async (t, storage) => {
  const resolver = fakeResolver({
    'example.net': {
      kind: 'found',
      records: [
        { priority: 20, exchange: 'good.example.net' },
        { priority: 10, exchange: 'dead.example.net' },
      ],
    },
  })
  resolver.addresses = async (host) => ({
    kind: 'found',
    records: { v4: [host.startsWith('dead') ? '127.0.0.2' : '127.0.0.1'], v6: [] },
  })
  const world = await startWorld(t, storage, {}, { resolver })
  const { message } = await handOver(world, storage)
  const told = await story(storage, message.id)
  assert.deepEqual(told.deliveries, ['delivered  250 1'])
  assert.match(
    told.attempts[0]?.transcript ?? '',
    /^# connecting to dead[\s\S]+ECONNREFUSED[\s\S]+# connecting to good/,
  )
})

storageTest('broken TLS: once more without, and remembered', async (t, storage) => {
  const world = await startWorld(t, storage, { tls: 'broken' })
  const first = await handOver(world, storage)
  const told = await story(storage, first.message.id)
  assert.deepEqual(told.deliveries, ['delivered  250 1'])
  assert.match(told.attempts[0]?.transcript ?? '', /# TLS failed: [\s\S]+# once more without TLS/)
  assert.equal(world.server.messages[0]?.tls, false)
})

storageTest('CHUNKING that is not meant: at once by DATA, and remembered', async (t, storage) => {
  const extensions = ['PIPELINING', 'CHUNKING', '8BITMIME']
  const world = await startWorld(t, storage, { extensions, bdat: '500 5.5.2 unknown' })
  const first = await handOver(world, storage)
  const told = await story(storage, first.message.id)
  assert.deepEqual(told.deliveries, ['delivered  250 1'])
  assert.match(told.attempts[0]?.transcript ?? '', /C: BDAT [\s\S]+# .+ does not know BDAT[\s\S]+C: DATA/)
  const second = await handOver(world, storage)
  assert.doesNotMatch((await story(storage, second.message.id)).attempts[0]?.transcript ?? '', /BDAT/)
  assert.equal(world.server.messages.length, 2)
})

storageTest('a relay with strict TLS and a password', async (t, storage) => {
  const authority = await makeAuthority(Date.now())
  const made = await makeServerCertificate({ authority, names: ['localhost'], now: Date.now() })
  const tls = { cert: made.certificate, key: made.key }
  const server = await startScriptedSmtp({ tls, extensions: ['AUTH PLAIN', 'PIPELINING'] })
  cleanUp(t, () => server.close())
  const relay: Route = {
    kind: 'relay',
    server: {
      id: 5 as ServerId,
      name: 'smarthost',
      host: 'localhost',
      port: server.port,
      security: 'starttls-strict',
      authentication: { kind: 'login', user: 'u', password: 'p' },
      isDebug: false,
      limits: {},
    },
    because: ['it is the only server'],
  }
  const world = await startWorld(t, storage, {}, { route: () => relay, trustedCas: [authority.certificate] })
  const { message } = await handOver(world, storage)
  const told = await story(storage, message.id)
  assert.deepEqual(told.deliveries, ['delivered  250 1'])
  assert.match(told.attempts[0]?.tls ?? '', / verified$/)
  assert.equal(server.messages.length, 1)
  assert.equal(world.server.messages.length, 0)
})

storageTest('a kept connection that died is no attempt', async (t, storage) => {
  const world = await startWorld(t, storage, {})
  await handOver(world, storage)
  let isFirst = true
  world.server.script.mail = () => {
    const answer = isFirst ? ({ close: true, say: '421 4.4.2 idle too long' } as const) : undefined
    isFirst = false
    return answer
  }
  const work = await store(storage)
  world.dispatcher.tryReserve(sizeInMemory(work), 'transactional')
  world.dispatcher.take(work)
  await world.dispatcher.idle()
  assert.deepEqual((await story(storage, work.message.id)).deliveries, ['delivered  250 1'])
  assert.equal(world.server.connections(), 2)
})

storageTest('transactional passes a campaign', async (t, storage) => {
  const world = await startWorld(t, storage, {}, { defaultLimits: { ...loopbackLimits, connections: 1 } })
  const bulk: OutboundWork[] = []
  for (let i = 0; i < 30; i++) bulk.push(await store(storage, { lane: 'bulk', subject: `bulk ${i}` }))
  const urgent = await store(storage, { subject: 'password reset' })
  for (const work of [...bulk, urgent]) {
    world.dispatcher.tryReserve(sizeInMemory(work), 'transactional')
    world.dispatcher.take(work)
  }
  await world.dispatcher.idle()
  const position = world.server.messages.findIndex(({ content }) => content.includes('password reset'))
  // What was on its way when it came goes first.
  assert.ok(position <= 12, `sent as number ${position} of 31`)
  assert.equal(world.server.messages.length, 31)
})

storageTest('fifty recipients go in one transaction', async (t, storage) => {
  const world = await startWorld(t, storage, {})
  const to = Array.from({ length: 50 }, (_, i) => `user${i}@example.net`)
  const { message } = await handOver(world, storage, { to })
  assert.deepEqual(
    world.server.messages.map(({ recipients }) => recipients.length),
    [50],
  )
  assert.equal(
    (await story(storage, message.id)).deliveries.filter((d) => d === 'delivered  250 1').length,
    50,
  )
})

storageTest('stopping puts back what waits, and nothing is lost', async (t, storage) => {
  const world = await startWorld(
    t,
    storage,
    { rcpt: { 'ada@example.net': { hang: true } } },
    {
      defaultLimits: { ...loopbackLimits, connections: 1 },
    },
  )
  const works = [await store(storage), await store(storage)]
  for (const work of works) {
    world.dispatcher.tryReserve(sizeInMemory(work), 'transactional')
    world.dispatcher.take(work)
  }
  await until(() => world.server.commands.includes('RCPT TO:<ada@example.net>'))
  await world.dispatcher.stop(100)
  assert.equal(world.dispatcher.tryReserve(1, 'transactional'), false)
  const left = await storage.db.selectFrom('work').selectAll().orderBy('attempts').execute()
  // The one under way counts its attempt; the other was never tried.
  assert.deepEqual(
    left.map(({ owner, attempts }) => ({ owner, attempts })),
    [
      { owner: null, attempts: 0 },
      { owner: null, attempts: 1 },
    ],
  )
})

storageTest('what is made for one recipient is made when its turn has come', async (t, storage) => {
  const made: string[] = []
  const world = await startWorld(
    t,
    storage,
    { rcpt: { 'ada@example.net': { hang: true } } },
    {
      defaultLimits: { ...loopbackLimits, connections: 1 },
      makeOwnContent({ content, recipients: [recipient] }) {
        made.push(recipient?.address ?? '')
        return content
      },
    },
  )
  for (const name of ['ada', 'bob', 'cy']) {
    const work = await store(storage, { to: [`${name}@example.net`], individual: true })
    world.dispatcher.tryReserve(sizeInMemory(work), 'transactional')
    world.dispatcher.take(work)
  }
  await until(() => world.server.commands.includes('RCPT TO:<ada@example.net>'))
  assert.deepEqual(made, ['ada@example.net'])
  await world.dispatcher.stop(100)
  const left = await storage.db.selectFrom('work').select('attempts').orderBy('attempts').execute()
  assert.deepEqual(
    left.map(({ attempts }) => attempts),
    [0, 0, 1],
  )
})

storageTest('what cannot be made is blocked, and the next one goes', async (t, storage) => {
  const world = await startWorld(
    t,
    storage,
    {},
    {
      defaultLimits: { ...loopbackLimits, connections: 1 },
      makeOwnContent: ({ content, recipients: [recipient] }) =>
        recipient?.address === 'ada@example.net'
          ? { class: 'template-error', detail: 'no first name' }
          : content,
    },
  )
  const blocked = await handOver(world, storage, { individual: true })
  const sent = await handOver(world, storage, { individual: true, to: ['bob@example.net'] })
  assert.deepEqual((await story(storage, blocked.message.id)).deliveries, ['blocked template-error  0'])
  assert.deepEqual((await story(storage, sent.message.id)).deliveries, ['delivered  250 1'])
})

storageTest('work that stops the program again and again waits longer', async (t, storage) => {
  const world = await startWorld(t, storage, {})
  const { message } = await handOver(world, storage, { workAttempts: 12 })
  const told = await story(storage, message.id)
  assert.deepEqual(told.deliveries, ['deferred system  0'])
  assert.equal(told.work[0]?.attempts, 12)
  const given = await handOver(world, storage, { workAttempts: 31 })
  assert.deepEqual((await story(storage, given.message.id)).deliveries, ['failed system  0'])
})
