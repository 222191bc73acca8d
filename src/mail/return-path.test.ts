import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Address, parseAddress } from './address.ts'
import { createReturnPaths } from './return-path.ts'

const secret = Buffer.alloc(32, 1)
const domain = 'bounce.shop.example'

const day = 24 * 60 * 60_000

function pathsOf(key: Uint8Array, { at = 0 } = {}) {
  return createReturnPaths({ domain, secretOf: () => key, now: () => at })
}

function parse(text: string): Address {
  const address = parseAddress(text)
  assert.ok(address)
  return address
}

test('a return path is short, plain and always the same', () => {
  const paths = pathsOf(secret)

  assert.match(paths.make(1), /^b\+b\.[a-z2-7]{16}@bounce\.shop\.example$/)
  assert.equal(paths.make(1), paths.make(1))
  assert.ok(parse(paths.make(Number.MAX_SAFE_INTEGER)).local.length <= 64)
})

test('a return path reads back, in any case', () => {
  const paths = pathsOf(secret)
  fc.assert(
    fc.property(fc.maxSafeNat(), (id) => {
      assert.equal(paths.read(parse(paths.make(id))), id)
      assert.equal(paths.read(parse(paths.make(id).toUpperCase())), id)
    }),
  )
})

test('the seal is the beginning of an HMAC-SHA256', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567'
  for (const length of [1, 32, 64, 65, 200]) {
    const key = randomBytes(length)
    const { local } = parse(pathsOf(key).make(99))
    const digest = createHmac('sha256', key).update('return-path dd').digest()
    const bits = [...digest.subarray(0, 10)].map((octet) => octet.toString(2).padStart(8, '0')).join('')
    const seal = bits.replaceAll(/.{5}/g, (five) => letters.charAt(Number.parseInt(five, 2)))

    assert.equal(local, `b+dd.${seal}`)
  }
})

test('a path counts for three months after the month of its secret, and not under another secret', () => {
  const made: number[] = []
  const at = (now: number) =>
    createReturnPaths({
      domain,
      secretOf(period) {
        made.push(period)
        return Buffer.alloc(32, period)
      },
      now: () => now,
    })
  const start = 600 * day
  const path = parse(at(start).make(7))
  for (const days of [0, 29, 30, 90, 119]) assert.equal(at(start + days * day).read(path), 7, `${days} days`)
  for (const days of [120, 400]) assert.equal(at(start + days * day).read(path), undefined, `${days} days`)
  assert.equal(at(start - 1).read(path), 7, 'the clock of the node that made it was ahead')
  assert.equal(pathsOf(randomBytes(32), { at: start }).read(path), undefined)
  assert.deepEqual([...new Set(made)].toSorted((a, b) => a - b).slice(0, 5), [16, 17, 18, 19, 20])
})

test('what was forged or mangled names nothing', () => {
  const paths = pathsOf(secret)
  const genuine = paths.make(123456)
  const { local } = parse(genuine)

  for (let i = 0; i < local.length; i++) {
    const other = local.charAt(i) === 'a' ? 'q' : 'a'
    const forged = { local: local.slice(0, i) + other + local.slice(i + 1), domain }
    assert.equal(paths.read(forged), undefined)
  }
  const cases = ['b+', 'b+.', 'b+a.b', local.slice(0, -1), `${local}a`, `b+a${local.slice(2)}`, 'lea', '']
  for (const text of [...cases, 'b+'.repeat(1e5)]) {
    assert.equal(paths.read({ local: text, domain }), undefined)
  }
  assert.equal(paths.read({ local, domain: 'other.example' }), undefined)
})

test('only message ids become return paths', () => {
  const paths = pathsOf(secret)

  for (const id of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => paths.make(id), /not a message id/)
})

test('a path under a domain of a customer comes home too', () => {
  const paths = createReturnPaths({
    domain: 'bounce.mail.example',
    customLabel: 'bnc3',
    secretOf: () => secret,
    now: () => 0,
  })
  const own = paths.make(123_456_789_012)
  const custom = paths.make(123_456_789_012, 'bnc3.shop.example')
  assert.equal(custom, own.replace(/@.*/, '@bnc3.shop.example'))
  const local = own.slice(0, own.indexOf('@'))
  const table: [domain: string, id: number | undefined][] = [
    ['bounce.mail.example', 123_456_789_012],
    ['bnc3.shop.example', 123_456_789_012],
    ['shop.example', undefined],
    ['xbnc3.shop.example', undefined],
  ]
  for (const [domain, id] of table) assert.equal(paths.read({ local, domain }), id, domain)
})
