import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { storageTest } from '../../test/storage.ts'
import { parseAddress } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import { createSeal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'
import { addDomain, listDomains, showDomain } from './domains.ts'
import { createKeyring } from './keyring.ts'
import { addSender, createSenderCheck, listSenders } from './senders.ts'

const now = 1_700_000_000_000
const keyId = 100 as KeyId
const otherKeyId = 200 as KeyId
const seal = createSeal(Buffer.alloc(32, 7))
const names = { spfInclude: 'spf.mail.example', bounceDomain: 'bounce.mail.example' }
const { privateKey: pem } = generateKeyPairSync('rsa', {
  modulusLength: 1024,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

function setUp(storage: Storage) {
  let time = now
  const clock = { now: () => time, sleep: async () => {} }
  const { maySendAs, forget } = createSenderCheck({ storage, clock })
  return {
    clock,
    pass: (ms: number) => (time += ms),
    forget,
    may(key: KeyId, email: string) {
      const address = parseAddress(email)
      assert.ok(address, email)
      return maySendAs(key, address)
    },
  }
}

function refused(code: string, message: RegExp) {
  return (error: unknown) => error instanceof Refused && error.code === code && message.test(error.message)
}

storageTest('a domain that was added may send, sign and be shown', async (_t, storage) => {
  const { clock, may } = setUp(storage)
  const domain = await addDomain(storage, {
    keyId,
    name: ' Bücher.example ',
    seal,
    dkim: { pem },
    ed25519: true,
    isPublished: true,
    now,
  })

  assert.equal(domain.name, 'xn--bcher-kva.example')
  assert.deepEqual(await listDomains(storage, { keyId }), [domain])
  assert.deepEqual(await listDomains(storage, { keyId: otherKeyId }), [])
  assert.equal(await may(keyId, 'Hello@bücher.example'), true)
  assert.equal(await may(keyId, 'hello@sub.bücher.example'), false)
  assert.equal(await may(otherKeyId, 'hello@bücher.example'), false)

  const keys = await createKeyring({ storage, seal, clock }).signingKeys(keyId, domain.name)
  assert.deepEqual(
    keys.map((key) => [key.domain, key.selector, key.algorithm]),
    [
      [domain.name, 'mailjet', 'rsa-sha256'],
      [domain.name, 'mailjet-ed25519', 'ed25519-sha256'],
    ],
  )
  const { records } = await showDomain(storage, { keyId, name: 'BÜCHER.example', ...names })
  assert.deepEqual(
    records.map(({ purpose, name }) => [purpose, name]),
    [
      ['dkim', 'mailjet._domainkey.xn--bcher-kva.example.'],
      ['dkim', 'mailjet-ed25519._domainkey.xn--bcher-kva.example.'],
      ['spf', 'xn--bcher-kva.example.'],
      ['dmarc', '_dmarc.xn--bcher-kva.example.'],
      ['return-path', 'bnc3.xn--bcher-kva.example.'],
    ],
  )
  // What is published verifies what is signed.
  const [rsa] = keys
  const published = records[0]?.value.split('p=')[1] ?? ''
  assert.ok(rsa)
  const text = Buffer.from('text')
  const publicKey = createPublicKey({ key: Buffer.from(published, 'base64'), format: 'der', type: 'spki' })
  assert.ok(verify('sha256', text, publicKey, sign('sha256', text, rsa.key)))
  assert.ok(rsa.key.equals(createPrivateKey(pem)))
})

storageTest('private keys are sealed at rest', async (_t, storage) => {
  await addDomain(storage, { keyId, name: 'shop.example', seal, dkim: { pem }, now })
  const rows = await storage.db.selectFrom('dkim_keys').selectAll().execute()
  assert.equal(rows.length, 1)
  assert.ok(!JSON.stringify(rows).includes('PRIVATE KEY'))
  assert.equal(seal.open(rows[0]?.private_key_sealed ?? ''), pem)
})

storageTest('adding twice is a conflict, and changes nothing', async (_t, storage) => {
  const add = (options: { keyId: KeyId; selector?: string }) =>
    addDomain(storage, { name: 'shop.example', seal, dkim: { pem }, now, ...options })
  await add({ keyId })

  await assert.rejects(
    add({ keyId, selector: 'two' }),
    refused('conflict', /shop\.example is a domain of this API key already/),
  )
  await assert.rejects(
    add({ keyId: otherKeyId }),
    refused('conflict', /selector 'mailjet' of shop\.example is in use/),
  )
  assert.equal((await listDomains(storage)).length, 1)
  assert.equal((await listSenders(storage)).length, 1)

  await add({ keyId: otherKeyId, selector: 'two' })
  assert.equal((await listDomains(storage)).length, 2)
})

storageTest('what is no domain, selector or known name is refused', async (_t, storage) => {
  for (const name of [
    '',
    'shop',
    'http://shop.example',
    'a@shop.example',
    'shop.example.',
    'a..example',
    '-a.example',
  ]) {
    await assert.rejects(
      addDomain(storage, { keyId, name, seal, dkim: { pem }, now }),
      refused('bad-value', /is not a domain name/),
      name,
    )
  }
  for (const selector of ['', 'a b', '-a', 'a.', 'a_b', 'x'.repeat(64), 'a\r\nb']) {
    await assert.rejects(
      addDomain(storage, { keyId, name: 'shop.example', selector, seal, dkim: { pem }, now }),
      refused('bad-value', /is not a selector/),
      selector,
    )
  }
  await assert.rejects(
    showDomain(storage, { keyId, name: 'none.example', ...names }),
    refused('not-found', /paravion domain add none\.example/),
  )
})

storageTest('a domain without keys has none to sign with', async (_t, storage) => {
  const { clock } = setUp(storage)
  await addDomain(storage, { keyId, name: 'shop.example', seal, dkim: { pem }, isPublished: true, now })
  const keyring = createKeyring({ storage, seal, clock })
  assert.deepEqual(await keyring.signingKeys(keyId, 'other.example'), [])
  assert.deepEqual(await keyring.signingKeys(otherKeyId, 'shop.example'), [])
  const strangers = createKeyring({ storage, seal: createSeal(Buffer.alloc(32, 8)), clock })
  await assert.rejects(strangers.signingKeys(keyId, 'shop.example'), /sealed with the instance key/)
})

storageTest('signing keys are parsed once and read again after five seconds', async (_t, storage) => {
  const { clock, pass } = setUp(storage)
  const domain = await addDomain(storage, {
    keyId,
    name: 'shop.example',
    seal,
    dkim: { pem },
    isPublished: true,
    now,
  })
  const keyring = createKeyring({ storage, seal, clock })
  const [first] = await keyring.signingKeys(keyId, 'shop.example')
  pass(5_000)
  const [again] = await keyring.signingKeys(keyId, 'shop.example')
  assert.ok(first)
  assert.equal(again?.key, first.key)

  await storage.db
    .updateTable('dkim_keys')
    .set({ state: 'retired' })
    .where('domain_id', '=', domain.id)
    .execute()
  assert.equal((await keyring.signingKeys(keyId, 'shop.example')).length, 1)
  keyring.forget(keyId, 'shop.example')
  assert.deepEqual(await keyring.signingKeys(keyId, 'shop.example'), [])
})

storageTest('a single address may send, in any case of letters, and no other', async (_t, storage) => {
  const { may } = setUp(storage)
  const sender = await addSender(storage, { keyId, email: 'News@Shop.example', name: 'Shop', now })
  assert.deepEqual([sender.email, sender.status, sender.domainId], ['news@shop.example', 'active', null])
  const table: [KeyId, string, boolean][] = [
    [keyId, 'news@shop.example', true],
    [keyId, 'NEWS@SHOP.EXAMPLE', true],
    [keyId, 'new@shop.example', false],
    [keyId, '"*"@shop.example', false],
    [otherKeyId, 'news@shop.example', false],
  ]
  for (const [key, email, expected] of table) assert.equal(await may(key, email), expected, email)
})

storageTest(
  'an address literally named like the sign for a whole domain stands for itself',
  async (_t, storage) => {
    const { may } = setUp(storage)
    await assert.rejects(
      addSender(storage, { keyId, email: '*@shop.example', now }),
      refused('bad-value', /domain add shop\.example/),
    )
    assert.equal(await may(keyId, '*@shop.example'), false)
  },
)

storageTest('a sender belongs to its domain, and is added once', async (_t, storage) => {
  const domain = await addDomain(storage, { keyId, name: 'shop.example', seal, dkim: { pem }, now })
  const sender = await addSender(storage, { keyId, email: 'news@shop.example', now })
  assert.equal(sender.domainId, domain.id)
  await assert.rejects(
    addSender(storage, { keyId, email: 'news@SHOP.example', now }),
    refused('conflict', /active sender/),
  )

  await storage.db.updateTable('senders').set({ status: 'deleted' }).where('id', '=', sender.id).execute()
  assert.deepEqual(
    (await listSenders(storage, { keyId })).map(({ email }) => email),
    ['*@shop.example'],
  )
  assert.deepEqual(await addSender(storage, { keyId, email: 'news@shop.example', now: now + 1 }), sender)
})

storageTest('what is no address or name is refused', async (_t, storage) => {
  for (const email of ['', 'shop', 'a@b', 'a b@shop.example', 'a@shop.example\r\nBcc: x']) {
    await assert.rejects(
      addSender(storage, { keyId, email, now }),
      refused('bad-address', /is not an e-mail address/),
      email,
    )
  }
  await assert.rejects(
    addSender(storage, { keyId, email: 'a@shop.example', name: 'a\nb', now }),
    refused('bad-value', /control character/),
  )
})

storageTest('a sender that was taken away stops within five seconds', async (_t, storage) => {
  const { may, pass, forget } = setUp(storage)
  const sender = await addSender(storage, { keyId, email: 'news@shop.example', now })
  assert.equal(await may(keyId, 'news@shop.example'), true)
  await storage.db.updateTable('senders').set({ status: 'inactive' }).where('id', '=', sender.id).execute()
  assert.equal(await may(keyId, 'news@shop.example'), true)
  pass(5_000)
  assert.equal(await may(keyId, 'news@shop.example'), false)
  await storage.db.updateTable('senders').set({ status: 'active' }).where('id', '=', sender.id).execute()
  forget(keyId, 'News@shop.example')
  assert.equal(await may(keyId, 'news@shop.example'), true)
})
