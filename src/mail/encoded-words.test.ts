import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeEncodedWords, encodeHeaderText, isPlainHeaderText } from './encoded-words.ts'

const encoded: readonly (readonly [text: string, header: string])[] = [
  ['', ''],
  ['Your order', 'Your order'],
  ['50% off; "now"', '50% off; "now"'],
  ['Été', '=?UTF-8?B?w4l0w6k=?='],
  ['Votre commande est prête', '=?UTF-8?Q?Votre_commande_est_pr=C3=AAte?='],
  ['日本語', '=?UTF-8?B?5pel5pys6Kqe?='],
  ['not =?an?= encoded word', '=?UTF-8?Q?not_=3D=3Fan=3F=3D_encoded_word?='],
  ['bell\x07', '=?UTF-8?Q?bell=07?='],
  ['half \ud800', '=?UTF-8?B?aGFsZiDvv70=?='],
]

for (const [text, header] of encoded) {
  test(`encoding ${JSON.stringify(text)}`, () => {
    assert.equal(encodeHeaderText(text, { firstLineUsed: 9 }), header)
    assert.equal(decodeEncodedWords(header), text.toWellFormed())
  })
}

const decoded: readonly (readonly [header: string, text: string])[] = [
  ['plain', 'plain'],
  ['=?iso-8859-1?Q?caf=E9?=', 'café'],
  ['=?ISO-8859-15?q?=A4?=', '€'],
  ['=?windows-1252?B?gA==?=', '€'],
  ['=?utf-8*fr?Q?caf=C3=A9?=', 'café'],
  ['=?shift_jis?B?k/qWe4zq?=', '日本語'],
  ['=?koi8-r?B?8NLJ18XU?=', 'Привет'],
  ['=?utf-8?Q?a?= =?utf-8?Q?b?=', 'ab'],
  ['=?utf-8?Q?a?=\r\n =?iso-8859-1?Q?=E9?=', 'aé'],
  ['=?utf-8?Q?a?= b =?utf-8?Q?c?=', 'a b c'],
  ['x =?utf-8?Q?a_b?= y', 'x a b y'],
  ['=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=', 'é'],
  ['=?utf-8?Q?raw é?=', 'raw é'],
  ['=?utf-8?Q?a b?=', 'a b'],
  ['=?utf-8?Q?100=?=', '100='],
  ['=?utf-8?Q?=FF?=', '\ufffd'],
  ['=?nonsense?Q?a?= =?utf-8?Q?b?=', '=?nonsense?Q?a?= b'],
  ['=?utf-8?X?a?=', '=?utf-8?X?a?='],
  ['=?utf-8?Q?a', '=?utf-8?Q?a'],
  ['=?utf-8?Q??=', ''],
]

for (const [header, text] of decoded) {
  test(`decoding ${JSON.stringify(header)}`, () => {
    assert.equal(decodeEncodedWords(header), text)
  })
}

test('line breaks are refused, not hidden', () => {
  for (const text of ['a\r\nBcc: x@y.example', 'a\n', '\ré', 'é\0']) {
    assert.throws(() => encodeHeaderText(text, { firstLineUsed: 9 }), /must not contain CR, LF or NUL/)
  }
})

test('any text comes back, in words of at most 75 characters', () => {
  const text = fc
    .string({ unit: 'binary', maxLength: 300 })
    .map((binary) => binary.replaceAll(/[\r\n\0]/g, ''))
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 200 }), (input, firstLineUsed) => {
      const header = encodeHeaderText(input, { firstLineUsed })

      assert.equal(decodeEncodedWords(header), input.toWellFormed())
      if (isPlainHeaderText(input)) return
      for (const word of header.split(' ')) assert.ok(word.length <= 75)
    }),
  )
})

test('a character is never split between words', () => {
  for (const text of ['日本語'.repeat(50), '😀'.repeat(50), 'aé'.repeat(80)]) {
    const words = encodeHeaderText(text, { firstLineUsed: 9 }).split(' ')

    assert.ok(words.length > 1)
    assert.equal(words.map(decodeEncodedWords).join(''), text)
  }
})

test('a long run without blanks is encoded, so that it can be folded', () => {
  assert.match(encodeHeaderText('x'.repeat(2000), { firstLineUsed: 9 }), /^(?:=\?UTF-8\?Q\?x+\?= ?)+$/)
  assert.match(encodeHeaderText(`a${' '.repeat(2000)}b`, { firstLineUsed: 9 }), /^=\?UTF-8\?Q\?a_/)
})

test('hostile headers are decoded in linear time', { timeout: 60_000 }, () => {
  for (const piece of ['=?', '=?a?q?', '=?utf-8?B?', '=?utf-8?Q?a?= ', '=?utf-8?Q?', '=?x*']) {
    assert.ok(decodeEncodedWords(piece.repeat(1e6 / piece.length)).length <= 1e6)
    assert.ok(decodeEncodedWords(`=?utf-8?Q?${'a'.repeat(1e6)}`).length > 1e6)
  }
})
