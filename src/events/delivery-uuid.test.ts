import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryId } from '../mail/ids.ts'
import { deliveryOfUuid, makeDeliveryUuid } from './delivery-uuid.ts'

test('a delivery is found by its UUID, which is another one each time', () => {
  for (const id of [1, 100_000_000_021, 2 ** 48 - 1] as DeliveryId[]) {
    const uuid = makeDeliveryUuid(id)
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.notEqual(uuid, makeDeliveryUuid(id))
    assert.equal(deliveryOfUuid(uuid.toUpperCase()), id)
  }
})

test('the UUID of something else names no delivery', () => {
  for (const uuid of [
    '01932d5f-7f10-7c43-8f4e-1d9a6f0b7c11',
    '3a1f1d0e-9f0c-4b43-8f4e-1d9a6f0b7c11',
    '100000000021',
    '',
  ]) {
    assert.equal(deliveryOfUuid(uuid), undefined, uuid)
  }
})
