import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecent } from './recent.ts'

test('at least half of the entries, those used last, are kept, and never more than all', () => {
  const recent = createRecent<number, string>({ max: 10 })
  for (let key = 0; key < 100; key++) {
    recent.set(key, `value ${key}`)
    assert.ok(recent.size() <= 10)
    for (let back = 0; back < Math.min(5, key + 1); back++) {
      assert.equal(recent.get(key - back), `value ${key - back}`)
    }
  }
  assert.equal(recent.get(80), undefined)
})

test('what is read again and again stays, however much comes in between', () => {
  const recent = createRecent<string, number>({ max: 4 })
  recent.set('wanted', 1)
  for (let n = 0; n < 50; n++) {
    recent.set(`other ${n}`, n)
    assert.equal(recent.get('wanted'), 1)
  }
})

test('a newer value takes the place of the older one', () => {
  const recent = createRecent<string, number>({ max: 4 })
  for (const key of ['a', 'b', 'c']) recent.set(key, 1)
  recent.set('a', 2)
  assert.equal(recent.get('a'), 2)
  assert.equal(recent.size(), 3)
})

test('what was deleted is gone, in whichever half it was', () => {
  const recent = createRecent<string, number>({ max: 4 })
  for (const key of ['a', 'b', 'c']) recent.set(key, 1)
  recent.delete('a')
  recent.delete('c')
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => recent.get(key)),
    [undefined, 1, undefined],
  )
})
