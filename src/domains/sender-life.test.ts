/** Senders from their making to their end, on both databases. */
import assert from 'node:assert/strict'
import { createTestDomains } from '../../test/domains-world.ts'
import { storageTest } from '../../test/storage.ts'
import { parseAddress } from '../mail/address.ts'
import type { KeyId, SenderId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Storage } from '../storage/storage.ts'
import { activate, readActivation } from './activation.ts'
import { createSender, deleteSender, reviveSender, updateSender } from './create-sender.ts'
import { getDomain, listDomains } from './domains.ts'
import { removeDomain } from './remove-domain.ts'
import { createSenderCheck, findSender, listSenders } from './senders.ts'
import { validateSender } from './validate-sender.ts'

const keyId = 100 as KeyId
const otherKeyId = 200 as KeyId
const minute = 60_000

function setUp(storage: Storage) {
  let time = 1_700_000_000_000
  const clock = { now: () => time, sleep: async () => {} }
  const { ctx, world } = createTestDomains(storage, { clock })
  const check = createSenderCheck({ storage, clock })
  return {
    ctx: { ...ctx, changed: forgetting },
    world,
    pass: (ms: number) => {
      time += ms
    },
    may(key: KeyId, email: string) {
      const address = parseAddress(email)
      assert.ok(address, email)
      return check.maySendAs(key, address)
    },
  }

  function forgetting({ keyId: key, email }: { keyId: KeyId; email?: string }) {
    if (email !== undefined) check.forget(key, email)
  }
}

function refused(code: string, message: string | RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Refused, String(error))
    assert.equal(error.code, code)
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    return true
  }
}

const inactiveThere =
  'There is an already existing inactive sender with the same email. You can use "validate" action in order to activate it.'

storageTest('an address is proved by its mail, once, with a click', async (_t, storage) => {
  const { ctx, world, may } = setUp(storage)
  const sender = await createSender(ctx, { keyId, email: ' News@Shop.example ', name: 'News', kind: 'bulk' })
  assert.deepEqual(
    [sender.email, sender.name, sender.kind, sender.status, sender.isDefault],
    ['news@shop.example', 'News', 'bulk', 'inactive', false],
  )
  assert.equal(await may(keyId, 'news@shop.example'), false)
  assert.equal(world.mails.length, 1)
  const [mail] = world.mails
  assert.equal(mail?.subject, 'Confirm news@shop.example as a sender')
  // What the owner of the key wrote must not travel to strangers in our name.
  assert.doesNotMatch(`${mail?.text}${mail?.html}`, /News/)
  const token = world.tokenFor('news@shop.example') ?? ''
  assert.match(token, /^[\w-]{43}$/)
  assert.ok(mail?.html.includes(`/activate/${token}"`))
  const rows = await storage.db.selectFrom('activations').selectAll().execute()
  assert.ok(!JSON.stringify(rows).includes(token))

  // Looking, however often, changes nothing.
  for (let i = 0; i < 3; i += 1) assert.equal((await readActivation(ctx, token)).state, 'open')
  assert.equal(await may(keyId, 'news@shop.example'), false)
  const clicks = await Promise.all([activate(ctx, token), activate(ctx, token)])
  assert.deepEqual(
    clicks.map(({ state }) => state),
    ['done', 'done'],
  )
  assert.equal(await may(keyId, 'news@shop.example'), true)
  assert.equal(await may(keyId, 'other@shop.example'), false)
  assert.equal(await may(otherKeyId, 'news@shop.example'), false)
  await assert.rejects(
    validateSender(ctx, { keyId, senderId: sender.id }),
    refused('conflict', 'news@shop.example is active already'),
  )
})

storageTest('however often validate is called, one mail leaves in five minutes', async (_t, storage) => {
  const { ctx, world, pass } = setUp(storage)
  const { id } = await createSender(ctx, { keyId, email: 'news@shop.example' })
  const validate = () => validateSender(ctx, { keyId, senderId: id })
  for (let i = 0; i < 3; i += 1) {
    assert.deepEqual(await validate(), {
      method: 'ActivationEmail',
      errors: { dns: '', file: '' },
      globalError: '',
    })
  }
  assert.equal(world.mails.length, 1)
  pass(5 * minute)
  await Promise.all([validate(), validate(), validate()])
  assert.equal(world.mails.length, 2)
})

storageTest('a mail that could not leave does not count as sent', async (_t, storage) => {
  const { ctx, world } = setUp(storage)
  const failing = { ...ctx, sendMail: () => Promise.reject(new Error('full')) }
  await assert.rejects(createSender(failing, { keyId, email: 'news@shop.example' }), /full/)
  const sender = await findSender(storage, { keyId, email: 'news@shop.example' })
  assert.equal(sender?.status, 'inactive')
  await validateSender(ctx, { keyId, senderId: sender.id })
  assert.equal(world.mails.length, 1)
})

storageTest('links expire, work once, and unknown ones say nothing', async (_t, storage) => {
  const { ctx, world, pass, may } = setUp(storage)
  const { id } = await createSender(ctx, { keyId, email: 'news@shop.example' })
  const first = world.tokenFor('news@shop.example') ?? ''
  pass(48 * 60 * minute)
  const expired = { state: 'expired', email: 'news@shop.example' }
  assert.deepEqual(await readActivation(ctx, first), expired)
  assert.deepEqual(await activate(ctx, first), expired)
  assert.equal(await may(keyId, 'news@shop.example'), false)
  for (const token of ['', 'x', `${first}x`, first.slice(1), "' OR 1=1 --"]) {
    assert.deepEqual(await activate(ctx, token), { state: 'unknown' }, token)
  }

  await validateSender(ctx, { keyId, senderId: id })
  const second = world.tokenFor('news@shop.example') ?? ''
  assert.notEqual(second, first)
  await deleteSender(ctx, { keyId, senderId: id })
  assert.deepEqual(await activate(ctx, second), { state: 'unknown' })
  // Back again, the old link stays dead.
  assert.equal((await reviveSender(ctx, { keyId, senderId: id })).status, 'inactive')
  assert.deepEqual(await activate(ctx, second), { state: 'unknown' })
})

storageTest('one key makes at most a hundred mails leave in an hour', async (_t, storage) => {
  const { ctx, world, pass } = setUp(storage)
  const { id } = await createSender(ctx, { keyId, email: 'news@shop.example' })
  const now = ctx.clock.now()
  const rows = Array.from({ length: 99 }, (_, i) => ({
    id: i + 1,
    sender_id: 1 as SenderId,
    key_id: keyId,
    token_hash: `hash ${i}`,
    created_at: now,
    expires_at: now,
  }))
  await storage.db.insertInto('activations').values(rows).execute()
  pass(10 * minute)
  assert.deepEqual(await validateSender(ctx, { keyId, senderId: id }), {
    method: '',
    errors: { dns: '', file: '' },
    globalError: 'too many activation mails were asked for by this API key; try again in an hour',
  })
  pass(50 * minute)
  await validateSender(ctx, { keyId, senderId: id })
  assert.equal(world.mails.length, 2)
})

storageTest('a sender is there once, and the texts are those that clients know', async (_t, storage) => {
  const { ctx, world } = setUp(storage)
  const { id } = await createSender(ctx, { keyId, email: 'news@shop.example' })
  const again = () => createSender(ctx, { keyId, email: 'NEWS@shop.example' })
  await assert.rejects(again(), refused('conflict', inactiveThere))
  await activate(ctx, world.tokenFor('news@shop.example') ?? '')
  await assert.rejects(
    again(),
    refused('conflict', 'There is an already existing active sender with the same email.'),
  )
  await deleteSender(ctx, { keyId, senderId: id })
  await assert.rejects(
    again(),
    refused(
      'conflict',
      /^There is an already existing inactive sender .* bring it back with an update \(PUT\)/,
    ),
  )
  // Another key has senders of its own.
  assert.equal(
    (await createSender(ctx, { keyId: otherKeyId, email: 'news@shop.example' })).status,
    'inactive',
  )
  const twice = await Promise.allSettled([
    createSender(ctx, { keyId, email: 'x@shop.example' }),
    createSender(ctx, { keyId, email: 'x@shop.example' }),
  ])
  assert.deepEqual(twice.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

storageTest('nobody reads, changes or proves the senders of another key', async (_t, storage) => {
  const { ctx } = setUp(storage)
  const { id } = await createSender(ctx, { keyId, email: 'news@shop.example' })
  const theirs = { keyId: otherKeyId, senderId: id }
  const notFound = refused('not-found', `this API key has no sender ${id}`)
  await assert.rejects(updateSender(ctx, { ...theirs, name: 'x' }), notFound)
  await assert.rejects(deleteSender(ctx, theirs), notFound)
  await assert.rejects(reviveSender(ctx, theirs), notFound)
  await assert.rejects(validateSender(ctx, theirs), notFound)
  assert.equal(await findSender(storage, { keyId: otherKeyId, id }), undefined)
  assert.deepEqual(await listSenders(storage, { keyId: otherKeyId }), [])
  await assert.rejects(
    removeDomain(ctx, { keyId: otherKeyId, name: 'shop.example' }),
    refused('not-found', /shop\.example is not a domain of this API key/),
  )
})

storageTest('one sender of a key is the default', async (_t, storage) => {
  const { ctx } = setUp(storage)
  const a = await createSender(ctx, { keyId, email: 'a@shop.example', isDefault: true })
  const b = await createSender(ctx, { keyId, email: 'b@shop.example', isDefault: true })
  const other = await createSender(ctx, { keyId: otherKeyId, email: 'a@shop.example', isDefault: true })
  const defaults = async () =>
    (await listSenders(storage)).filter(({ isDefault }) => isDefault).map(({ id }) => id)
  assert.deepEqual(new Set(await defaults()), new Set([b.id, other.id]))
  await updateSender(ctx, { keyId, senderId: a.id, isDefault: true, name: 'A', kind: 'transactional' })
  assert.deepEqual(new Set(await defaults()), new Set([a.id, other.id]))
  await deleteSender(ctx, { keyId, senderId: a.id })
  assert.deepEqual(await defaults(), [other.id])
})

storageTest('a domain is proved by its TXT record, and then all its addresses are', async (_t, storage) => {
  const { ctx, world, may } = setUp(storage)
  const waiting = await createSender(ctx, { keyId, email: 'news@shop.example' })
  const whole = await createSender(ctx, { keyId, email: '*@Shop.example' })
  const { ownershipToken: token, id } = await getDomain(storage, { keyId, name: 'shop.example' })
  assert.match(token, /^[0-9a-f]{32}$/)
  assert.deepEqual([whole.domainId, waiting.domainId], [id, id])
  const name = `mailjet._${token.slice(0, 8)}.shop.example`
  const validate = () => validateSender(ctx, { keyId, senderId: whole.id })
  const file = `${token}.txt was not found at the root of the web site: http://shop.example/${token}.txt: no connection (ECONNREFUSED)`
  const failing = async () => (await validate()).errors
  assert.deepEqual(await validate(), {
    method: '',
    errors: { dns: `there is no TXT record with the ownership token at ${name}`, file },
    globalError: 'shop.example is not proved: neither the TXT record nor the file was found',
  })
  world.txt.set(name, ['0'.repeat(32)])
  assert.deepEqual(await failing(), {
    dns: `the TXT record at ${name} has another value than ${token}`,
    file,
  })
  world.txt.delete(name)
  world.txt.set(`${name}.shop.example`, [token])
  assert.deepEqual(await failing(), {
    dns: `the record stands at ${name}.shop.example; the provider has appended shop.example to it: enter only 'mailjet._${token.slice(0, 8)}' as its host`,
    file,
  })
  assert.equal(await may(keyId, 'any@shop.example'), false)

  world.txt.set(name, ['something else', `"${token}"`])
  assert.deepEqual(await validate(), { method: 'DNS', errors: { dns: '', file: '' }, globalError: '' })
  assert.equal(await may(keyId, 'any@shop.example'), true)
  assert.equal(await may(keyId, 'any@sub.shop.example'), false)
  assert.equal(await may(otherKeyId, 'any@shop.example'), false)
  assert.equal((await getDomain(storage, { keyId, name: 'shop.example' })).isActive, true)

  // The address that waited needs no mail any more, a new one is active at once.
  assert.equal((await validateSender(ctx, { keyId, senderId: waiting.id })).method, 'Domain')
  assert.equal((await createSender(ctx, { keyId, email: 'new@shop.example' })).status, 'active')
  assert.equal((await createSender(ctx, { keyId, email: 'new@sub.shop.example' })).status, 'inactive')
  assert.deepEqual(
    world.mails.map(({ subject }) => subject),
    ['Confirm news@shop.example as a sender', 'Confirm new@sub.shop.example as a sender'],
  )
})

storageTest('a domain is proved by its file, and not by a site that has everything', async (_t, storage) => {
  const { ctx, world } = setUp(storage)
  const { id } = await createSender(ctx, { keyId, email: '*@shop.example' })
  const { ownershipToken: token } = await getDomain(storage, { keyId, name: 'shop.example' })
  const url = `http://shop.example/${token}.txt`
  const fileError = async () => (await validateSender(ctx, { keyId, senderId: id })).errors.file
  const table: [page: { status: number; body: string }, words: string][] = [
    [{ status: 404, body: token }, 'the site answers 404'],
    [{ status: 200, body: '<html>Welcome</html>' }, 'the file holds something else than the token'],
    [{ status: 200, body: '0'.repeat(32) }, 'the file holds something else than the token'],
  ]
  for (const [page, words] of table) {
    world.pages.set(url, page)
    assert.equal(
      await fileError(),
      `${token}.txt was not found at the root of the web site: ${url}: ${words}`,
    )
  }
  const everything = {
    ...ctx,
    fetch: async (asked: string) => ({
      kind: 'answered' as const,
      status: 200,
      body: Buffer.alloc(0),
      url: asked,
    }),
  }
  assert.equal(
    (await validateSender(everything, { keyId, senderId: id })).errors.file,
    `${token}.txt was not found at the root of the web site: ${url}: the site has an empty answer for every name; put the token into the file`,
  )
  world.pages.delete(url)
  world.pages.set(`https://www.shop.example/${token}.txt`, { status: 200, body: '' })
  assert.equal((await validateSender(ctx, { keyId, senderId: id })).method, 'File')
})

storageTest('who has not proved a domain cannot keep its owner from it', async (_t, storage) => {
  const { ctx, world } = setUp(storage)
  await createSender(ctx, { keyId: otherKeyId, email: '*@shop.example' })
  const { id } = await createSender(ctx, { keyId, email: '*@shop.example' })
  const [first, second] = await listDomains(storage)
  assert.notEqual(first?.ownershipToken, second?.ownershipToken)
  const { ownershipToken: token } = await getDomain(storage, { keyId, name: 'shop.example' })
  world.txt.set(`mailjet._${token.slice(0, 8)}.shop.example`, [token])
  assert.equal((await validateSender(ctx, { keyId, senderId: id })).method, 'DNS')
  const selectors = await storage.db.selectFrom('dkim_keys').select('selector').execute()
  assert.deepEqual(selectors, [{ selector: 'mailjet' }, { selector: 'mailjet' }])
  // Once it is proved, its selector is taken for whoever comes later.
  await createSender(ctx, { keyId: 300 as KeyId, email: '*@shop.example' })
  const all = await storage.db.selectFrom('dkim_keys').select('selector').orderBy('id').execute()
  assert.equal(all.at(-1)?.selector, 'mailjet2')
})

storageTest('senders are found by what they are', async (_t, storage) => {
  const { ctx } = setUp(storage)
  for (const email of ['a_b@shop.example', 'axb@shop.example', '*@shop.example', 'a@other.example']) {
    await createSender(ctx, { keyId, email })
  }
  const gone = await createSender(ctx, { keyId, email: 'gone@shop.example' })
  await deleteSender(ctx, { keyId, senderId: gone.id })
  const emails = async (filters: Parameters<typeof listSenders>[1]) =>
    (await listSenders(storage, { keyId, ...filters })).map(({ email }) => email).sort()
  assert.deepEqual(await emails({ localPart: 'a_b' }), ['a_b@shop.example'])
  assert.deepEqual(await emails({ domain: 'Other.example' }), ['a@other.example'])
  assert.deepEqual(await emails({ isDomainSender: true }), ['*@shop.example'])
  assert.deepEqual(await emails({ isDomainSender: false, domain: 'shop.example' }), [
    'a_b@shop.example',
    'axb@shop.example',
  ])
  assert.deepEqual(await emails({ status: 'deleted' }), ['gone@shop.example'])
  assert.equal((await emails({ showDeleted: true })).length, 5)
  assert.equal((await findSender(storage, { keyId, email: 'GONE@shop.example' }))?.status, 'deleted')
})

storageTest('a domain that is removed takes its senders along, and may come back', async (_t, storage) => {
  const { ctx, world, may } = setUp(storage)
  const { id } = await createSender(ctx, { keyId, email: 'news@shop.example' })
  await activate(ctx, world.tokenFor('news@shop.example') ?? '')
  assert.equal(await may(keyId, 'news@shop.example'), true)
  await removeDomain(ctx, { keyId, name: 'shop.example' })
  assert.equal(await may(keyId, 'news@shop.example'), false)
  for (const table of ['domains', 'dkim_keys', 'work'] as const) {
    assert.deepEqual(await storage.db.selectFrom(table).selectAll().execute(), [], table)
  }
  const back = await reviveSender(ctx, { keyId, senderId: id })
  assert.deepEqual([back.status, back.domainId !== null], ['inactive', true])
})

storageTest('what is no sender is refused', async (_t, storage) => {
  const { ctx } = setUp(storage)
  for (const email of ['*@', '*@shop', '*@shop.example\r\nx', '*@*.example', '**@shop.example.']) {
    await assert.rejects(createSender(ctx, { keyId, email }), Refused, email)
  }
  await assert.rejects(
    createSender(ctx, { keyId, email: 'a@b' }),
    refused('bad-address', /is not an e-mail address/),
  )
  const now = ctx.clock.now()
  const rows = Array.from({ length: 100 }, (_, i) => ({
    id: (i + 1) as never,
    key_id: keyId,
    name: `d${i}.example`,
    ownership_token: 'x',
    created_at: now,
  }))
  await storage.db.insertInto('domains').values(rows).execute()
  await assert.rejects(
    createSender(ctx, { keyId, email: 'a@shop.example' }),
    refused('conflict', /100 domains of which nothing is proved yet/),
  )
})
