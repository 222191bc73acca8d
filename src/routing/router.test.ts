import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { storageTest } from '../../test/storage.ts'
import { createApiKey } from '../accounts/api-keys.ts'
import { parseAddress } from '../mail/address.ts'
import type { ServerId } from '../mail/ids.ts'
import { makeAuthority } from '../runtime/make-certificates.ts'
import { createSeal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'
import { fromText } from './from-text.ts'
import { findParameter, listParameters, setParameter } from './parameters.ts'
import { createRouter, type RouterSettings } from './router.ts'
import { ownReturnPath } from './rules.ts'
import type { NewServer } from './server-fields.ts'
import { addServer, findServer, listServers, updateServer } from './servers.ts'

async function setUp(storage: Storage, settings?: RouterSettings) {
  const clock = { time: 1_000_000, now: () => clock.time, sleep: async () => {} }
  const seal = createSeal(randomBytes(32))
  const { key } = await createApiKey(storage, { name: 'odoo', now: clock.now() })
  const { accountId } = key
  const router = createRouter({ storage, clock, seal, ...(settings !== undefined && { settings }) })
  const context = { storage, seal, isHosted: false, now: clock.now() }
  return {
    clock,
    seal,
    accountId,
    context,
    add: (input: NewServer) => addServer(context, { accountId, input }),
    set: (name: string, value: string | null) =>
      setParameter(storage, { accountId, name, value, now: clock.now() }),
    route: (from: string, { isBulk = false, returnPath = '' } = {}) =>
      router.route(key.id, {
        readFrom: () => from,
        isBulk,
        ...(returnPath !== '' && { returnPath }),
      }),
    mayCarry: (from: string, allowed: readonly string[] = []) => {
      const address = parseAddress(from)
      assert.ok(address)
      return router.mayCarry(key.id, address, async ({ local, domain }) =>
        allowed.includes(`${local}@${domain}`),
      )
    },
    forget: () => router.forget(accountId),
  }
}

storageTest('without servers and parameters, mail goes out directly as it is', async (_t, storage) => {
  const { route } = await setUp(storage)
  const direct = await route('Ann <ann@shop.example>')
  assert.deepEqual(direct, {
    kind: 'mx',
    because: [
      'there is no active outgoing server, so this instance sends it itself',
      'it goes to the MX hosts of the recipient',
    ],
  })
})

storageTest('a server added, changed and archived is used as it is now', async (_t, storage) => {
  const { add, route, context, clock, forget, seal } = await setUp(storage)
  await route('ann@shop.example')
  const made = await add({
    name: 'Mailjet',
    host: 'in-v3.relay.example',
    user: 'key',
    password: 'hunter2 ä',
    fromFilter: 'shop.example',
    maxConnections: 3,
    maxMessagesPerMinute: 600,
  })
  assert.equal((await route('ann@shop.example')).kind, 'mx', 'remembered for a moment')
  clock.time += 5_000

  const route1 = await route('ann@shop.example')
  assert.ok(route1.kind === 'relay')
  assert.deepEqual(route1, {
    kind: 'relay',
    server: {
      id: made.id,
      name: 'Mailjet',
      host: 'in-v3.relay.example',
      port: 587,
      security: 'starttls-strict',
      authentication: { kind: 'login', user: 'key', password: 'hunter2 ä' },
      isDebug: false,
      limits: { connections: 3, messagesPerMinute: 600 },
    },
    envelopeFrom: 'ann@shop.example',
    because: [
      'no From filter names the address ann@shop.example',
      'the From filter of "Mailjet" (priority 10) names the domain shop.example',
    ],
  })

  const stored = await storage.db.selectFrom('outgoing_servers').selectAll().executeTakeFirstOrThrow()
  assert.ok(!JSON.stringify(stored).includes('hunter2'))
  assert.equal(seal.open(stored.password_sealed ?? ''), 'hunter2 ä')
  assert.ok(!JSON.stringify(await listServers(storage)).includes('sealed'))

  await updateServer(context, { id: made.id, input: { security: 'tls-strict', password: 'new' } })
  forget()
  const route2 = await route('ann@shop.example')
  assert.ok(route2.kind === 'relay')
  assert.deepEqual(
    [route2.server.port, route2.server.authentication],
    [465, { kind: 'login', user: 'key', password: 'new' }],
  )

  await updateServer(context, { id: made.id, input: { isActive: false } })
  forget()
  assert.equal((await route('ann@shop.example')).kind, 'mx')
})

storageTest('a foreign author goes out under the notifications address', async (_t, storage) => {
  const { add, set, route } = await setUp(storage)
  await add({ name: 'Mailjet', host: 'relay.example', fromFilter: 'shop.example' })
  await set('mail.default.from', 'notifications@shop.example')
  await set('mail.bounce.alias', 'bounce')
  await set('mail.catchall.domain', 'shop.example')

  const foreign = await route('"Zoe, Z." <zoe@customer.example>')
  assert.ok(foreign.kind === 'relay')
  assert.equal(foreign.fromHeader, '"Zoe, Z." <notifications@shop.example>')
  assert.equal(foreign.envelopeFrom, 'bounce@shop.example')

  const own = await route('ann@shop.example', { returnPath: 'ann+back@shop.example' })
  assert.ok(own.kind === 'relay')
  assert.deepEqual([own.fromHeader, own.envelopeFrom], [undefined, 'ann+back@shop.example'])
})

storageTest(
  'without a server the filter of the account holds, then that of the settings',
  async (_t, storage) => {
    const { set, route, forget } = await setUp(storage, {
      emailFrom: 'robot@host.example',
      fromFilter: 'host.example',
    })
    const bySettings = await route('ann@shop.example')
    assert.ok(bySettings.kind === 'mx')
    assert.equal(bySettings.fromHeader, '"ann" <robot@host.example>')
    assert.equal(bySettings.envelopeFrom, undefined, 'bounces come back to the instance')

    await set('mail.default.from_filter', 'shop.example')
    await set('mail.bounce.alias', 'bounce')
    await set('mail.catchall.domain', 'shop.example')
    forget()
    const own = await route('ann@shop.example')
    assert.ok(own.kind === 'mx')
    assert.deepEqual([own.fromHeader, own.envelopeFrom], [undefined, 'bounce@shop.example'])
    const asked = await route('ann@shop.example', { returnPath: 'ann@elsewhere.example' })
    assert.equal(
      asked.kind === 'mx' && asked.envelopeFrom,
      'bounce@shop.example',
      'SPF would not allow theirs',
    )
  },
)

storageTest('the relay of the settings takes what no server takes', async (_t, storage) => {
  const smarthost = {
    id: undefined,
    name: 'smarthost',
    host: 'smart.example',
    port: 587,
    security: 'starttls-strict',
    authentication: { kind: 'none' },
    isDebug: false,
    limits: {},
  } as const
  const { route } = await setUp(storage, { smarthost })
  const relayed = await route('ann@shop.example')
  assert.ok(relayed.kind === 'relay')
  assert.deepEqual([relayed.server, relayed.envelopeFrom], [smarthost, undefined])
})

storageTest('mass mail goes through its own server, which cannot be archived', async (_t, storage) => {
  const { add, set, route, context, forget } = await setUp(storage)
  const all = await add({ name: 'All', host: 'all.example', priority: 1 })
  const mass = await add({ name: 'Mass', host: 'mass.example', priority: 20, fromFilter: 'news.example' })
  await set('mass_mailing.mail_server_id', String(mass.id))

  const bulk = await route('ann@shop.example', { isBulk: true })
  assert.ok(bulk.kind === 'relay')
  assert.equal(bulk.server.id, mass.id)
  assert.equal(bulk.fromHeader, undefined)
  assert.deepEqual(bulk.because, [
    'it is mass mail, which this account sends through a server of its own',
    'the message demands "Mass" (priority 20), so From filters and priorities are not looked at',
    'warning: its From filter (news.example) does not cover ann@shop.example; a demanded server sends it all the same',
  ])
  const ordinary = await route('ann@shop.example')
  assert.equal(ordinary.kind === 'relay' && ordinary.server.id, all.id)

  await assert.rejects(updateServer(context, { id: mass.id, input: { isActive: false } }), {
    code: 'conflict',
    message:
      '"Mass" is in use and cannot be archived: it is the server for mass mailing (system parameter mass_mailing.mail_server_id)',
  })
  await set('mass_mailing.outgoing_mail_server', 'false')
  forget()
  const switchedOff = await route('ann@shop.example', { isBulk: true })
  assert.equal(switchedOff.kind === 'relay' && switchedOff.server.id, all.id)
  await updateServer(context, { id: mass.id, input: { isActive: false } })
})

storageTest(
  'a mass-mailing server that is gone all the same stops mass mail, with the reason',
  async (_t, storage) => {
    const { add, set, route, forget } = await setUp(storage)
    const mass = await add({ name: 'Mass', host: 'mass.example' })
    await set('mass_mailing.mail_server_id', String(mass.id))
    await storage.db.updateTable('outgoing_servers').set({ is_active: 0 }).execute()
    forget()
    const route1 = await route('ann@shop.example', { isBulk: true })
    assert.equal(route1.kind === 'refused' && route1.error, 'server_archived')
    assert.match(route1.because.at(-1) ?? '', /"Mass" \(priority 10\), which is archived/)
  },
)

storageTest('a fallback goes along with the route and is kept from being archived', async (_t, storage) => {
  const { add, route, context } = await setUp(storage)
  const spare = await add({ name: 'Spare', host: 'spare.example', priority: 99 })
  const main = await add({ name: 'Main', host: 'main.example', priority: 1, fallbackServerId: spare.id })

  const route1 = await route('ann@shop.example')
  assert.equal(route1.kind === 'relay' && route1.fallback?.host, 'spare.example')
  await assert.rejects(updateServer(context, { id: spare.id, input: { isActive: false } }), {
    message: `"Spare" is in use and cannot be archived: it is the fallback of "Main" (${main.id})`,
  })
  await assert.rejects(updateServer(context, { id: main.id, input: { fallbackServerId: main.id } }), {
    message: 'a server cannot be its own fallback',
  })
  await assert.rejects(add({ name: 'X', host: 'x.example', fallbackServerId: 5 as ServerId }), {
    message: 'the fallback 5 is not an outgoing server of this account',
  })
})

storageTest('parameters speak for servers that say nothing themselves', async (_t, storage) => {
  const { add, set, route } = await setUp(storage)
  await add({
    name: 'Own',
    host: 'own.example',
    fromFilter: 'a.example',
    maxMessagesPerConnection: 7,
    maxSizeBytes: 5,
  })
  await add({ name: 'None', host: 'none.example', fromFilter: 'b.example' })
  await set('mail.session.batch.size', '250')
  await set('base.default_max_email_size', '10')
  const limitsOf = async (from: string) => {
    const found = await route(from)
    assert.ok(found.kind === 'relay')
    return [found.server.limits.messagesPerConnection, found.server.maxSizeBytes]
  }
  assert.deepEqual(await limitsOf('x@a.example'), [7, 5])
  assert.deepEqual(await limitsOf('x@b.example'), [250, 10 * 1024 * 1024])
})

test('an envelope sender is of its own where it is another address than the From', () => {
  const table: [envelopeFrom: string, own: string | undefined][] = [
    ['', undefined],
    ['Hello@shop.example', undefined],
    ['bounce@shop.example', 'bounce@shop.example'],
  ]
  for (const [envelopeFrom, own] of table) {
    assert.equal(ownReturnPath({ envelopeFrom, fromAddress: 'hello@shop.example' }), own)
  }
})

storageTest('who may send through the servers of the account', async (_t, storage) => {
  const { add, set, mayCarry, context, forget } = await setUp(storage)
  assert.equal(await mayCarry('ann@shop.example'), false, 'nobody without a server')

  const relay = await add({ name: 'Shop', host: 'relay.example', fromFilter: 'shop.example' })
  forget()
  assert.equal(await mayCarry('ann@shop.example'), true, 'the filter covers it')
  assert.equal(await mayCarry('eve@bank.example'), false, 'only the last resort would take it')

  await set('mail.default.from', 'notifications@shop.example')
  forget()
  assert.equal(await mayCarry('zoe@customer.example'), true, 'it goes out under the default From')

  await updateServer(context, { id: relay.id, input: { isActive: false } })
  await set('mail.default.from_filter', 'shop.example')
  forget()
  assert.equal(await mayCarry('zoe@customer.example'), false)
  assert.equal(await mayCarry('zoe@customer.example', ['notifications@shop.example']), true)
  assert.equal(await mayCarry('ann@shop.example'), false, 'a filter alone validates nobody')
})

storageTest('known parameters are checked, others are kept', async (_t, storage) => {
  const { set, accountId, add } = await setUp(storage)
  const table: [name: string, value: string, kept: string | RegExp][] = [
    ['mail.default.from', 'notifications', 'notifications'],
    ['mail.default.from', 'Notifications@Shop.Example', 'Notifications@shop.example'],
    ['mail.default.from', 'a b', /^mail\.default\.from must be an address, or the part before the @/],
    ['mail.default.from_filter', 'shop.example, a@b.example', 'shop.example,a@b.example'],
    ['mail.default.from_filter', '@shop.example', /write shop\.example for all addresses/],
    ['mail.catchall.domain', 'shop.example', 'shop.example'],
    ['mail.catchall.domain', 'hello@shop.example', /must be a domain like shop\.example/],
    ['mail.bounce.alias', 'bounce', 'bounce'],
    ['mail.bounce.alias', 'bounce@shop.example', /must be the part of an address before the @/],
    ['mail.catchall.domain.allowed', 'a.example, b.example', 'a.example,b.example'],
    ['mail.gateway.loop.minutes', '0120', '120'],
    ['mail.gateway.loop.threshold', 'many', /must be a whole number from 1 to 1000000; 'many' is not/],
    ['mass_mailing.outgoing_mail_server', 'true', 'True'],
    ['mass_mailing.mail_server_id', '17', /17 is not an outgoing server of this account/],
    ['web.base.url', 'https://shop.example', 'https://shop.example'],
    ['bad name', 'x', /has 1 to 200 letters, digits/],
    ['cli.email_from', 'x@shop.example', /belongs to the settings of the instance/],
  ]
  for (const [name, value, kept] of table) {
    if (typeof kept === 'string') assert.equal((await set(name, value))?.value, kept, name)
    else await assert.rejects(set(name, value), { code: 'bad-value', message: kept }, name)
  }

  const archived = await add({ name: 'Old', host: 'old.example', isActive: false })
  await assert.rejects(set('mass_mailing.mail_server_id', String(archived.id)), /"Old" is archived/)

  const listed = await listParameters(storage, accountId)
  assert.ok(listed.every(({ isKnown, about, unset }) => !isKnown || (about !== '' && unset !== '')))
  assert.deepEqual(listed.at(-1)?.name, 'web.base.url')
  await set('web.base.url', null)
  await assert.rejects(findParameter(storage, { accountId, name: 'web.base.url' }), { code: 'not-found' })
  assert.equal((await findParameter(storage, { accountId, name: 'mail.batch_size' })).value, null)
})

storageTest('accounts do not see each other', async (_t, storage) => {
  const { set, add, accountId } = await setUp(storage)
  await add({ name: 'Ours', host: 'ours.example' })
  await set('mail.default.from', 'notifications@shop.example')
  const other = (accountId + 1) as typeof accountId
  assert.deepEqual(await listServers(storage, { accountId: other }), [])
  assert.equal((await findParameter(storage, { accountId: other, name: 'mail.default.from' })).value, null)
})

storageTest('servers are found by id or by a name that only one has', async (_t, storage) => {
  const { add } = await setUp(storage)
  const made = await add({ name: 'One', host: 'a.example' })
  await add({ name: 'Two', host: 'a.example' })
  await add({ name: 'Two', host: 'b.example' })
  assert.equal((await findServer(storage, made.id)).id, made.id)
  assert.equal((await findServer(storage, 'One')).id, made.id)
  await assert.rejects(findServer(storage, 'Two'), /several outgoing servers are called 'Two'/)
  await assert.rejects(findServer(storage, 'Three'), { code: 'not-found' })
})

storageTest('a client certificate is checked when it is given', async (_t, storage) => {
  const { add, context, route } = await setUp(storage)
  const own = await makeAuthority(Date.now())
  const other = await makeAuthority(Date.now())
  const server = { name: 'Postfix', host: 'a.example', authentication: 'certificate' } as const
  const { certificate, key: privateKey } = own
  const table: [input: Partial<NewServer>, words: RegExp][] = [
    [{ privateKey }, /the client certificate is missing/],
    [{ certificate }, /the private key of the client certificate is missing/],
    [{ certificate: 'x', privateKey }, /the client certificate is not a valid PEM certificate/],
    [{ certificate, privateKey: 'x' }, /the private key is not a valid PEM key/],
    [{ certificate, privateKey: other.key }, /the private key does not belong to the client certificate/],
  ]
  for (const [input, words] of table) await assert.rejects(add({ ...server, ...input }), words)

  const made = await add({ ...server, certificate, privateKey })
  await assert.rejects(
    updateServer(context, { id: made.id, input: { privateKey: null } }),
    /key of the client/,
  )
  const route1 = await route('ann@shop.example')
  assert.ok(route1.kind === 'relay')
  assert.deepEqual(route1.server.authentication, { kind: 'certificate', certificate, privateKey })
})

storageTest('a hosted instance refuses port 25, with the advice', async (_t, storage) => {
  const { context, accountId } = await setUp(storage)
  const hosted = { ...context, isHosted: true }
  const input = { name: 'Old', host: 'a.example', security: 'none' } as const
  await assert.rejects(addServer(hosted, { accountId, input }), {
    code: 'bad-value',
    message: /port 25 is blocked here for security reasons; use 465 \(TLS\), 587 or 2525/,
  })
  const made = await addServer(hosted, { accountId, input: { ...input, port: 2525 } })
  await assert.rejects(updateServer(hosted, { id: made.id, input: { port: 25 } }), /port 25 is blocked/)
})

test('a From header is taken apart before it is read as text', () => {
  const table: [header: string, text: string][] = [
    [' Ann Ä <ann@Shop.example>', '"Ann Ä" <ann@shop.example>'],
    [' =?utf-8?Q?a=40b=2Eexample=2C_x?= <ann@shop.example>', '"a@b.example, x" <ann@shop.example>'],
    [
      ' =?utf-8?Q?=22=5C=3Ceve=40x=2Eexample=3E?= <ann@shop.example>',
      '"\\"\\\\<eve@x.example>" <ann@shop.example>',
    ],
    [' ann@bücher.example', 'ann@xn--bcher-kva.example'],
    [' nobody', 'nobody'],
  ]
  for (const [header, text] of table) assert.equal(fromText(header), text, header)
})
