import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTemplate } from '../index.ts'
import { makeText } from './make-text.ts'

for (const [html, expected] of [
  ['<a href="{{var:u:"http://d.test/"}}">Shop</a>', 'Shop [{{var:u:"http://d.test/"}}]'],
  ['<a href="{{var:u}}">{{var:u}}</a>', '{{var:u}}'],
  ['<p>{% if var:x:"" = "<b>" %}a{% endif %}</p>', '{% if var:x:"" = "<b>" %}a{% endif %}'],
  ['<p>{% if var:n:0 &gt; 1 %}many{%endif%}</p>', '{% if var:n:0 > 1 %}many{%endif%}'],
  ['<p>{{ var:x:&quot;a &amp; b&quot; }}</p>', '{{ var:x:"a & b" }}'],
  ['<a href="[[UNSUB_LINK_EN]]">Leave</a>', 'Leave [[[UNSUB_LINK_EN]]]'],
  [
    `<p>${'words '.repeat(12)}[[data:name:"dear reader of ours"]]</p>`,
    `${'words '.repeat(12)}[[data:name:"dear reader of ours"]]`,
  ],
  ['<p>{{ no tag</p><p>[[nor this]]</p>', '{{ no tag\n\n[[nor this]]'],
] as const) {
  test(`text of ${html.slice(0, 60)}`, () => {
    const reply = makeText(html)
    assert(reply.kind === 'text')
    assert.equal(reply.text, expected)
    if (!html.includes('no tag')) assert(!('problem' in parseTemplate(reply.text, { placeholders: true })))
  })
}
