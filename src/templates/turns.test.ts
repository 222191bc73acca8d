import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTurns } from './turns.ts'

const limits = { maxWaiting: 5, maxOfOwner: 3, maxCharacters: 100 }
const item = (name: string, characters = 1) => ({ name, characters })

function all(turns: ReturnType<typeof createTurns<ReturnType<typeof item>>>): string[] {
  const names: string[] = []
  for (let next = turns.next(); next !== undefined; next = turns.next()) names.push(next.name)
  return names
}

test('owners take turns, and each is served in order', () => {
  const turns = createTurns<ReturnType<typeof item>>(limits)
  for (const [owner, name] of [
    ['a', 'a1'],
    ['a', 'a2'],
    ['a', 'a3'],
    ['b', 'b1'],
    ['c', 'c1'],
  ] as const) {
    assert.ok(turns.add(owner, item(name)))
  }
  assert.deepEqual(all(turns), ['a1', 'b1', 'c1', 'a2', 'a3'])
})

test('one owner may not fill it, and nor may all together', () => {
  const turns = createTurns<ReturnType<typeof item>>(limits)
  const added = ['a', 'a', 'a', 'a', 'b', 'c', 'd'].map((owner, at) => turns.add(owner, item(`${at}`)))
  assert.deepEqual(added, [true, true, true, false, true, true, false])
  assert.equal(turns.next()?.name, '0')
  assert.equal(turns.add('d', item('7')), true, 'what was served makes room')
})

test('what waits has so many characters; one alone may have more', () => {
  const turns = createTurns<ReturnType<typeof item>>(limits)
  assert.equal(turns.add('a', item('large', 1_000)), true)
  assert.equal(turns.add('b', item('small')), false)
  assert.equal(turns.next()?.name, 'large')
  assert.equal(turns.add('b', item('half', 50)), true)
  assert.equal(turns.add('b', item('half', 50)), true)
  assert.equal(turns.add('c', item('small')), false)
})

test('what nobody waits for any more is taken out', () => {
  const turns = createTurns<ReturnType<typeof item>>(limits)
  const [first, second, third] = [item('1', 40), item('2', 40), item('3', 20)]
  for (const one of [first, second]) turns.add('a', one)
  turns.add('b', third)
  assert.deepEqual([turns.remove('a', first), turns.remove('b', third)], [true, true])
  assert.equal(turns.remove('a', first), false)
  assert.equal(turns.add('c', item('4', 60)), true, 'its room is free')
  assert.deepEqual(all(turns), ['2', '4'])
})
