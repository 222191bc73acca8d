import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makePage } from './make-page.ts'
import { maxHtmlCharacters } from './tasks.ts'

const frame = '<!doctype html>\n<base target="_blank">'
const page = (html: string) => {
  const made = makePage(html)
  assert.equal(made.kind, 'page')
  return made.kind === 'page' ? made.html.replace(frame, '') : ''
}

for (const [what, html, shown] of [
  ['styles stay, without what they import', '<style>@import "a";p{}</style>', '<style>p{}</style>'],
  ['however long it is', `<style>@IMPORT url(${'a'.repeat(3_000)});p{}</style>`, '<style>p{}</style>'],
  ['words about it stay', '<p>An @import in a mail</p>', '<p>An @import in a mail</p>'],
  ['what runs goes', '<p onclick="x()">Hi<script>x()</script></p>', '<p>Hi</p>'],
  ['what frames goes', '<iframe srcdoc="<b>x</b>"></iframe><object data="x"></object>Hi', 'Hi'],
  ['what submits goes', '<form action="/x"><p>Hi</p></form>', '<div><p>Hi</p></div>'],
  ['links lead to the web or nowhere', '<a href="javascript:x()">Hi</a>', '<a>Hi</a>'],
] as const) {
  test(what, () => assert.equal(page(html), shown))
}

test('a page that grows beyond all measure is none', () => {
  assert.deepEqual(makePage('&'.repeat(maxHtmlCharacters / 4)), {
    kind: 'failed',
    reason: `its page would be longer than ${maxHtmlCharacters} characters`,
  })
})
