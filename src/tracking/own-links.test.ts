import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mapTextParts } from '../mail/text-parts.ts'
import { createOwnLinks, type OwnLinks, unsubscribeFields } from './own-links.ts'

const withOwnLinks = createOwnLinks()
const all: OwnLinks = {
  open: 'https://t.example/o/P',
  click: (url, position) => `https://t.example/c/${position}-${encodeURIComponent(url)}`,
  unsubscribe: 'https://t.example/u/U',
  address: 'o"neil&co@inbox.example',
  fields: [],
}
const pixel =
  '<img src="https://t.example/o/P" width="1" height="1" alt="" style="border:0;width:1px;height:1px">'

function html(text: string): Buffer {
  return Buffer.from(
    `Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text}`,
  )
}

function shown(content: Buffer): string {
  let found = ''
  mapTextParts(content, (text) => {
    found += text
    return text
  })
  return found
}

const link = (position: number, url: string) => `https://t.example/c/${position}-${encodeURIComponent(url)}`

const cases: [name: string, before: string, after: string][] = [
  [
    'entities are decoded, once',
    '<a href="https://a.example/?x=1&amp;y=2&#38;z=%26">a</a>',
    `<a href="${link(1, 'https://a.example/?x=1&y=2&z=%26')}">a</a>${pixel}`,
  ],
  [
    'quotes of either kind, or none, and odd spelling stay',
    "<A  HREF = 'HTTP://a.example' ><area href=https://b.example/c#d>",
    `<A  HREF = '${link(1, 'HTTP://a.example')}' ><area href=${link(2, 'https://b.example/c#d')}>${pixel}`,
  ],
  [
    'what is no web link, or marked, is left alone and still counts its place',
    '<a href="mailto:a@b.example">a</a><a href="#x">b</a><a href="tel:1"></a><a data-no-track href="https://a.example">c</a><a href="https://b.example">d</a>',
    `<a href="mailto:a@b.example">a</a><a href="#x">b</a><a href="tel:1"></a><a data-no-track href="https://a.example">c</a><a href="${link(2, 'https://b.example')}">d</a>${pixel}`,
  ],
  [
    'comments, scripts and images are no links',
    '<!-- <a href="https://a.example"> --><script>var a = \'<a href="https://b.example">\'</script><img src="https://c.example">',
    `<!-- <a href="https://a.example"> --><script>var a = '<a href="https://b.example">'</script><img src="https://c.example">${pixel}`,
  ],
  ['the pixel goes before the last </body>', '<body>x</body ></html>', `<body>x${pixel}</body ></html>`],
  [
    'tags are filled in, and the page for leaving is not counted as a click',
    '<a href="[[UNSUB_LINK_FR]]">x</a> [[EMAIL_TO]] <a href="[[UNSUB_LINK]]">y</a>',
    `<a href="https://t.example/u/U?l=fr">x</a> o&#34;neil&#38;co@inbox.example <a href="https://t.example/u/U">y</a>${pixel}`,
  ],
  [
    'an address that nobody could follow stays',
    `<a href="https://[bad">a</a><a href="https://a.example/${'x'.repeat(1_500)}">b</a>`,
    `<a href="https://[bad">a</a><a href="https://a.example/${'x'.repeat(1_500)}">b</a>${pixel}`,
  ],
]

for (const [name, before, after] of cases) {
  test(name, () => assert.equal(shown(withOwnLinks(html(before), all)).trimEnd(), after))
}

test('only what was asked for', () => {
  const text = '<p><a href="https://a.example">a</a></p>'
  const { open: _open, ...clicks } = all
  const { click: _click, ...opens } = all
  assert.equal(
    shown(withOwnLinks(html(text), clicks)).trimEnd(),
    `<p><a href="${link(1, 'https://a.example')}">a</a></p>`,
  )
  assert.equal(shown(withOwnLinks(html(text), opens)).trimEnd(), `${text}${pixel}`)
})

test('text parts keep their links and get their tags; signed mail is not touched', () => {
  const text = 'Subject: x\r\n\r\nSee https://a.example or [[UNSUB_LINK_EN]]\r\n'
  assert.match(
    withOwnLinks(Buffer.from(text), all).toString(),
    /See https:\/\/a\.example or https:\/\/t\.example\/u\/U\?l=en/,
  )
  const signed = Buffer.from(
    'Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<a href="https://a.example">\r\n--b--\r\n',
  )
  assert.equal(withOwnLinks(signed, all), signed)
})

test('header fields for leaving: one click over HTTPS alone, and never beside those of the author', () => {
  const given = {
    mailto: 'u+1.ab@bounce.example',
    feedbackId: 'c1:k2:bulk:pv0',
    listId: 'l3.k2.mail.example',
  }
  const plain = Buffer.from('Subject: x\r\n\r\nbody')
  const secure = unsubscribeFields(plain, { url: 'https://t.example/u/U', ...given })
  assert.deepEqual(secure, [
    'List-Unsubscribe: <https://t.example/u/U>,\r\n <mailto:u+1.ab@bounce.example?subject=unsubscribe>\r\n',
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n',
    'List-Id: <l3.k2.mail.example>\r\n',
    'Feedback-ID: c1:k2:bulk:pv0\r\n',
  ])
  assert.doesNotMatch(
    unsubscribeFields(plain, { url: 'http://t.example/u/U', ...given }).join(''),
    /Unsubscribe-Post/,
  )
  const own = Buffer.from('List-Unsubscribe: <https://own.example>\r\nList-Id: <a.b>\r\n\r\nx')
  assert.deepEqual(unsubscribeFields(own, { url: 'https://t.example/u/U', ...given }), [
    'Feedback-ID: c1:k2:bulk:pv0\r\n',
  ])
  assert.equal(
    withOwnLinks(plain, { address: 'a@b.example', fields: secure }).toString(),
    `Subject: x\r\n${secure.join('')}\r\nbody`,
  )
})
