import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatAddress } from './address.ts'
import { foldHeader } from './headers.ts'
import {
  displayMailbox,
  formatMailbox,
  formatMailboxList,
  hasGroup,
  parseMailboxList,
  splitMailboxList,
} from './mailbox.ts'

const lists: readonly (readonly [value: string, mailboxes: readonly string[] | undefined])[] = [
  ['', []],
  ['lea@shop.example', ['|lea@shop.example']],
  ['<lea@shop.example>', ['|lea@shop.example']],
  ['Lea <lea@shop.example>', ['Lea|lea@shop.example']],
  ['Lea  Dupont<lea@shop.example>', ['Lea Dupont|lea@shop.example']],
  [
    '"Dupont, Lea" <lea@shop.example>, max@shop.example',
    ['Dupont, Lea|lea@shop.example', '|max@shop.example'],
  ],
  ['"A \\"B\\" <c>" <lea@shop.example>', ['A "B" <c>|lea@shop.example']],
  ['J. R. Smith <j@shop.example>', ['J. R. Smith|j@shop.example']],
  ['"a b"@shop.example', ['|"a b"@shop.example']],
  ['Lea <"a>b"@shop.example>', ['Lea|"a>b"@shop.example']],
  ['lea@shop.example (Lea (the boss))', ['Lea (the boss)|lea@shop.example']],
  ['(x) Lea (y) <lea (z) @ (w) shop . example> (v)', ['Lea|lea@shop.example']],
  ['lea . dupont @ shop . example', ['|lea.dupont@shop.example']],
  ['<@one.example,@two.example:lea@shop.example>', ['|lea@shop.example']],
  ['a@shop.example,, ,b@shop.example,', ['|a@shop.example', '|b@shop.example']],
  ['=?utf-8?Q?L=C3=A9a?= =?utf-8?B?IER1cG9udA==?= <lea@shop.example>', ['Léa Dupont|lea@shop.example']],
  ['=?utf-8?Q?Dupont,_L=C3=A9a?= <lea@shop.example>', ['Dupont, Léa|lea@shop.example']],
  ['"=?utf-8?Q?L=C3=A9a?=" <lea@shop.example>', ['=?utf-8?Q?L=C3=A9a?=|lea@shop.example']],
  ['=?utf-8?Q?L=0D=0ABcc:_x?= <lea@shop.example>', ['L Bcc: x|lea@shop.example']],
  ['Léa <lea@shop.example>', ['Léa|lea@shop.example']],
  ['boss@shop.example <lea@shop.example>', ['boss@shop.example|lea@shop.example']],
  [
    'Team: lea@shop.example, Max <max@shop.example>;, x@shop.example',
    ['|lea@shop.example', 'Max|max@shop.example', '|x@shop.example'],
  ],
  ['undisclosed-recipients:;', []],
  ['lea@bücher.example', ['|lea@xn--bcher-kva.example']],

  ['lea', undefined],
  ['Lea Dupont', undefined],
  ['Lea lea@shop.example', undefined],
  ['lea@shop.example max@shop.example', undefined],
  ['Lea <lea dupont@shop.example>', undefined],
  ['Lea <lea@shop.example', undefined],
  ['Lea lea@shop.example>', undefined],
  ['Lea <<lea@shop.example>>', undefined],
  ['<lea@shop.example> <max@shop.example>', undefined],
  ['<lea@shop.example> Lea', undefined],
  ['<lea@shop.example>@x.example', undefined],
  ['Lea <>', undefined],
  ['<lea@localhost>', undefined],
  ['lea@[192.0.2.1]', undefined],
  ['"Lea <lea@shop.example>', undefined],
  ['Lea (x <lea@shop.example>', undefined],
  ['Lea) <lea@shop.example>', undefined],
  ['Team: lea@shop.example', undefined],
  ['lea@shop.example;', undefined],
  ['A: B: lea@shop.example;;', undefined],
  [': lea@shop.example;', undefined],
  ['lea\\@shop.example', undefined],
]

for (const [value, expected] of lists) {
  test(`address list ${JSON.stringify(value)}`, () => {
    const mailboxes = parseMailboxList(value)

    assert.deepEqual(
      mailboxes?.map(({ name, address }) => `${name}|${formatAddress(address)}`),
      expected,
    )
  })
}

test('a group is told', () => {
  assert.equal(hasGroup('Team: lea@shop.example;'), true)
  assert.equal(hasGroup('undisclosed-recipients:;'), true)
  assert.equal(hasGroup('"a:b" <lea@shop.example>'), false)
  assert.equal(hasGroup('Team: lea@shop.example'), false)
})

const address = { local: 'lea', domain: 'shop.example' }
const names: readonly (readonly [name: string, header: string, display: string])[] = [
  ['', 'lea@shop.example', 'lea@shop.example'],
  ['Lea Dupont', 'Lea Dupont <lea@shop.example>', 'Lea Dupont <lea@shop.example>'],
  ['Dupont, Lea', '"Dupont, Lea" <lea@shop.example>', '"Dupont, Lea" <lea@shop.example>'],
  ['J. Smith', '"J. Smith" <lea@shop.example>', '"J. Smith" <lea@shop.example>'],
  ['A "B" \\', '"A \\"B\\" \\\\" <lea@shop.example>', '"A \\"B\\" \\\\" <lea@shop.example>'],
  ['Léa', '=?UTF-8?Q?L=C3=A9a?= <lea@shop.example>', 'Léa <lea@shop.example>'],
  ['日本語', '=?UTF-8?B?5pel5pys6Kqe?= <lea@shop.example>', '日本語 <lea@shop.example>'],
  ['=?x', '=?UTF-8?B?PT94?= <lea@shop.example>', '=?x <lea@shop.example>'],
]

for (const [name, header, display] of names) {
  test(`mailbox named ${JSON.stringify(name)}`, () => {
    assert.equal(formatMailbox({ name, address }), header)
    assert.equal(displayMailbox({ name, address }), display)
    assert.deepEqual(parseMailboxList(header), [{ name, address }])
  })
}

test('a name with a line break never becomes a header', () => {
  for (const name of ['a\r\nBcc: x@y.example', 'a\nb', 'a\rb', 'a\0b', 'é\r\nb']) {
    assert.throws(() => formatMailbox({ name, address }), /must not contain CR, LF or NUL/)
  }
})

test('whatever the name, the header reads back as that mailbox, folded or not', () => {
  const mailbox = fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => ({
    name: text
      .toWellFormed()
      .replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
      .trim(),
    address,
  }))
  fc.assert(
    fc.property(fc.array(mailbox, { minLength: 1, maxLength: 5 }), (mailboxes) => {
      const header = foldHeader('To', formatMailboxList(mailboxes))
      const value = header.slice('To: '.length).replaceAll('\r\n', '')

      assert.deepEqual(parseMailboxList(value), mailboxes)
      assert.match(header, /^[\t\r\n -~]*$/)
    }),
  )
})

test('no value makes the parser throw', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[<>@"\\.,:;()\s=?a-z\r\n]{0,60}$/),
  )
  fc.assert(
    fc.property(value, (text) => {
      for (const mailbox of parseMailboxList(text) ?? []) {
        assert.deepEqual(parseMailboxList(formatMailbox(mailbox)), [mailbox])
      }
    }),
  )
})

test('hostile values are refused in linear time', { timeout: 60_000 }, () => {
  const values = ['(', '<', '"', '@', ':', '\\', '=?', '=?a?q?', '(a', 'a(', '<(', 'a<', '" ', '"a"', ';']
  for (const piece of values) {
    for (const length of [250_000, 1_000_000]) {
      assert.equal(parseMailboxList(piece.repeat(length / piece.length)), undefined)
    }
  }
  assert.equal(parseMailboxList(`<a@b.example${' '.repeat(200_000)}>`)?.length, 1)
  assert.equal(parseMailboxList('a@b.example,'.repeat(10_000))?.length, 10_000)
  assert.equal(parseMailboxList('a@b.example,'.repeat(10_001)), undefined)
})

test('a list with a bad entry falls into its entries', () => {
  const list = '"Shop, Lea" <lea@shop.example>, bad@@x.example (one, two), <a,b@x.example>, ok@x.example'
  assert.deepEqual(
    splitMailboxList(list).map((entry) => entry.trim()),
    ['"Shop, Lea" <lea@shop.example>', 'bad@@x.example (one, two)', '<a,b@x.example>', 'ok@x.example'],
  )
  assert.deepEqual(splitMailboxList('(a, b'), ['(a', ' b'])
  for (const piece of ['(', '<', '"', '(a,', '<,', '",']) {
    assert.ok(splitMailboxList(piece.repeat(100_000 / piece.length)).length > 0, piece)
  }
})
