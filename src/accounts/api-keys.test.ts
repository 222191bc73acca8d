import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import type { AccountId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import { ensureAccount } from './accounts.ts'
import {
  createApiKey,
  findApiKey,
  hashSecret,
  listApiKeys,
  resumeApiKey,
  rotateApiKey,
  suspendApiKey,
} from './api-keys.ts'

const now = 1_700_000_000_000

function refused(code: string, message: RegExp) {
  return (error: unknown) => error instanceof Refused && error.code === code && message.test(error.message)
}

storageTest('the first key of an account is its master, the next are sub-keys', async (_t, storage) => {
  const first = await createApiKey(storage, { name: ' Shop ', now })
  const second = await createApiKey(storage, { name: 'Odoo', now: now + 1 })

  assert.match(first.key.publicKey, /^[0-9a-f]{32}$/)
  assert.match(first.secret, /^[0-9a-f]{32}$/)
  assert.deepEqual([first.key.name, first.key.isMaster, first.key.isActive], ['Shop', true, true])
  assert.deepEqual([second.key.isMaster, second.key.accountId], [false, first.key.accountId])
  assert.deepEqual(await listApiKeys(storage), [first.key, second.key])
  assert.deepEqual(await listApiKeys(storage, { accountId: first.key.accountId }), [first.key, second.key])
  assert.deepEqual(await listApiKeys(storage, { accountId: 1 as AccountId }), [])
})

storageTest('the secret is kept as a hash only', async (_t, storage) => {
  const { key, secret } = await createApiKey(storage, { name: 'Shop', now })
  const row = await storage.db
    .selectFrom('api_keys')
    .selectAll()
    .where('id', '=', key.id)
    .executeTakeFirstOrThrow()
  assert.equal(row.secret_hash, hashSecret(secret))
  assert.ok(!JSON.stringify(row).includes(secret))
})

storageTest('an account has one master key', async (_t, storage) => {
  const { key } = await createApiKey(storage, { name: 'Shop', now })
  await assert.rejects(
    createApiKey(storage, { name: 'Other', master: true, now }),
    refused('conflict', new RegExp(`master key already: ${key.publicKey}`)),
  )
  assert.equal((await listApiKeys(storage)).length, 1)
})

storageTest('there is one first account', async (_t, storage) => {
  const account = await ensureAccount(storage, { name: 'Bakery', now })
  assert.deepEqual(await ensureAccount(storage, { name: 'Other', now: now + 1 }), account)
  const { key } = await createApiKey(storage, { name: 'Shop', now })
  assert.equal(key.accountId, account.id)
  await assert.rejects(
    createApiKey(storage, { accountId: 7 as AccountId, name: 'x', now }),
    refused('not-found', /no account 7/),
  )
})

storageTest('a key is found by id and by its characters', async (_t, storage) => {
  const { key } = await createApiKey(storage, { name: 'Shop', now })
  for (const reference of [key.id, String(key.id), key.publicKey, ` ${key.publicKey.toUpperCase()} `]) {
    assert.deepEqual(await findApiKey(storage, reference), key)
  }
  for (const reference of [1, '', 'Shop', '0'.repeat(32), "' OR 1=1", '9'.repeat(40)]) {
    await assert.rejects(findApiKey(storage, reference), refused('not-found', /there is no API key/))
  }
})

storageTest('suspending, resuming and rotating change just that', async (_t, storage) => {
  const { key, secret } = await createApiKey(storage, { name: 'Shop', now })

  assert.deepEqual(await suspendApiKey(storage, key.publicKey), { ...key, isActive: false })
  assert.equal((await findApiKey(storage, key.id)).isActive, false)
  assert.deepEqual(await resumeApiKey(storage, key.id), key)

  const rotated = await rotateApiKey(storage, key.id, { now: now + 5 })
  assert.notEqual(rotated.secret, secret)
  assert.deepEqual(rotated.key, { ...key, rotatedAt: now + 5 })
  assert.deepEqual(await findApiKey(storage, key.id), rotated.key)
})

storageTest('a name must be one', async (_t, storage) => {
  for (const name of ['', '  ', 'a\nb', 'x'.repeat(101)]) {
    await assert.rejects(createApiKey(storage, { name, now }), refused('bad-value', /1 to 100 characters/))
  }
})
