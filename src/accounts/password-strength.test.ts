import assert from 'node:assert/strict'
import { test } from 'node:test'
import { weaknessOf } from './password-strength.ts'

const email = 'marie.curie@shop.example'

const weak: [password: string, why: RegExp][] = [
  ['', /at least 10/],
  ['kites9lat', /this one has 9/],
  ['éééééééé', /at least 10/],
  [`x${'long kites '.repeat(60)}`, /at most 512/],
  ['my Marie.Curie kites', /e-mail address/],
  ['marie.curie@shop.example', /e-mail address/],
  ['aaaaaaaaaaaa', /different characters/],
  ['abababababab', /different characters/],
  ['1234567890', /lists/],
  ['qwertyuiop', /lists/],
  ['0987654321', /lists/],
  ['Password2024!', /lists/],
  ['p@ssw0rd1234', /lists/],
  ['MotDePasse123', /lists/],
  ['abcdefghijklm', /lists/],
]

test('weak passwords are refused with a reason', () => {
  for (const [password, why] of weak) assert.match(weaknessOf(password, { email }) ?? 'taken', why, password)
})

test('others are taken, whatever they are made of', () => {
  for (const password of [
    'seven green kites',
    'Xk4-pQ9_zL',
    '七つの緑色の凧が空を飛ぶ',
    'password of my grandmother',
  ]) {
    assert.equal(weaknessOf(password, { email }), undefined, password)
  }
  assert.equal(weaknessOf('the lea is green today', { email: 'lea@shop.example' }), undefined)
})
