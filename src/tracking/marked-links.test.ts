import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillMarks, markLinks } from './marked-links.ts'

const links = {
  open: 'https://t.example/o/P',
  click: (url: string, position: number) => `https://t.example/c/${position}?${encodeURIComponent(url)}`,
}
const pixel =
  '<img src="https://t.example/o/P" width="1" height="1" alt="" style="border:0;width:1px;height:1px">'
const link = (position: number, url: string) => links.click(url, position)

const cases: [name: string, source: string, render: (text: string) => string, after: string][] = [
  [
    'links and the pixel before the end of the body',
    '<body><a href="https://a.example/?x=1&amp;y=2">a</a></body>',
    (text) => text,
    `<body><a href="${link(1, 'https://a.example/?x=1&y=2')}">a</a>${pixel}</body>`,
  ],
  [
    'an address that is known only when it is rendered',
    '<a href="{{data:site}}">a</a>',
    (text) => text.replace('{{data:site}}', 'https://b.example/'),
    `<a href="${link(1, 'https://b.example/')}">a</a>${pixel}`,
  ],
  [
    'what turns out to be none stays',
    '<a href="{{data:site}}">a</a><a href="mailto:a@a.example">m</a><a href="https://a.example/">l</a>',
    (text) => text.replace('{{data:site}}', 'javascript:alert(1)'),
    `<a href="javascript:alert(1)">a</a><a href="mailto:a@a.example">m</a><a href="${link(2, 'https://a.example/')}">l</a>${pixel}`,
  ],
  [
    'exempt links are counted and left; tags for the unsubscribe page are none',
    '<a data-no-track href="https://a.example/">a</a><a href="[[UNSUB_LINK_EN]]">u</a><a href="https://b.example/">b</a>',
    (text) => text,
    `<a data-no-track href="https://a.example/">a</a><a href="[[UNSUB_LINK_EN]]">u</a><a href="${link(2, 'https://b.example/')}">b</a>${pixel}`,
  ],
  [
    'a mark that stands in the source, or has lost its other half, leaves no trace',
    'a\ufdd1b<a href="https://a.example/">a</a>',
    (text) => text.replace('\ufdd2', ''),
    `ab<a href="1https://a.example/">a</a>${pixel}`,
  ],
]

for (const [name, source, render, after] of cases) {
  test(name, () => assert.equal(fillMarks(render(markLinks(source)), links), after))
}

test('without links of its own the text is as it was written', () => {
  const source = '<p><a href="https://a.example/">a</a></p></body>'
  assert.equal(fillMarks(markLinks(source), {}), source)
})
