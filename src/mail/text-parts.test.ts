import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import PostalMime from 'postal-mime'
import { composeMessage } from './compose.ts'
import { type MapText, mapTextParts } from './text-parts.ts'

const crlf = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))
const mapped = (text: string, map: MapText) =>
  mapTextParts(crlf(text), map).toString('latin1').replaceAll('\r\n', '\n')

const shout: MapText = (text) => text.toUpperCase()

const cases: readonly (readonly [name: string, message: string, result: string])[] = [
  [
    'a message without MIME',
    'Subject: x\n\nhello\n',
    'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\nMIME-Version: 1.0\nSubject: x\n\nHELLO\n',
  ],
  [
    'quoted-printable in another charset',
    'MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1; format=flowed\nContent-Transfer-Encoding: quoted-printable\n\nle caf=E9 est servi\n',
    'MIME-Version: 1.0\nContent-Type: text/plain; format=flowed; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nLE CAF=C3=89 EST SERVI\n',
  ],
  [
    'base64',
    'MIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\nPGI+aGk8L2I+\n',
    'MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\n<B>HI</B>\n',
  ],
  [
    'both alternatives, no attachment, all else byte for byte',
    `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="a"

preamble
--a
Content-Type: multipart/alternative; boundary="b"

--b

plain
--b \t
Content-Type: TEXT/HTML

html

--b--
--a
Content-Type: text/plain
Content-Disposition: attachment

file
--a
Content-Type: text/plain
Content-Disposition: inline; filename=x.txt

file
--a
Content-Type: image/png

png
--a--
epilogue
`,
    `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="a"

preamble
--a
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

PLAIN
--b \t
Content-Transfer-Encoding: 7bit
Content-Type: TEXT/HTML; charset=utf-8

HTML

--b--
--a
Content-Type: text/plain
Content-Disposition: attachment

file
--a
Content-Type: text/plain
Content-Disposition: inline; filename=x.txt

file
--a
Content-Type: image/png

png
--a--
epilogue
`,
  ],
]

for (const [name, message, result] of cases) {
  test(`text is mapped in ${name}`, () => {
    assert.equal(mapped(message, shout), result)
  })
}

test('what the mapping leaves alone stays the same buffer', () => {
  for (const [, message] of cases) {
    const raw = crlf(message)

    assert.equal(
      mapTextParts(raw, (text) => text),
      raw,
    )
  }
})

test('the type of each part is told', () => {
  const seen: string[] = []
  const raw = crlf(
    'Content-Type: multipart/alternative; boundary=b\n\n--b\n\na\n--b\nContent-Type: text/html\n\nb\n--b--\n',
  )

  mapTextParts(raw, (text, type) => {
    seen.push(`${type} ${text}`)
    return text
  })

  assert.deepEqual(seen, ['text/plain a', 'text/html b'])
})

test('parameters that cannot be written again are dropped', () => {
  for (const parameter of ['x'.repeat(2000), 'caf\u00e9', 'a\0b', 'a\rb']) {
    const result = mapTextParts(Buffer.from(`Content-Type: text/html; x=${parameter}\r\n\r\na\r\n`), shout)

    assert.match(result.toString(), /^Content-Type: text\/html; charset=utf-8\r$/m)
  }
})

const untouched: readonly (readonly [name: string, message: string])[] = [
  ['an unknown charset', 'Content-Type: text/plain; charset=x-none\n\na\n'],
  ['an unknown encoding', 'Content-Type: text/plain\nContent-Transfer-Encoding: x-uue\n\na\n'],
  ['a forwarded message', 'Content-Type: message/rfc822\n\nSubject: a\n\nb\n'],
  ['a digest', 'Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: a\n\nb\n--b--\n'],
  ['a multipart without boundary', 'Content-Type: multipart/mixed\n\n--b\n\na\n--b--\n'],
  ['a part that is all header', 'Content-Type: multipart/mixed; boundary=b\n\n--b\nSubject: a\n--b--\n'],
  ['no body', 'Subject: a\n'],
  ['nothing', ''],
]

for (const [name, message] of untouched) {
  test(`${name} is left alone`, () => {
    assert.equal(mapped(message, shout), message)
  })
}

test('a message cut off before its last boundary is mapped as far as it goes', () => {
  const result = mapped('Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n--b\n\nb', shout)

  assert.match(result, /\n\nA\n--b\n[\s\S]*\n\nB$/)
})

test('8-bit text without a charset is UTF-8 if it can be', () => {
  const seen: string[] = []
  const see: MapText = (text) => {
    seen.push(text)
    return text
  }

  mapTextParts(Buffer.from('A: b\r\n\r\né'), see)
  mapTextParts(Buffer.from('A: b\r\n\r\né', 'latin1'), see)

  assert.deepEqual(seen, ['é', 'é'])
})

test('text from outside cannot end its part', async () => {
  const raw = composeMessage({
    from: { name: '', address: { local: 'a', domain: 'shop.example' } },
    replyTo: [],
    to: [],
    cc: [],
    subject: 'x',
    messageId: '<1@shop.example>',
    date: 0,
    headers: [],
    text: 'Hello {{name}}',
    html: '<b>{{name}}</b>',
    attachments: [],
    inlineAttachments: [],
  })
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(raw.toString()) ?? []
  const evil = `x\r\n--${boundary}\r\nContent-Type: text/plain\r\n\r\nspam`

  const mail = await PostalMime.parse(mapTextParts(raw, (text) => text.replace('{{name}}', evil)))

  assert.match(mail.text ?? '', /^Hello x[\s\S]*spam/)
  assert.match(mail.html ?? '', /^<b>x[\s\S]*spam<\/b>/)
  assert.equal(mail.attachments.length, 0)
})

test('a mapped message reads the same as a mapped text', async () => {
  const text = fc.stringMatching(/^[a-zé=. \t\n]{1,200}$/)
  await fc.assert(
    fc.asyncProperty(text, text, async (before, after) => {
      const raw = Buffer.from(
        `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n` +
          `Content-Transfer-Encoding: 8bit\r\n\r\n${before.replaceAll('\n', '\r\n')}\r\n--b--\r\n`,
      )
      const seen: string[] = []
      const result = mapTextParts(raw, () => after)
      mapTextParts(result, (decoded) => {
        seen.push(decoded)
        return decoded
      })
      const lines = (value: string) => value.replaceAll('\r\n', '\n').replace(/\n$/, '')
      assert.deepEqual(seen.map(lines), [lines(after)])
    }),
    { numRuns: 60 },
  )
})

const part = '--b\r\n\r\na\r\n'
const hostile: readonly (readonly [name: string, message: string])[] = [
  ['a million parts', `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(1e6)}--b--\r\n`],
  ['a million boundaries', `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n'.repeat(2e6)}`],
  [
    'a million false boundaries',
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'\r\n--bx'.repeat(2e6)}`,
  ],
  ['a 10 MB header line', `Content-Type: text/plain; x=${'y'.repeat(1e7)}\r\n\r\na`],
  [
    '5,000 levels',
    Array.from(
      { length: 5000 },
      (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
    ).join('') + 'x'.repeat(1e7),
  ],
  ['a million headers', `${'A: b\r\n'.repeat(1e6)}\r\na`],
]

for (const [name, message] of hostile) {
  test(`${name}: little work`, { timeout: 60_000 }, () => {
    const raw = Buffer.from(message)
    let calls = 0

    mapTextParts(raw, (text) => {
      calls += 1
      return `${text}!`
    })

    assert.ok(calls <= 1000)
  })
}

test('no bytes make it throw', () => {
  const piece = fc.constantFrom(
    'Content-Type: multipart/mixed; boundary=b',
    'Content-Type: text/html; charset=',
    'Content-Transfer-Encoding: base64',
    '\r\n',
    '\r\n--b\r\n',
    '--b--',
    'a=',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      assert.ok(mapTextParts(Buffer.from(pieces.join('')), (text) => `${text}!`).length >= 0)
    }),
  )
})
