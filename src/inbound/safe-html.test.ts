import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIncoming } from '../mail/incoming-message.ts'
import { safePage } from './safe-html.ts'

function read(html: string, more = '') {
  const raw = `From: a@a.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n${more}--x--\r\n`
  return parseIncoming(Buffer.from(raw))
}

const attacks: [what: string, html: string, gone: RegExp][] = [
  ['a script', '<script>alert(1)</script>', /alert/],
  ['an event handler', '<img src="data:," onerror="alert(1)">', /onerror/],
  ['a javascript link', '<a href="javascript:alert(1)">x</a>', /href="javascript/],
  ['a javascript link with blanks', '<a href=" java\nscript:alert(1)">x</a>', /href="/],
  ['a form', '<form action="https://e.example"><input name=p></form>', /<form|<input/],
  ['a frame', '<iframe src="https://e.example"></iframe>', /<iframe/],
  ['an object', '<object data="x.swf"></object><embed src="x">', /<object|<embed/],
  ['a base', '<base href="https://e.example/">', /<base/],
  ['a refresh', '<meta http-equiv="refresh" content="0;url=https://e.example">', /refresh/],
  [
    'a style sheet',
    '<style>@import "https://e.example/x.css"</style><link rel=stylesheet href=//e>',
    /e\.example|<link/,
  ],
  ['a style that fetches', '<p style="background:url(https://e.example/p.gif);color:red">x</p>', /url\(/],
  ['a style that covers the page', '<p style="position:fixed;top:0;color:red">x</p>', /position/],
  ['an SVG', '<svg onload="alert(1)"><script>alert(1)</script></svg>', /<svg|alert/],
  ['MathML', '<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>', /onerror/],
  ['a remote image', '<img src="https://e.example/p.gif">', /e\.example/],
  ['a remote image without a scheme', '<img src="//e.example/p.gif">', /e\.example/],
  ['a srcset', '<img srcset="https://e.example/p.gif 2x">', /e\.example/],
  ['a background', '<table background="https://e.example/p.gif"><tr><td>x</td></tr></table>', /e\.example/],
]

for (const [what, html, gone] of attacks) {
  test(`${what} is taken out`, () => {
    const { html: safe } = safePage(read(html), { images: 'none' })
    assert.doesNotMatch(safe.replace(/<style>body.*?<\/style>/s, ''), gone)
  })
}

test('links stay, open elsewhere and say where they go', () => {
  const { html } = safePage(read('<a href="https://shop.example/activate/x">Confirm</a>'), { images: 'none' })
  assert.match(
    html,
    /<a href="https:\/\/shop\.example\/activate\/x"[^>]* rel="noopener noreferrer nofollow">/,
  )
  assert.match(html, /\[https:\/\/shop\.example\/activate\/x\]/)
})

test('remote images come when they are asked for, and are counted', () => {
  const message = read('<img src="https://e.example/p.gif">')
  const without = safePage(message, { images: 'none' })
  const withThem = safePage(message, { images: 'remote' })
  assert.equal(without.remoteImages, 1)
  assert.match(without.contentSecurityPolicy, /img-src data:;/)
  assert.match(withThem.html, /src="https:\/\/e\.example\/p\.gif"/)
  assert.match(withThem.contentSecurityPolicy, /img-src data: https: http:;/)
})

test('images that came with the mail are shown, other parts are not', () => {
  const part = (type: string, id: string) =>
    `--x\r\nContent-Type: ${type}\r\nContent-ID: <${id}>\r\nContent-Transfer-Encoding: base64\r\n\r\nR0lGODlh\r\n`
  const message = read(
    '<img src="cid:logo@a"><img src="cid:page@a"><img src="cid:none@a">',
    part('image/gif', 'logo@a') + part('text/xml', 'page@a'),
  )
  const { html } = safePage(message, { images: 'none' })
  assert.match(html, /src="data:image\/gif;base64,R0lGODlh"/)
  assert.equal(html.match(/src=/g)?.length, 1)
})

test('plain text is shown as it is', () => {
  const message = parseIncoming(Buffer.from('Subject: x\r\n\r\n<script>1</script> & more\r\n'))
  assert.match(safePage(message, { images: 'none' }).html, /&lt;script&gt;1/)
})
