import assert from 'node:assert/strict'
import { createTestDomains } from '../../test/domains-world.ts'
import { storageTest } from '../../test/storage.ts'
import { parseAddress } from '../mail/address.ts'
import type { AccountId, KeyId } from '../mail/ids.ts'
import { createMetasender, findMetasender, listMetasenders, updateMetasender } from './metasenders.ts'
import { createSenderCheck } from './senders.ts'

const keyId = 100 as KeyId
const otherKeyId = 200 as KeyId

storageTest('a metasender serves every key of its account once it is enabled', async (_t, storage) => {
  const { ctx } = createTestDomains(storage)
  const check = createSenderCheck({ storage, clock: ctx.clock })
  ctx.changed = ({ keyId: key, email }) => {
    if (email !== undefined) check.forget(key, email)
  }
  function may(key: KeyId, email: string) {
    const address = parseAddress(email)
    assert.ok(address, email)
    return check.maySendAs(key, address)
  }
  const key = (id: KeyId, account: number) => ({
    id,
    account_id: account as AccountId,
    name: 'k',
    public_key: String(id),
    secret_hash: '',
    is_master: 0 as const,
    is_active: 1 as const,
    created_at: 0,
  })
  const keys = [key(keyId, 1), key(300 as KeyId, 1), key(otherKeyId, 2)]
  await storage.db.insertInto('api_keys').values(keys).execute()
  const accountId = 1 as AccountId
  const made = await createMetasender(ctx, { accountId, email: '*@Shop.example', description: 'all' })
  assert.match(made.fileName, /^[0-9a-f]{32}\.txt$/)
  assert.equal(await may(keyId, 'a@shop.example'), false)
  await updateMetasender(ctx, { accountId, id: made.id, isEnabled: true })
  const table: [KeyId, string, boolean][] = [
    [keyId, 'a@shop.example', true],
    [300 as KeyId, 'b@shop.example', true],
    [otherKeyId, 'a@shop.example', false],
    [keyId, 'a@sub.shop.example', false],
  ]
  for (const [id, email, expected] of table) assert.equal(await may(id, email), expected, `${id} ${email}`)
  await assert.rejects(createMetasender(ctx, { accountId, email: '*@shop.example' }), {
    name: 'Refused',
    code: 'conflict',
    message: '*@shop.example is a metasender of this account already',
  })
  const others = { accountId: 2 as AccountId, id: made.id }
  await assert.rejects(updateMetasender(ctx, { ...others, isEnabled: false }), {
    name: 'Refused',
    code: 'not-found',
    message: /no metasender/,
  })
  assert.equal(await findMetasender(storage, others), undefined)
  assert.deepEqual(await listMetasenders(storage, { accountId: 2 as AccountId }), [])
  await updateMetasender(ctx, { accountId, id: made.id, isEnabled: false })
  assert.equal(await may(keyId, 'a@shop.example'), false)
})
