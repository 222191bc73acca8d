import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storageTest } from '../../test/storage.ts'
import type { DeliveryId, KeyId } from '../mail/ids.ts'
import { systemClock } from '../runtime/clock.ts'
import { adviseSuppression, dropOldSoftBounces, isOnceTooOften, recordSoftBounce } from './soft-bounces.ts'
import { createSuppressionCheck } from './suppression-check.ts'
import {
  addSuppression,
  findSuppression,
  importSuppressions,
  listSuppressions,
  removeSuppression,
  suppress,
} from './suppressions.ts'

const shop = 1 as KeyId
const other = 2 as KeyId
const at = Date.parse('2026-03-01T10:00:00Z')
const manual = { reason: 'manual', origin: 'by hand', at } as const

storageTest('an address is on the list of one key once, however it is written', async (_t, storage) => {
  const added = await addSuppression(storage, { keyId: shop, address: ' Lea@Inbox.TEST', ...manual })
  assert.deepEqual([added.isNew, added.suppression.address], [true, 'lea@inbox.test'])
  const again = await addSuppression(storage, {
    keyId: shop,
    address: 'lea@inbox.test',
    ...manual,
    at: at + 1,
  })
  assert.deepEqual([again.isNew, again.suppression.createdAt], [false, at])

  // As commits of a busy server do: in one transaction, and one commit with the address twice.
  const late = { ...manual, reason: 'complaint', origin: 'late' } as const
  await Promise.all([
    storage.commit({ writes: [suppress({ keyId: shop, address: 'lea@inbox.test', ...late })] }),
    storage.commit({
      writes: [
        suppress({ keyId: other, address: 'lea@inbox.test', ...late }),
        suppress({ keyId: other, address: 'LEA@inbox.test', ...late }),
        suppress({ keyId: other, address: 'max@inbox.test', ...late }),
      ],
    }),
  ])
  const of = (keyId: KeyId) => findSuppression(storage, { keyId, address: 'lea@inbox.test' })
  assert.equal((await of(shop))?.reason, 'manual', 'the first reason stays')
  assert.equal((await of(other))?.reason, 'complaint')
  assert.equal((await listSuppressions(storage, { keyId: other, limit: 10 })).length, 2)
})

storageTest('the list is searched, paged, and taken from', async (_t, storage) => {
  const addresses = ['anna@a.test', 'ben@b.test', 'benno@a.test', 'zoe@a.test']
  const entries = addresses.map((address) => ({ keyId: shop, address, ...manual }))
  assert.equal(await importSuppressions(storage, entries.slice(0, 1)), 1)
  assert.equal(await importSuppressions(storage, [...entries, ...entries.slice(1, 2)]), 3)

  const found = async (query: { search?: string; after?: string; limit?: number }) =>
    (await listSuppressions(storage, { keyId: shop, limit: 10, ...query })).map(({ address }) => address)
  assert.deepEqual(await found({}), addresses)
  assert.deepEqual(await found({ search: 'BEN' }), ['ben@b.test', 'benno@a.test'])
  assert.deepEqual(await found({ search: '@a.test', after: 'anna@a.test' }), ['benno@a.test', 'zoe@a.test'])
  assert.deepEqual(await found({ limit: 1, after: 'ben@b.test' }), ['benno@a.test'])
  assert.deepEqual(await found({ search: '%' }), [])

  await removeSuppression(storage, { keyId: shop, address: 'Ben@b.test' })
  assert.deepEqual(await found({ search: 'ben@' }), [])
  await assert.rejects(removeSuppression(storage, { keyId: shop, address: 'ben@b.test' }), {
    code: 'not-found',
  })
  await assert.rejects(addSuppression(storage, { keyId: shop, address: 'no address', ...manual }), {
    code: 'bad-address',
  })
})

storageTest('the check knows who is held back, and from which mail', async (_t, storage) => {
  const check = createSuppressionCheck({ storage, clock: systemClock })
  const addresses = ['Gone@a.test', 'fine@a.test', 'quiet@a.test'].map((text) => {
    const [local = '', domain = ''] = text.split('@')
    return { local, domain }
  })
  const among = async (keyId: KeyId, isBulk: boolean) => [
    ...(await check.among(keyId, addresses, { isBulk })),
  ]
  assert.deepEqual(await among(shop, true), [])
  await addSuppression(storage, { keyId: shop, address: 'gone@a.test', ...manual })
  await addSuppression(storage, { keyId: shop, address: 'quiet@a.test', ...manual, reason: 'unsubscribe' })
  for (const address of ['gone@a.test', 'quiet@a.test']) check.forget(shop, address)

  assert.deepEqual(await among(shop, false), [[0, 'manual']])
  assert.deepEqual(await among(shop, true), [
    [0, 'manual'],
    [2, 'unsubscribe'],
  ])
  assert.deepEqual(await among(other, true), [], 'another key has a list of its own')
})

const day = 24 * 60 * 60_000
const cases = [
  { name: 'four are not enough', days: [0, 3, 6, 9], expected: false },
  { name: 'five within a week are one bad week', days: [0, 1, 2, 3, 7], expected: false },
  { name: 'five over more than a week are enough', days: [0, 1, 2, 3, 7.01], expected: true },
  { name: 'order does not matter', days: [30, 0, 12, 3, 7], expected: true },
]
for (const { name, days, expected } of cases) {
  test(`soft bounces: ${name}`, () => {
    assert.equal(adviseSuppression(days.map((number) => at + number * day)), expected)
  })
}

storageTest('only the failures of thirteen weeks count, each delivery once', async (_t, storage) => {
  const entry = { keyId: shop, address: 'full@a.test' }
  for (const [number, days] of [0, 0.5, 90, 91, 92].entries()) {
    const bounce = { ...entry, deliveryId: number as DeliveryId, at: at + days * day }
    await storage.commit({ writes: [recordSoftBounce(bounce), recordSoftBounce(bounce)] })
  }
  assert.equal(await isOnceTooOften(storage, { ...entry, at: at + 90.5 * day }), true)
  assert.equal(await isOnceTooOften(storage, { ...entry, at: at + 93 * day }), false)
  await dropOldSoftBounces(storage, at + 92 * day)
  const left = await storage.db.selectFrom('soft_bounces').select('delivery_id').execute()
  assert.deepEqual(left.map(({ delivery_id }) => Number(delivery_id)).sort(), [2, 3, 4])
})
