import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatAddress,
  isAscii,
  normaliseAddress,
  parseAddress,
  parseDomain,
  parsePath,
  sameAddress,
} from './address.ts'

const label63 = 'a'.repeat(63)
const domain253 = `${label63}.${label63}.${label63}.${'a'.repeat(61)}`

/** Text, then the normal form; undefined where it is refused. */
const cases: readonly (readonly [text: string, normal: string | undefined])[] = [
  ['lea@shop.example', 'lea@shop.example'],
  ['Lea.Dupont+news@Shop.Example', 'Lea.Dupont+news@shop.example'],
  ["!#$%&'*+-/=?^_`{|}~@shop.example", "!#$%&'*+-/=?^_`{|}~@shop.example"],
  ['"lea"@shop.example', 'lea@shop.example'],
  ['"a b"@shop.example', '"a b"@shop.example'],
  ['"a@b"@shop.example', '"a@b"@shop.example'],
  ['"a>b"@shop.example', '"a>b"@shop.example'],
  ['"a\\"b\\\\"@shop.example', '"a\\"b\\\\"@shop.example'],
  ['"a..b"@shop.example', '"a..b"@shop.example'],
  ['"\\a"@shop.example', 'a@shop.example'],
  ['Pelé@shop.example', 'Pelé@shop.example'],
  ['"用 户"@shop.example', '"用 户"@shop.example'],
  ['😀@shop.example', '😀@shop.example'],
  ['lea@bücher.example', 'lea@xn--bcher-kva.example'],
  ['lea@例え.テスト', 'lea@xn--r8jz45g.xn--zckzah'],
  ['lea@sub。shop.example', 'lea@sub.shop.example'],
  ['lea@foo_bar.example', 'lea@foo_bar.example'],
  ['lea@3com.example', 'lea@3com.example'],
  [`${'a'.repeat(64)}@shop.example`, `${'a'.repeat(64)}@shop.example`],
  [`a@${domain253.slice(1)}`, `a@${domain253.slice(1)}`],

  ['', undefined],
  ['lea', undefined],
  ['@shop.example', undefined],
  ['lea@', undefined],
  ['lea@@shop.example', undefined],
  ['lea@shop@example', undefined],
  ['""@shop.example', undefined],
  ['.lea@shop.example', undefined],
  ['lea.@shop.example', undefined],
  ['le..a@shop.example', undefined],
  ['le a@shop.example', undefined],
  [' lea@shop.example', undefined],
  ['lea@shop.example ', undefined],
  ['<lea@shop.example>', undefined],
  ['lea(comment)@shop.example', undefined],
  ['lea@shop.example(comment)', undefined],
  ['a,b@shop.example', undefined],
  ['a;b@shop.example', undefined],
  ['a:b@shop.example', undefined],
  ['"a"b@shop.example', undefined],
  ['"a".b@shop.example', undefined],
  ['"a@shop.example', undefined],
  ['"a\\"@shop.example', undefined],
  ['@one.example:lea@shop.example', undefined],
  ['lea@localhost', undefined],
  ['lea@shop.example.', undefined],
  ['lea@.example', undefined],
  ['lea@shop..example', undefined],
  ['lea@-shop.example', undefined],
  ['lea@shop-.example', undefined],
  ['lea@shop.exa mple', undefined],
  ['lea@shop.example/x', undefined],
  ['lea@shop.ex%61mple', undefined],
  ['lea@bü%61cher.example', undefined],
  ['lea@[192.0.2.1]', undefined],
  ['lea@[IPv6:2001:db8::1]', undefined],
  ['lea@192.0.2.1', undefined],
  ['lea@shop.123', undefined],
  [`${'a'.repeat(65)}@shop.example`, undefined],
  [`${'é'.repeat(33)}@shop.example`, undefined],
  [`a@${domain253}`, undefined],
  [`a@${'a'.repeat(64)}.example`, undefined],
  [`a@${'ü'.repeat(63)}.example`, undefined],
  ['lea\r\n@shop.example', undefined],
  ['lea@shop.example\r\nRCPT TO:<x@y.example>', undefined],
  ['lea@shop.example\n', undefined],
  ['le\0a@shop.example', undefined],
  ['"le\ra"@shop.example', undefined],
  ['"le\\\na"@shop.example', undefined],
  ['"le\x7fa"@shop.example', undefined],
  ['le\u0085a@shop.example', undefined],
  ['le\u2028a@shop.example', undefined],
  ['le\ud800a@shop.example', undefined],
  ['le\udc00a@shop.example', undefined],
]

for (const [text, normal] of cases) {
  test(`address ${JSON.stringify(text).slice(0, 80)}`, () => {
    const address = parseAddress(text)

    assert.equal(address && formatAddress(address), normal)
  })
}

test('the local part is held without its quotes', () => {
  assert.deepEqual(parseAddress('"a \\"b"@shop.example'), { local: 'a "b', domain: 'shop.example' })
})

test('what was parsed is parsed again from its own form', () => {
  const local = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 })
  const domain = fc.domain()
  fc.assert(
    fc.property(local, domain, (text, host) => {
      const address = parseAddress(`"${text.replaceAll(/["\\]/g, '\\$&')}"@${host}`)
      if (address === undefined) return
      assert.equal(address.local, text)
      assert.deepEqual(parseAddress(formatAddress(address)), address)
    }),
  )
})

test('no text makes the parsers throw, and no address holds a line break', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[<>@"\\.,:()\sa-z\r\n]{0,40}$/))
  fc.assert(
    fc.property(text, (input) => {
      const address = parseAddress(input) ?? parsePath(input)?.address
      if (address) assert.doesNotMatch(formatAddress(address), /[\r\n\0]/)
    }),
  )
})

test('a million brackets or parentheses are refused at once', { timeout: 60_000 }, () => {
  for (const character of '(<>@".,:\\ü') {
    const text = character.repeat(1e6)
    assert.equal(parseAddress(text), undefined)
    assert.equal(parsePath(`<${text}`), undefined)
    assert.equal(parsePath(`<@${text}`), undefined)
    assert.equal(parsePath(`<@a.example,${text}:lea@shop.example>`), undefined)
  }
})

test('addresses compare as their host is likely to', () => {
  const parse = (text: string) => {
    const address = parseAddress(text)
    assert.ok(address)
    return address
  }

  assert.ok(sameAddress(parse('Lea@shop.example'), parse('"lea"@SHOP.example')))
  assert.ok(sameAddress(parse('e\u0301@shop.example'), parse('\u00e9@shop.example')))
  assert.ok(!sameAddress(parse('lea+a@shop.example'), parse('lea@shop.example')))
  assert.equal(normaliseAddress(parse('"A B"@Bücher.example')), '"a b"@xn--bcher-kva.example')
  assert.equal(isAscii(parse('lea@bücher.example')), true)
  assert.equal(isAscii(parse('léa@shop.example')), false)
})

test('a domain stands alone as it does in an address', () => {
  assert.equal(parseDomain('Bücher.Example'), 'xn--bcher-kva.example')
  assert.equal(parseDomain('_dmarc.shop.example'), '_dmarc.shop.example')
  assert.equal(parseDomain('shop'), undefined)
  assert.equal(parseDomain('shop.example/..'), undefined)
})

const paths: readonly (readonly [text: string, address: string | null | undefined, rest?: string])[] = [
  ['<lea@shop.example>', 'lea@shop.example', ''],
  [' <lea@shop.example>', 'lea@shop.example', ''],
  ['<lea@shop.example> SIZE=100 BODY=8BITMIME', 'lea@shop.example', 'SIZE=100 BODY=8BITMIME'],
  ['<>', null, ''],
  ['<> RET=HDRS', null, 'RET=HDRS'],
  ['<"a>b"@shop.example> X=1', '"a>b"@shop.example', 'X=1'],
  ['<"a\\">b"@shop.example>', '"a\\">b"@shop.example', ''],
  ['<@one.example,@two.example:lea@shop.example>', 'lea@shop.example', ''],
  ['', undefined],
  ['lea@shop.example', undefined],
  ['<lea@shop.example', undefined],
  ['<lea@shop.example>SIZE=1', undefined],
  ['<lea@shop.example>\r', undefined],
  ['< >', undefined],
  ['< lea@shop.example>', undefined],
  ['<lea@shop.example >', undefined],
  ['<<lea@shop.example>>', undefined],
  ['<lea>', undefined],
  ['<@one.example:>', undefined],
  ['<@one.example>', undefined],
  ['<@:lea@shop.example>', undefined],
  ['<@one.example,two.example:lea@shop.example>', undefined],
  ['<"lea@shop.example>', undefined],
]

for (const [text, address, rest] of paths) {
  test(`path ${JSON.stringify(text)}`, () => {
    const path = parsePath(text)

    assert.equal(path?.address ? formatAddress(path.address) : path?.address, address)
    assert.equal(path?.rest, rest)
  })
}
