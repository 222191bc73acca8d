import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTemplate, renderTemplate, replacePlaceholders } from './index.ts'

const context = {
  variables: {
    name: 'Zoé',
    empty: '',
    none: null,
    user: { city: 'Kyoto' },
    n: 3,
    code: '[[var:name]]{{var:name}}',
  },
  contactData: { firstname: 'Ana' },
}

test('placeholders are replaced', () => {
  const table: [source: string, expected: string][] = [
    ['Hello [[var:name]]!', 'Hello Zoé!'],
    ['[[var:name]][[data:firstname]]', 'ZoéAna'],
    ['[[var:user.city]] [[var:n]] [[VAR:Name]]', 'Kyoto 3 Zoé'],
    ['[[var:absent]]|[[data:absent]]|[[var:none]]', '||'],
    ['[[data:absent:"there"]] [[data:absent: "there"]] [[data:absent:""]]', 'there there '],
    [
      "[[data:absent:'there']] [[data:absent:there]] [[data:absent:&quot;you &amp; me&quot;]]",
      'there there you &amp; me',
    ],
    ['[[data:absent:1.50]] [[data:absent:true]]', '1.50 true'],
    ['[[var:empty:"default"]]', ''],
    ['[[var:code]]', '[[var:name]]{{var:name}}'],
    [
      '[[UNSUB_LINK_EN]] [[var name]] [[var:]] [[ ]] [[[[',
      '[[UNSUB_LINK_EN]] [[var name]] [[var:]] [[ ]] [[[[',
    ],
    ['[[[var:name]]]', '[Zoé]'],
    ['[[var:name [[var:name]]', '[[var:name Zoé'],
    ['[[var:__proto__]][[var:constructor]][[var:name.length]]', ''],
    ['{{var:name}} {% if %}', '{{var:name}} {% if %}'],
  ]
  for (const [source, expected] of table) assert.equal(replacePlaceholders(source, context), expected, source)
})

test('in a template, placeholders of its own text are replaced and those in values are not', () => {
  const template = parseTemplate('[[var:name]] {{var:code}} {% if true %}[[var:n]]{% endif %}', {
    placeholders: true,
  })
  assert.ok('nodes' in template)
  assert.deepEqual(renderTemplate(template, context), { text: 'Zoé [[var:name]]{{var:name}} 3' })
})
