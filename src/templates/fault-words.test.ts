/** Faults in our own words: what is wrong, where, and what would be right. Mailjet's words are in language.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOfFault, parseTemplate, renderTemplate } from './index.ts'

const cases: [source: string, line: number, words: string][] = [
  ['a\n{% if data:city = "Lyon" %}b\nc', 2, 'the {% endif %} of this {% if %} is missing'],
  ['{% for x in var:rows %}\n', 1, 'the {% endfor %} of this {% for %} is missing'],
  ['a\n\n{% endif %}', 3, '{% endif %} has no {% if %} before it'],
  [
    '{% if true %}\n{% for x in var:rows %}\n{% endif %}',
    3,
    '{% endif %} stands inside the {% for %} of line 2, whose {% endfor %} is missing',
  ],
  ['{% if true %}{% else %}{% else %}', 1, 'this {% if %} has an {% else %} already'],
  ['{% if true %}{% else %}\n{% elseif 1 %}', 2, '{% elseif %} stands after {% else %}: put it before'],
  ['{% iff true %}', 1, '{% %} begins with one of if, elseif, else, endif, for, endfor and set'],
  ['{% for x of var:rows %}', 1, 'a loop is written {% for item in var:items %}: "in" is missing'],
  ['{% set x 5 %}', 1, 'a variable is written {% set name = "value" %}: "=" is missing'],
  ['Dear\n{{data:first', 2, '{{ is not closed: }} is missing'],
  ['{% if data:city', 1, '{% is not closed: %} is missing'],
  ['{{data:first:"friend}}', 1, 'a quotation mark is not closed'],
  ['{{ }}', 1, 'something is missing before }}'],
  ['{{data:first %}', 1, '{{ is closed by }}, not by %}'],
  ['{{data:first}', 1, '} is not expected there'],
  ['{{data:first:-x}}', 1, 'a number is missing after the minus'],
  ['{{shout(data:first)}}', 1, 'there is no function shout'],
  ['\n{{data:fistname}}', 2, 'data:fistname has no value and no default: write {{data:fistname:"…"}}'],
  ['{% for x in 5 %}{% endfor %}', 1, '5 is no list of values: a loop cannot go through it'],
]

for (const [source, line, words] of cases) {
  test(`${JSON.stringify(source)}: ${words}`, () => {
    const parsed = parseTemplate(source)
    const result = 'problem' in parsed ? parsed : renderTemplate(parsed, { variables: {} })
    assert.ok('problem' in result, 'no fault')
    const { fault } = result
    assert.deepEqual([lineOfFault(fault.start, { source, writtenAs: null }), fault.words], [line, words])
  })
}

test('the line of what was compiled is that of what was written', () => {
  const source = '<table><td>{% if true %}</td></table>'
  const start = source.indexOf('{%')
  assert.equal(lineOfFault(start, { source, writtenAs: '<mjml>\n\n<mj-text>{% if true %}</mj-text>' }), 3)
  assert.equal(lineOfFault(start, { source, writtenAs: '<mjml>\n' }), undefined)
})
