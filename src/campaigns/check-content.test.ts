import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkContent, type WrittenContent } from './check-content.ts'

const empty: WrittenContent = { html: null, text: null, mjml: null, headers: {} }
const properties = ['firstname', 'city']

function found(content: Partial<WrittenContent>, subject = 'News') {
  return checkContent({ subject, content: { ...empty, ...content } }, properties).map(
    ({ code, message, hinders }) => `${hinders ? '!' : '?'} ${code} ${message}`,
  )
}

test('what is known is right in both ways of writing it', () => {
  const html =
    '[[data:FirstName]] {{data:city}} {{mj:contact.data.city}} {% set x = 1 %}{{x}} {{mj:contact.email}} <a href="[[UNSUB_LINK_EN]]">'
  assert.deepEqual(found({ html }, 'For [[data:firstname]]'), [])
})

const unknown: [html: string, message: string][] = [
  [
    '<p>\n{{data:fistname}}',
    '! unknown-property HTML, line 2: data:fistname is used, so that no mail can be made, because contacts have no property fistname: was firstname meant?.',
  ],
  [
    '[[data:fistname]]',
    '? unknown-property HTML, line 1: data:fistname is used, so that everybody gets nothing in its place, because contacts have no property fistname: was firstname meant?.',
  ],
  [
    '{{data:points:0}}',
    '? unknown-property HTML, line 1: data:points is used, so that everybody gets the default, because contacts have no property points: there are firstname, city.',
  ],
  [
    '{% if data:points:0 > 5 %}{{data:points}}{% endif %}',
    '! unknown-property HTML, line 1: data:points is used, so that no mail can be made, because contacts have no property points: there are firstname, city.',
  ],
  [
    '{{firstname}}',
    '! unknown-property HTML, line 1: firstname is used, so that no mail can be made, because nothing is set under that name: a property of the contact is written data:firstname.',
  ],
  [
    '{{var:firstname}}',
    '! unknown-property HTML, line 1: var:firstname is used, so that no mail can be made, because campaigns have no variables: a property of the contact is written data:name.',
  ],
]
for (const [html, message] of unknown) {
  test(`a name that is not known: ${JSON.stringify(html)}`, () => {
    assert.deepEqual(found({ html }), [message.replace('?.', '?')])
  })
}

test('a fault is told in the line of the author, without our marks and our way out', () => {
  const html = '<p>Dear you</p>\n<a href="https://shop.example/?c={% if data:city %}">x</a>'
  assert.deepEqual(found({ html }), [
    '! template-error HTML, line 2: the {% endif %} of this {% if %} is missing. Mend it, or no mail can be made.',
  ])
  assert.deepEqual(
    found({
      html: '<td>{% if data:city %}</td>',
      mjml: '<mjml>\n\n<mj-text>{% if data:city %}</mj-text></mjml>',
    }),
    [
      '! template-error MJML, line 3: the {% endif %} of this {% if %} is missing. Mend it, or no mail can be made.',
    ],
  )
})

test('text that was made of the HTML does not say everything again', () => {
  const parts = { html: '<p>{{data:fistname}} [[firstname]]</p>', text: '{{data:fistname}} [[firstname]]' }
  assert.equal(found({ ...parts, textFromHtml: true }).length, 2)
  assert.equal(found(parts).length, 4)
})

test('what only looks like a placeholder is told, and hinders nothing', () => {
  assert.deepEqual(found({ text: 'a\n[[firstname]]' }), [
    '? doubtful-tag text, line 2: [[firstname]] is no placeholder and goes out as it stands; a property is written [[data:firstname]]; known are [[data:…]], [[UNSUB_LINK_EN]], [[PERMALINK]] and [[EMAIL_TO]].',
  ])
})

test('without the language only [[ ]] is looked at', () => {
  const headers = { 'X-MJ-TemplateLanguage': '0' }
  assert.deepEqual(found({ text: '{{data:fistname}} {% if', headers }), [])
  assert.equal(found({ text: '[[data:fistname]]', headers }).length, 1)
})
