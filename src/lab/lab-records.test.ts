import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { createLabRecords } from './records.ts'

storageTest('records are put once, listed, and removed', async (_t, storage) => {
  let changes = 0
  const records = createLabRecords({
    storage,
    onChange: async () => {
      changes += 1
    },
  })
  const txt = await records.put({ name: 'Shop.example', type: 'TXT', value: '"token" "-1"' })
  const mx = await records.put({ name: 'shop.example', type: 'MX', value: '10 mx.lab.test' })
  assert.deepEqual(await records.put({ name: 'shop.example', type: 'TXT', value: 'token-1' }), txt)
  assert.equal(changes, 2)
  const longer = await records.put({ name: 'shop.example', type: 'TXT', value: 'token-1', ttl: 60 })
  assert.deepEqual(longer, { ...txt, ttl: 60 })
  assert.deepEqual(await records.list(), [longer, mx])

  await assert.rejects(records.put({ name: 'shop.example', type: 'CNAME', value: 'other.example' }), {
    code: 'conflict',
    message: 'shop.example has a TXT record; a CNAME must stand alone',
  })
  await records.put({ name: 'www.shop.example', type: 'CNAME', value: 'shop.example' })
  await assert.rejects(records.put({ name: 'www.shop.example', type: 'A', value: '127.0.0.1' }), {
    code: 'conflict',
    message: 'www.shop.example has a CNAME record; a CNAME must stand alone',
  })
  await assert.rejects(records.put({ name: 'www.shop.example', type: 'CNAME', value: 'b.example' }), {
    code: 'conflict',
    message: 'www.shop.example has a CNAME record; a CNAME must stand alone',
  })

  assert.equal(await records.remove(mx.id), true)
  assert.equal(await records.remove(mx.id), false)
  assert.equal((await records.list()).length, 2)
})
