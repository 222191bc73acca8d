import assert from 'node:assert/strict'
import { test } from 'node:test'
import PostalMime from 'postal-mime'
import { replaceTexts } from './replace-texts.ts'

const crlf = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))
const texts = { text: 'New text\r\n', html: '<p>New <img src="cid:logo"></p>' }

const mixed = crlf(`From: a@shop.example
Content-Type: multipart/mixed; boundary="b1"
Subject: Order
MIME-Version: 1.0

--b1
Content-Type: multipart/related; boundary=b2

--b2
Content-Type: multipart/alternative; boundary=b3

--b3
Content-Type: text/plain

Old
--b3
Content-Type: text/html

<p>Old</p>
--b3--
--b2
Content-Type: image/png
Content-ID: <logo>
Content-Transfer-Encoding: base64

aGVsbG8=
--b2--
--b1
Content-Type: text/plain; name=terms.txt
Content-Disposition: attachment; filename=terms.txt

--b1 is no boundary of the new message
The terms.
--b1
Content-Type: application/pdf
Content-Disposition: attachment; filename="order.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--b1--
`)

test('texts are replaced; header, pictures and files stay', async () => {
  const replaced = replaceTexts(mixed, texts)
  const parsed = await PostalMime.parse(replaced)

  assert.match(replaced.toString(), /^From: a@shop\.example\r\nSubject: Order\r\nMIME-Version: 1\.0\r\n/)
  assert.equal(parsed.text?.trim(), 'New text')
  assert.equal(parsed.html?.trim(), '<p>New <img src="cid:logo"></p>')
  assert.doesNotMatch(replaced.toString(), /Old/)
  const files = parsed.attachments.map(({ filename, content, contentId }) => ({
    filename,
    contentId,
    content: Buffer.from(content as ArrayBuffer).toString(),
  }))
  assert.deepEqual(
    files.map(({ filename, contentId }) => ({ filename, contentId })),
    [
      { filename: null, contentId: '<logo>' },
      { filename: 'terms.txt', contentId: undefined },
      { filename: 'order.pdf', contentId: undefined },
    ],
  )
  assert.equal(files[0]?.content, 'hello')
  assert.match(files[1]?.content ?? '', /^--b1 is no boundary[^\n]*\r?\nThe terms\.\r?\n?$/)
  assert.equal(files[2]?.content, '%PDF-')
})

test('a message of one text keeps nothing of it', async () => {
  const replaced = replaceTexts(crlf('From: a@shop.example\nContent-Type: text/plain\n\nOld\n'), {
    text: 'New\r\n',
  })
  const parsed = await PostalMime.parse(replaced)
  assert.equal(parsed.text?.trim(), 'New')
  assert.equal(parsed.attachments.length, 0)
})

test('a message that is one file has it attached', async () => {
  const raw = crlf(
    'From: a@shop.example\nMIME-Version: 1.0\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n',
  )
  const parsed = await PostalMime.parse(replaceTexts(raw, texts))
  assert.equal(parsed.text?.trim(), 'New text')
  assert.equal(parsed.attachments[0]?.mimeType, 'application/pdf')
  assert.equal(Buffer.from(parsed.attachments[0]?.content as ArrayBuffer).toString(), '%PDF-')
})
