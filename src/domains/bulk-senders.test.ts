import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { createApiKey } from '../accounts/api-keys.ts'
import { parseAddress } from '../mail/address.ts'
import { createBulkSenders } from './bulk-senders.ts'
import { addSender } from './senders.ts'

storageTest('senders of mass mail are known by address, else by domain', async (_t, storage) => {
  const now = 1_000_000
  const { key } = await createApiKey(storage, { name: 'shop', now })
  const bulk = createBulkSenders({ storage, clock: { now: () => now, sleep: async () => {} } })
  const isBulk = (email: string) => {
    const address = parseAddress(email)
    assert.ok(address)
    return bulk.isBulkSender(key.id, address)
  }
  await addSender(storage, { keyId: key.id, email: 'hello@shop.example', kind: 'transactional', now })
  assert.equal(await isBulk('news@shop.example'), false)

  await addSender(storage, { keyId: key.id, email: 'News@shop.example', kind: 'bulk', now })
  bulk.forget(key.id)
  assert.equal(await isBulk('news@SHOP.example'), true)
  assert.equal(await isBulk('hello@shop.example'), false)
  assert.equal(await isBulk('other@shop.example'), false)

  await storage.db
    .updateTable('senders')
    .set({ email: '*@shop.example' })
    .where('kind', '=', 'bulk')
    .execute()
  bulk.forget(key.id)
  assert.equal(await isBulk('other@shop.example'), true)
  assert.equal(await isBulk('hello@shop.example'), false)
})
