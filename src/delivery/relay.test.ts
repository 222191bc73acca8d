import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type Given, handOver, startWorld, store, story, until } from '../../test/delivery-world.ts'
import { type Script, startScriptedSmtp } from '../../test/scripted-smtp.ts'
import { cleanUp, storageTest } from '../../test/storage.ts'
import { sizeInMemory } from '../intake/hand-over.ts'
import type { ServerId } from '../mail/ids.ts'
import type { RelayServer, Route } from '../routing/route.ts'
import type { Storage } from '../storage/storage.ts'
import type { DispatcherOptions, OutboundMessage } from './outbound.ts'

function relay(port: number, more: Partial<RelayServer> = {}): RelayServer {
  return {
    id: 5 as ServerId,
    name: 'Relay',
    host: 'localhost',
    port,
    security: 'none',
    authentication: { kind: 'none' },
    isDebug: false,
    limits: {},
    ...more,
  }
}

async function startRelay(t: TestContext, script: Script = {}, port = 0) {
  const server = await startScriptedSmtp(script, port)
  cleanUp(t, () => server.close())
  return server
}

/** A port where nobody listens. */
async function deadPort(): Promise<number> {
  const server = await startScriptedSmtp()
  await server.close()
  return server.port
}

type World = Awaited<ReturnType<typeof startWorld>>

function routed(
  t: TestContext,
  storage: Storage,
  route: (message: OutboundMessage) => Route,
  more: Partial<DispatcherOptions> = {},
) {
  return startWorld(t, storage, {}, { route, outagePausesMs: [100], ...more })
}

async function handAll(world: World, storage: Storage, given: Given[]) {
  const works = []
  for (const one of given) works.push(await store(storage, one))
  for (const work of works) {
    assert.equal(world.dispatcher.tryReserve(sizeInMemory(work), 'transactional'), true)
    world.dispatcher.take(work)
  }
  return works
}

storageTest('the From, the envelope and the reasons of the rules', async (t, storage) => {
  const server = await startRelay(t)
  const world = await routed(t, storage, () => ({
    kind: 'relay',
    server: relay(server.port),
    fromHeader: '"Zoe" <notifications@shop.example>',
    envelopeFrom: 'bounce@shop.example',
    because: ['no From filter names zoe@home.example', 'it is sent as notifications@shop.example'],
  }))
  const { message } = await handOver(world, storage, { from: 'Zoe <zoe@home.example>' })

  const [received] = server.messages
  assert.equal(received?.from, 'bounce@shop.example')
  const text = received?.content.toString() ?? ''
  assert.match(text, /\r\nFrom: Zoe <notifications@shop\.example>\r\nReply-To: Zoe <zoe@home\.example>\r\n/)
  assert.match(text, /^DKIM-Signature: [\s\S]+reply-to:reply-to/)
  const told = await story(storage, message.id)
  assert.deepEqual(told.deliveries, ['delivered  250 1'])
  assert.equal(told.attempts[0]?.server_id, 5)
  assert.match(
    told.attempts[0]?.transcript ?? '',
    /^# no From filter names zoe@home\.example\n# it is sent as notifications@shop\.example\n# connecting to localhost/,
  )
})

storageTest('the stored message stays as it came', async (t, storage) => {
  const server = await startRelay(t)
  const world = await routed(t, storage, () => ({
    kind: 'relay',
    server: relay(server.port),
    fromHeader: 'n@shop.example',
    because: [],
  }))
  const work = await handOver(world, storage, { from: 'zoe@home.example' })
  const body = await storage.db
    .selectFrom('bodies')
    .select('content')
    .where('message_id', '=', work.message.id)
    .executeTakeFirstOrThrow()
  assert.equal(Buffer.from(body.content).toString(), work.content.toString())
  assert.equal(server.messages[0]?.from, `b+${work.message.id}@bounce.shop.example`)
})

storageTest('what the rules refuse waits, and says why', async (t, storage) => {
  const world = await routed(t, storage, () => ({
    kind: 'refused',
    error: 'server_archived',
    because: ['the message demands "Old" (priority 10), which is archived'],
  }))
  const { message } = await handOver(world, storage)
  const told = await story(storage, message.id)
  assert.deepEqual(told.deliveries, ['deferred routing  1'])
  assert.deepEqual(told.texts, ['the message demands "Old" (priority 10), which is archived'])
})

storageTest('a message that is too large for its server is not offered to it', async (t, storage) => {
  const server = await startRelay(t)
  const world = await routed(t, storage, () => ({
    kind: 'relay',
    server: relay(server.port, { maxSizeBytes: 20 }),
    because: [],
  }))
  const { message } = await handOver(world, storage)
  assert.deepEqual((await story(storage, message.id)).deliveries, ['failed too-large  1'])
  assert.equal(server.connections(), 0)
})

storageTest('a mail that is made for its recipient is measured when it is made', async (t, storage) => {
  const server = await startRelay(t)
  const world = await routed(
    t,
    storage,
    () => ({ kind: 'relay', server: relay(server.port, { maxSizeBytes: 1_000 }), because: [] }),
    {
      makeOwnContent: ({ content, recipients }) =>
        recipients[0]?.address === 'ada@example.net'
          ? Buffer.concat([content, Buffer.alloc(1_000, 'x')])
          : content,
    },
  )
  const large = await handOver(world, storage, { individual: true })
  const small = await handOver(world, storage, { individual: true, to: ['bob@example.net'] })
  const told = await story(storage, large.message.id)
  assert.deepEqual(told.deliveries, ['failed too-large  1'])
  assert.match(told.texts[0] ?? '', /^5\.3\.4 the message has 1\d\d\d bytes; "Relay" is set to take 1000$/)
  assert.deepEqual((await story(storage, small.message.id)).deliveries, ['delivered  250 1'])
})

const refusals: [name: string, script: Script, server: Partial<RelayServer>, text: RegExp][] = [
  ['STARTTLS is not offered', {}, { security: 'starttls' }, /does not offer STARTTLS/],
  [
    'STARTTLS is taken back',
    { starttls: '454 4.7.0 no', tls: 'broken' },
    { security: 'starttls' },
    /4\.7\.0 no/,
  ],
  ['the handshake fails', { tls: 'broken' }, { security: 'starttls' }, /TLS with localhost failed/],
  [
    'the password is wrong',
    { extensions: ['AUTH PLAIN'], auth: '535 5.7.8 wrong' },
    { authentication: { kind: 'login', user: 'u', password: 'p' } },
    /5\.7\.8 wrong/,
  ],
]
for (const [name, script, more, text] of refusals) {
  storageTest(`nothing is sent where ${name}`, async (t, storage) => {
    const server = await startRelay(t, script)
    const world = await routed(t, storage, () => ({
      kind: 'relay',
      server: relay(server.port, more),
      because: [],
    }))
    const { message } = await handOver(world, storage)
    const told = await story(storage, message.id)
    assert.match(told.deliveries[0] ?? '', /^deferred /)
    assert.match(told.texts[0] ?? '', text)
    assert.ok(!server.commands.some((command) => command.startsWith('MAIL')))
  })
}

storageTest('a server that is down costs one message an attempt, and the others none', async (t, storage) => {
  const port = await deadPort()
  const world = await routed(t, storage, () => ({ kind: 'relay', server: relay(port), because: [] }), {
    outagePausesMs: [60_000],
  })
  const works = await handAll(
    world,
    storage,
    Array.from({ length: 20 }, () => ({})),
  )
  await world.dispatcher.idle()
  const attempts = await Promise.all(
    works.map(async ({ message }) => (await story(storage, message.id)).deliveries[0]),
  )
  assert.deepEqual(attempts.toSorted(), [
    ...Array.from({ length: 19 }, () => 'deferred connection  0'),
    'deferred connection  1',
  ])
  const rows = await storage.db.selectFrom('attempts').select('transcript').execute()
  assert.equal(rows.length, 1)
})

storageTest(
  'a server that comes back gets everything, after one connection has tried alone',
  async (t, storage) => {
    const port = await deadPort()
    const world = await routed(t, storage, () => ({ kind: 'relay', server: relay(port), because: [] }), {
      schedule: { delaysMs: [50], repeatMs: 50, jitter: 0, greylistMs: [1, 1] },
    })
    const works = await handAll(
      world,
      storage,
      Array.from({ length: 10 }, () => ({})),
    )
    await until(() => world.dispatcher.snapshot().works === 0)
    const server = await startRelay(t, {}, port)
    world.dispatcher.wake()
    await until(() => server.messages.length === works.length)
  },
)

storageTest('the fallback takes over, and says so', async (t, storage) => {
  const server = await startRelay(t)
  const port = await deadPort()
  const world = await routed(
    t,
    storage,
    () => ({
      kind: 'relay',
      server: relay(port),
      fallback: relay(server.port, { id: 6 as ServerId, name: 'Other' }),
      envelopeFrom: 'bounce@shop.example',
      because: ['its From filter fits'],
    }),
    { outagePausesMs: [60_000] },
  )
  const first = await handOver(world, storage)
  const second = await handOver(world, storage)
  assert.equal(server.messages.length, 2)
  assert.equal(server.messages[0]?.from, 'bounce@shop.example')
  const told = await story(storage, first.message.id)
  assert.deepEqual(told.deliveries, ['delivered  250 1'])
  assert.equal(told.attempts[0]?.server_id, 6)
  assert.match(
    told.attempts[0]?.transcript ?? '',
    /^# its From filter fits\n# connecting to localhost[\s\S]+ECONNREFUSED[\s\S]+\n# "Relay" cannot be used at present \(.+\); its fallback "Other" takes over\n/,
  )
  // The second one did not even try.
  assert.equal((await story(storage, second.message.id)).attempts[0]?.transcript.match(/connecting/g), null)
})

storageTest('a dead server among five leaves the others alone', async (t, storage) => {
  // It accepts connections and never says a word: the worst way to be dead.
  const unheard = new Set<Socket>()
  const mute = createServer((socket) => unheard.add(socket.on('error', () => {})))
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const address = mute.address()
  assert.ok(typeof address === 'object' && address !== null)
  const living = await Promise.all([1, 2, 3, 4].map(() => startRelay(t)))
  const ports = [address.port, ...living.map(({ port }) => port)]
  const world = await routed(t, storage, ({ id }) => {
    const number = turns.get(id) ?? 0
    const server = relay(ports[number] ?? 0, { id: (10 + number) as ServerId, name: `Server ${number}` })
    return { kind: 'relay', server, because: [] }
  })
  const turns = new Map<number, number>()
  const works = []
  for (let i = 0; i < 400; i++) {
    const work = await store(storage)
    turns.set(work.message.id, i % 5)
    works.push(work)
  }
  for (const work of works) {
    assert.equal(
      world.dispatcher.tryReserve(sizeInMemory(work), 'transactional'),
      true,
      'there is room for fresh work',
    )
    world.dispatcher.take(work)
  }
  await until(() => living.every(({ messages }) => messages.length === 80))
  const held = world.dispatcher.snapshot().sites.find(({ site }) => site.startsWith('Server 0'))
  assert.equal(held?.sending, 1, 'one connection finds out, the others wait')
  await world.dispatcher.stop(100)
  // It reads nothing, so it would not learn that its clients are gone.
  for (const socket of unheard) socket.destroy()
  await new Promise((resolve) => mute.close(resolve))
  const attempts = await storage.db
    .selectFrom('deliveries')
    .select('attempts')
    .where('state', '!=', 'delivered')
    .execute()
  assert.equal(attempts.length, 80)
  assert.ok(attempts.filter((row) => row.attempts > 0).length <= 1)
})

storageTest('limits of a server hold, and change while it is in use', async (t, storage) => {
  const server = await startRelay(t)
  let limits = { connections: 2, messagesPerConnection: 3 }
  const world = await routed(t, storage, () => ({
    kind: 'relay',
    server: relay(server.port, { limits }),
    because: [],
  }))
  let most = 0
  server.script.mail = () => {
    most = Math.max(most, server.open())
    return undefined
  }
  await handAll(
    world,
    storage,
    Array.from({ length: 12 }, () => ({})),
  )
  await world.dispatcher.idle()
  assert.equal(server.messages.length, 12)
  assert.ok(most <= 2, `${most} connections at once`)
  assert.ok(server.connections() >= 4, 'three messages on each connection')

  limits = { connections: 1, messagesPerConnection: 100 }
  await handAll(world, storage, [{}, {}])
  await world.dispatcher.idle()
  const [site] = world.dispatcher.snapshot().sites
  assert.deepEqual([site?.limits.connections, site?.limits.messagesPerConnection], [1, 100])
})

storageTest('a rate holds messages back and lets them go by itself', async (t, storage) => {
  const server = await startRelay(t)
  const world = await routed(t, storage, () => ({
    kind: 'relay',
    server: relay(server.port, { limits: { messagesPerMinute: 600 } }),
    because: [],
  }))
  const began = performance.now()
  await handAll(
    world,
    storage,
    Array.from({ length: 16 }, () => ({})),
  )
  await until(() => server.messages.length === 16)
  // Ten a second, and a second's worth at once after a pause: the first one starts with a single token.
  const tookMs = performance.now() - began
  assert.ok(tookMs > 1_000, `16 messages in ${Math.round(tookMs)} ms`)
  const rows = await storage.db.selectFrom('deliveries').select('attempts').execute()
  assert.ok(rows.every(({ attempts }) => attempts <= 1))
})

for (const isKnownGood of [false, true]) {
  const which = isKnownGood ? 'a server that was fine' : 'a new server'
  storageTest(
    `${which} and now says nothing holds up no other, not even for the same domain`,
    async (t, storage) => {
      const silent = await startRelay(t, isKnownGood ? {} : { greeting: { hang: true } })
      const healthy = await startRelay(t)
      const servers = {
        silent: relay(silent.port, { limits: { connections: 2 } }),
        healthy: relay(healthy.port, { id: 6 as ServerId }),
      }
      const world = await routed(
        t,
        storage,
        ({ fromAddress }) => ({
          kind: 'relay',
          server: fromAddress.startsWith('silent') ? servers.silent : servers.healthy,
          because: [],
        }),
        { memory: { maxWorks: 20, maxBytes: 1_000_000 }, stallMs: 50 },
      )
      if (isKnownGood) {
        await handAll(world, storage, [{ from: 'silent@shop.example' }])
        await until(() => silent.messages.length === 1)
        silent.script.mail = { hang: true }
      }
      for (let n = 0; n < 40; n++) await store(storage, { from: 'silent@shop.example', due: true })
      for (let n = 0; n < 10; n++) await store(storage, { from: 'healthy@shop.example', due: true })
      world.dispatcher.wake()
      await until(() => healthy.messages.length === 10)
      assert.ok(world.dispatcher.snapshot().works <= 20)
      await silent.close()
    },
  )
}
