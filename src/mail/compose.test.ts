import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import PostalMime from 'postal-mime'
import { composeMessage, type MessageParts } from './compose.ts'
import { decodeEncodedWords } from './encoded-words.ts'

const mailbox = (name: string, local: string, domain = 'shop.example') => ({
  name,
  address: { local, domain },
})

const base: MessageParts = {
  from: mailbox('Shop', 'hello'),
  replyTo: [],
  to: [mailbox('Lea', 'lea', 'customer.example')],
  cc: [],
  subject: 'Your order',
  messageId: '<1.abc@shop.example>',
  date: Date.UTC(2026, 10, 23, 10, 0, 0),
  headers: [],
  attachments: [],
  inlineAttachments: [],
}

const file = (filename: string, contentType: string, content: string) => ({
  filename,
  contentType,
  content: Buffer.from(content),
})

const textOf = (parts: Partial<MessageParts>) => composeMessage({ ...base, ...parts }).toString('latin1')

test('a text message is one part', () => {
  assert.equal(
    textOf({ text: 'Hello\nLea' }),
    [
      'Date: Mon, 23 Nov 2026 10:00:00 +0000',
      'From: Shop <hello@shop.example>',
      'To: Lea <lea@customer.example>',
      'Subject: Your order',
      'Message-ID: <1.abc@shop.example>',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 7bit',
      '',
      'Hello',
      'Lea',
      '',
    ].join('\r\n'),
  )
})

test('everything at once reads the same in two parsers', async () => {
  const message: MessageParts = {
    ...base,
    from: mailbox('Café "Été", Paris', 'hello'),
    sender: mailbox('', 'robot'),
    replyTo: [mailbox('Support', 'support')],
    to: [mailbox('Dupont, Léa', 'lea', 'customer.example'), mailbox('', 'a b', 'customer.example')],
    cc: [mailbox('日本語', 'max', 'customer.example')],
    subject: `Votre commande n° 42 a été expédiée ${'très '.repeat(20)}vite`,
    headers: [
      ['X-Custom', 'blue é green'],
      ['List-Unsubscribe', `<https://shop.example/u/${'t'.repeat(300)}>, <mailto:u@shop.example>`],
    ],
    text: 'Bonjour Léa,\nça va ?\n.\nFrom me',
    html: '<p>Bonjour Léa <img src="cid:logo.png"></p>',
    attachments: [
      file('facture é.pdf', 'application/pdf', 'PDF'),
      file('data.csv', 'text/csv; charset=latin1', 'a;é'),
      file('x.bin', 'multipart/mixed; boundary=x', 'y'),
      file('y', 'no type', 'z'),
    ],
    inlineAttachments: [{ ...file('logo.png', 'image/png', 'PNG'), contentId: 'logo.png' }],
  }

  const raw = composeMessage(message)
  const mail = await simpleParser(raw, { skipImageLinks: true, skipHtmlToText: true, skipTextToHtml: true })
  const other = await PostalMime.parse(raw)

  assert.deepEqual(mail.from?.value, [{ name: 'Café "Été", Paris', address: 'hello@shop.example' }])
  assert.equal(other.sender?.address, 'robot@shop.example')
  assert.deepEqual(other.replyTo, [{ name: 'Support', address: 'support@shop.example' }])
  assert.equal(other.to?.[0]?.name, 'Dupont, Léa')
  assert.equal(other.cc?.[0]?.name, '日本語')
  for (const parsed of [mail, other]) {
    assert.equal(parsed.subject, message.subject)
    assert.equal(parsed.messageId, message.messageId)
    assert.equal(parsed.text?.trimEnd(), message.text)
    assert.equal((parsed.html || '').trimEnd(), message.html)
    assert.deepEqual(
      parsed.attachments.map(({ filename, contentId }) => [filename, contentId]),
      [
        ['logo.png', '<logo.png>'],
        ['facture é.pdf', undefined],
        ['data.csv', undefined],
        ['x.bin', undefined],
        ['y', undefined],
      ],
    )
  }
  const custom = other.headers.find(({ key }) => key === 'x-custom')
  assert.equal(decodeEncodedWords(custom?.value ?? ''), 'blue é green')
  assert.deepEqual(
    mail.attachments.map(({ contentType, content }) => [contentType, content.toString()]),
    [
      ['image/png', 'PNG'],
      ['application/pdf', 'PDF'],
      ['text/csv', 'a;é'],
      ['application/octet-stream', 'y'],
      ['application/octet-stream', 'z'],
    ],
  )
  assert.match(raw.toString(), /Content-Type: text\/csv; charset=utf-8\r\n/)
  assert.equal(mail.date?.getTime(), message.date)
})

test('only as much structure as is needed', () => {
  const types = (parts: Partial<MessageParts>) =>
    [...textOf(parts).matchAll(/^Content-Type: ([a-z/]+)/gm)].map((match) => match[1])
  const inlineAttachments = [{ ...file('a.png', 'image/png', 'x'), contentId: 'a' }]
  const attachments = [file('a.pdf', 'application/pdf', 'x')]

  assert.deepEqual(types({}), ['text/plain'])
  assert.deepEqual(types({ html: 'x' }), ['text/html'])
  assert.deepEqual(types({ text: 'x', html: 'x' }), ['multipart/alternative', 'text/plain', 'text/html'])
  assert.deepEqual(types({ html: 'x', inlineAttachments }), ['multipart/related', 'text/html', 'image/png'])
  assert.deepEqual(types({ text: 'x', inlineAttachments }), ['multipart/mixed', 'text/plain', 'image/png'])
  assert.deepEqual(types({ text: 'x', html: 'x', inlineAttachments, attachments }), [
    'multipart/mixed',
    'multipart/related',
    'multipart/alternative',
    'text/plain',
    'text/html',
    'image/png',
    'application/pdf',
  ])
})

test('a message as an attachment is not encoded where that can be helped', () => {
  const attach = (content: string) =>
    textOf({ text: 'x', attachments: [file('a.eml', 'message/rfc822', content)] })

  assert.match(
    attach('Subject: a\r\n\r\nb\r\n'),
    /Content-Type: message\/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n.*\r\n\r\nSubject: a\r\n\r\nb\r\n--/,
  )
  assert.match(attach('Subject: é\r\n\r\n'), /application\/octet-stream\r\nContent-Transfer-Encoding: base64/)
})

test('the same parts give the same bytes', () => {
  assert.equal(textOf({ text: 'a', html: 'b' }), textOf({ text: 'a', html: 'b' }))
})

test('text that holds a boundary cannot end its part', async () => {
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(textOf({ text: 'a', html: 'b' })) ?? []
  const text = `a\r\n--${boundary}--\r\nb`

  const mail = await PostalMime.parse(textOf({ text, html: 'b' }))

  assert.equal(mail.text?.trimEnd().replaceAll('\r\n', '\n'), text.replaceAll('\r\n', '\n'))
})

test('a header is written once, and Bcc never', () => {
  const header = textOf({
    headers: [
      ['Bcc', 'x@y.example'],
      ['bcc', 'x@y.example'],
      ['Content-Type', 'text/html'],
      ['MIME-Version', '2.0'],
      ['Subject', 'another'],
      ['X-Once', 'yes'],
    ],
  })

  assert.doesNotMatch(header, /x@y\.example|2\.0|another|text\/html/)
  assert.match(header, /^X-Once: yes\r$/m)
})

test('nobody in To and Cc is said in the way of RFC 5322', () => {
  assert.match(textOf({ to: [] }), /^To: undisclosed-recipients:;\r$/m)
  assert.doesNotMatch(textOf({ to: [], cc: base.to }), /^To:/m)
})

test('an encoded word in a custom header is the caller’s', () => {
  assert.match(textOf({ headers: [['X-A', '=?utf-8?Q?caf=C3=A9?=']] }), /^X-A: =\?utf-8\?Q\?caf=C3=A9\?=\r$/m)
})

test('an address in UTF-8 stands in its header as UTF-8', () => {
  const raw = composeMessage({ ...base, to: [mailbox('', 'léa', 'customer.example')] })

  assert.match(raw.toString('utf8'), /^To: léa@customer\.example\r$/m)
})

const injection = 'x\r\nBcc: evil@y.example\r\n\r\nbody'
const injected: readonly (readonly [where: string, parts: Partial<MessageParts>])[] = [
  ['from name', { from: mailbox(injection, 'a') }],
  ['to name', { to: [mailbox(injection, 'a')] }],
  ['from local part', { from: { name: '', address: { local: injection, domain: 'x.example' } } }],
  ['subject', { subject: injection }],
  ['encoded subject', { subject: `é${injection}` }],
  ['message id', { messageId: injection }],
  ['header value', { headers: [['X-A', injection]] }],
  ['header value with LF', { headers: [['X-A', 'a\nb']] }],
  ['header value with NUL', { headers: [['X-A', 'a\0b']] }],
  ['header name', { headers: [[injection, 'a']] }],
]

for (const [where, parts] of injected) {
  test(`a line break in ${where} is an error`, () => {
    assert.throws(() => textOf(parts), /must not contain CR, LF or NUL|not a header name/)
  })
}

test('line breaks in what describes an attachment do no harm', () => {
  const raw = textOf({
    html: 'x',
    attachments: [file(injection, injection, 'x')],
    inlineAttachments: [{ ...file(injection, 'image/png', 'x'), contentId: injection }],
  })

  assert.doesNotMatch(raw, /^Bcc:/m)
  assert.match(raw, /^Content-ID: <x%0D%0ABcc:%20evil@y\.example%0D%0A%0D%0Abody>\r$/m)
})

test('whatever the texts, lines are CRLF, short, ASCII, and parse back', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[aé=. \r\n-]{0,100}$/))
  const subject = text.map((input) => input.replaceAll(/[\r\n\0]/g, ''))
  await fc.assert(
    fc.asyncProperty(text, text, subject, async (plain, html, title) => {
      const raw = textOf({ text: plain, html, subject: title })
      for (const line of raw.split('\r\n')) assert.match(line, /^[^\r\n\x80-\xff]{0,998}$/)
      const mail = await PostalMime.parse(raw)
      const lines = (value: string | undefined) => value?.replaceAll(/\r\n|\r|\n/g, '\n').replace(/\n$/, '')
      // A parser may drop NUL and the byte order mark.
      const clean = (value: string) => lines(value.toWellFormed())?.replaceAll(/[\0\ufeff]/g, '')
      assert.equal(lines(mail.text)?.replaceAll(/[\0\ufeff]/g, '') ?? '', clean(plain))
    }),
    { numRuns: 60 },
  )
})
