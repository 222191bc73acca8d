import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBase32, matchTotp, parseBase32, totpCode } from './totp.ts'

test('the codes of RFC 6238, appendix B', () => {
  const secret = Buffer.from('12345678901234567890')
  const vectors: [seconds: number, code: string][] = [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ]
  for (const [seconds, code] of vectors) {
    assert.equal(totpCode(secret, Math.floor(seconds / 30), 8), code)
  }
})

test('base32 as in RFC 4648, there and back', () => {
  const vectors: [text: string, base32: string][] = [
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ]
  for (const [text, base32] of vectors) {
    assert.equal(formatBase32(Buffer.from(text)), base32)
    assert.equal(parseBase32(base32).toString(), text)
  }
})

test('a code is good for its own step and one on either side, and never again', () => {
  const secret = formatBase32(Buffer.from('12345678901234567890'))
  const now = 1_000_000_000_000
  const step = Math.floor(now / 30_000)
  const code = (offset: number) => totpCode(parseBase32(secret), step + offset)
  const match = (offset: number, usedStep = 0) => matchTotp(secret, code(offset), { now, usedStep })
  assert.deepEqual(
    [-2, -1, 0, 1, 2].map((offset) => match(offset)),
    [undefined, step - 1, step, step + 1, undefined],
  )
  assert.equal(match(0, step), undefined)
  assert.equal(match(-1, step), undefined)
  assert.equal(match(1, step), step + 1)
  assert.equal(matchTotp(secret, ` ${code(0).slice(0, 3)} ${code(0).slice(3)}`, { now, usedStep: 0 }), step)
  assert.equal(matchTotp(secret, '', { now, usedStep: 0 }), undefined)
})
