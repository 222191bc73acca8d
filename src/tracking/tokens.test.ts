import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLinkTokens } from './tokens.ts'

const dayMs = 86_400_000
let now = 20_000 * dayMs
const tokens = createLinkTokens({ secret: Buffer.alloc(32, 7), now: () => now, validDays: 30 })
const click = { deliveryId: 2 ** 52 + 3, position: 130, url: 'https://shop.example/ä?a=1&b=2#c' }
const leave = { deliveryId: 300, keyId: 7, listId: 129, campaignId: 0, address: 'zoë@exämple.example' }

test('what goes into a link comes out of it', () => {
  assert.deepEqual(tokens.readOpen(tokens.open(127)), {
    kind: 'link',
    link: { deliveryId: 127, day: 20_000 },
  })
  assert.deepEqual(tokens.readClick(tokens.click(click)), { kind: 'link', link: { ...click, day: 20_000 } })
  assert.deepEqual(tokens.readUnsubscribe(tokens.unsubscribe(leave)), leave)
  for (const one of [
    { deliveryId: 2 ** 53 - 1, listId: 0 },
    { deliveryId: 5, listId: 2 ** 53 - 1 },
  ]) {
    const local = tokens.mailto(one)
    assert.ok(local.length <= 64, local)
    assert.deepEqual(tokens.readMailto(local.toUpperCase()), one)
  }
})

test('no bit of a link can be changed', () => {
  const token = tokens.click(click)
  const bytes = Buffer.from(token, 'base64url')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(tokens.readClick(changed.toString('base64url')).kind, 'unknown', `bit ${bit}`)
  }
  for (const url of ['https://a.example/', 'https://a.example/b', 'https://a.example/bc']) {
    const whole = tokens.click({ ...click, url })
    const letters = ['A', 'B', 'g', '_', '-', '=']
    for (const changed of letters.flatMap((one) => [`${whole}${one}`, `${whole.slice(0, -1)}${one}`])) {
      if (changed !== whole) assert.equal(tokens.readClick(changed).kind, 'unknown', changed.slice(-2))
    }
  }
  const local = tokens.mailto({ deliveryId: 5, listId: 9 })
  for (const changed of [local.replace('u+5-9', 'u+6-9'), local.replace('-9', ''), `${local.slice(0, -1)}`]) {
    assert.equal(tokens.readMailto(changed), undefined, changed)
  }
})

test('a link counts for its own purpose, with its own secret', () => {
  const other = createLinkTokens({ secret: Buffer.alloc(32, 8), now: () => now, validDays: 30 })
  const open = tokens.open(4)
  assert.equal(other.readOpen(open).kind, 'unknown')
  assert.equal(tokens.readClick(open).kind, 'unknown')
  assert.equal(tokens.readUnsubscribe(open), undefined)
  for (const text of ['', 'x', 'A'.repeat(22), 'A'.repeat(9_000), '../etc', '%00']) {
    assert.equal(tokens.readOpen(text).kind, 'unknown', text)
  }
})

test('links grow old; those for leaving do not', (t) => {
  const link = tokens.click(click)
  const way = tokens.unsubscribe(leave)
  const before = now
  t.after(() => {
    now = before
  })
  now += 30 * dayMs
  assert.equal(tokens.readClick(link).kind, 'link')
  now += dayMs
  assert.equal(tokens.readClick(link).kind, 'expired')
  now += 5_000 * dayMs
  assert.deepEqual(tokens.readUnsubscribe(way), leave)
})
