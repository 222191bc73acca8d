import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dependsOnRecipient, parseTemplate, renderTemplate, type TemplateContext } from './index.ts'

function run(source: string, context: Partial<TemplateContext> = {}): string {
  const template = parseTemplate(source)
  if ('problem' in template) return `! ${template.problem}`
  const result = renderTemplate(template, { variables: {}, ...context })
  return 'problem' in result ? `! ${result.problem}` : result.text
}

function cases(
  name: string,
  table: [source: string, variables: Record<string, unknown>, expected: string][],
) {
  test(name, () => {
    for (const [source, variables, expected] of table)
      assert.equal(run(source, { variables }), expected, source)
  })
}

const unknown = (identifier: string, near: string) =>
  `! expression parsing error ## Unknown identifier: ${identifier} ## near ## ${near} ##`

cases('definedness follows the table of the documentation', [
  ['{% if var:t %}YES{% else %}NO{% endif %}', { t: true }, 'YES'],
  ['{% if var:t %}YES{% else %}NO{% endif %}', { t: false }, 'NO'],
  ['{% if var:t %}YES{% else %}NO{% endif %}', {}, unknown('var:t', '{% if var:t')],
  ['{% if var:t:true %}YES{% else %}NO{% endif %}', { t: true }, 'YES'],
  ['{% if var:t:true %}YES{% else %}NO{% endif %}', { t: false }, 'NO'],
  ['{% if var:t:true %}YES{% else %}NO{% endif %}', {}, 'YES'],
  ['{% if var:t:false %}YES{% else %}NO{% endif %}', { t: true }, 'YES'],
  ['{% if var:t:false %}YES{% else %}NO{% endif %}', { t: false }, 'NO'],
  ['{% if var:t:false %}YES{% else %}NO{% endif %}', {}, 'NO'],
  ['{{var:t:"N/A"}}', { t: true }, 'true'],
  ['{{var:t:"N/A"}}', { t: false }, 'false'],
  ['{{var:t:"N/A"}}', {}, 'N/A'],
  ['{{var:t}}', { t: true }, 'true'],
  ['{{var:t}}', { t: false }, 'false'],
  ['{{var:t}}', {}, unknown('var:t', '{{var:t')],
])

cases('the examples of the reference', [
  ['{{Round(var:n * var:p, 1)}}', { n: 2, p: 9.5 }, '19'],
  ['{% for v in var:x %}{{v}},{% endfor %}', { x: { a: 1, b: true, c: 'k' } }, '1,true,k,'],
  [
    '{% for r in var:rows %}{{r.t}}:{% for i in r.l %}{{i}}{% endfor %};{% endfor %}',
    {
      rows: [
        { t: 'A', l: ['1', '2'] },
        { t: 'B', l: ['3'] },
      ],
    },
    'A:12;B:3;',
  ],
  ['{% set q-r = 4 %}{% if q-r >= 4 %}ok{% endif %}', {}, 'ok'],
  ['{% if (var:id mod 3) = 1 %}y{% else %}n{% endif %}', { id: 7 }, 'y'],
])

cases('names, paths and defaults', [
  ['{{var:user.address.city:"-"}}', { user: {} }, '-'],
  ['{{var:user.address.city:"-"}}', { user: { address: { city: 'Kyoto' } } }, 'Kyoto'],
  ['{{var:user.name.first:"-"}}', { user: { name: 'text' } }, '-'],
  ['{{var:list.1}}', { list: ['a', 'b'] }, 'b'],
  ['{{var:list.length:"-"}}{{var:text.length:"-"}}', { list: [], text: 'abc' }, '--'],
  ['{{var:day}}', { Day: 'Monday' }, 'Monday'],
  ['{{var:day}}', { Day: 'no', day: 'exact' }, 'exact'],
  ['{{var:x:""}}|{{ var:x: "" }}|{{var:x:}}', {}, '||'],
  ['{{var:x:12.50}} {{var:x:-3}} {{var:x:true}} {{var:x:plain-word}}', {}, '12.5 -3 true plain-word'],
  ["{{var:x:'it\\'s \\\\ \\n'}}", {}, "it's \\ \\n"],
  ['{{var:x:"}} %} {{"}}', {}, '}} %} {{'],
  ['{{var:x:"default"}}', { x: '' }, ''],
  ['{{var:x:"default"}}', { x: null }, 'default'],
  ['{{var:prénom}}', { prénom: 'Zoé' }, 'Zoé'],
  ['{{var:yo-yo}}', { 'yo-yo': 1 }, '1'],
  ['{%set a = 5%}{%set b = 2%}{{a - b}}{{ a -b }}', {}, '33'],
  ['{{nothing:"d"}}', {}, 'd'],
  ['{{nothing}}', {}, unknown('nothing', '{{nothing')],
  ['{{var:a.b}}', { a: {} }, unknown('var:a.b', '{{var:a.b')],
])

cases('prototypes are out of reach', [
  [
    '{{var:__proto__.x:"-"}}{{var:constructor:"-"}}{{var:toString:"-"}}{{var:hasOwnProperty:"-"}}',
    {},
    '----',
  ],
  ['{{var:constructor}}', {}, unknown('var:constructor', '{{var:constructor')],
  ['{{constructor:"-"}}{{data:constructor:"-"}}{{mj:constructor:"-"}}', {}, '---'],
  ['{{var:__proto__}}', JSON.parse('{"__proto__":"own"}'), 'own'],
  ['{{constructor("x")}}', {}, unknown('constructor', '{{constructor(')],
  ['{{var:a.constructor:"-"}}{{var:l.constructor:"-"}}{{var:l.map:"-"}}', { a: 'x', l: [1] }, '---'],
])

cases('white space and entities inside delimiters', [
  ['{%if var:x%}a{%else%}b{%endif%}', { x: true }, 'a'],
  ['{%\n if\tvar:x\r\n%}a{% endif %}', { x: true }, 'a'],
  ['{{var:x:&quot;d&quot;}}', {}, 'd'],
  ['{{var:x:&quot;a &amp;amp; b&quot;}}', {}, 'a &amp; b'],
  ['{% if var:n &gt; 3 %}big{% endif %}{% if var:n&lt;3 %}small{% endif %}', { n: 5 }, 'big'],
  ['{% if&nbsp;var:n &gt;= 5 %}five{% endif %}', { n: 5 }, 'five'],
  ['{{ var:x:&#39;d&#39; }}', {}, 'd'],
])

cases('arithmetic', [
  ['{{1 + 2 * 3}} {{(1 + 2) * 3}} {{10 - 2 - 3}} {{-2 * -3}}', {}, '7 9 5 6'],
  ['{{7 / 2}} {{7 div 2}} {{7 mod 2}} {{-7 div 2}} {{7 DIV 2}}', {}, '3.5 3 1 -3 3'],
  [
    '{{0.1 + 0.2}} {{2.0}} {{var:big}} {{var:tiny}}',
    { big: 1e21, tiny: 1e-7 },
    '0.30000000000000004 2 1000000000000000000000 0.0000001',
  ],
  ['{{"1" + "2"}} {{"a" + 1}} {{1 + "a"}} {{"" + true}}', {}, '3 a1 1a true'],
  ['{{1 / 0}}', {}, '! expression parsing error ## Division by zero ## near ## {{1 / 0 ##'],
  ['{{1 mod 0}}', {}, '! expression parsing error ## Division by zero ## near ## {{1 mod 0 ##'],
  ['{{"a" * 2}}', {}, '! expression parsing error ## Not a number ## near ## {{"a" * 2 ##'],
  ['{{true + 1}}', {}, '! expression parsing error ## Not a number ## near ## {{true + 1 ##'],
  [
    '{{var:n * var:n}}',
    { n: 1e200 },
    '! expression parsing error ## Number out of range ## near ## {{var:n * var:n ##',
  ],
])

cases('comparison and logic', [
  ['{{1 = 1}}{{1 == 1}}{{1 === 1}}{{1 != 2}}{{1 <> 2}}', {}, 'truetruetruetruetrue'],
  [
    '{{var:level == 2}} {{"10" > "9"}} {{"0" >= "1"}} {{"b" > "a"}} {{"Z" < "a"}}',
    { level: '2' },
    'true true false true true',
  ],
  ['{{"" = 0}} {{var:t = "true"}} {{var:t = true}} {{true = 1}}', { t: true }, 'false true true false'],
  [
    '{{true or false and false}} {{true xor true}} {{true XOR false}} {{not true or true}}',
    {},
    'true false true true',
  ],
  ['{{not 1 = 2}} {{not(var:x)}} {{!var:x}} {{not not var:x}}', { x: 0 }, 'true true true false'],
  ['{{false and var:absent}} {{true or var:absent}}', {}, 'false true'],
  ['{{true and var:absent}}', {}, unknown('var:absent', '{{true and var:absent')],
  ['{{var:l < 1}}', { l: [] }, '! expression parsing error ## Access violation ## near ## {{var:l < 1 ##'],
  [
    '{% for v in var:all %}{% if v %}T{% else %}F{% endif %}{% endfor %}',
    { all: [false, 0, '', [], true, 1, 'false', '0', [0], {}] },
    'FFFFTTTTTT',
  ],
])

cases('functions', [
  ['{{Upper("aé")}} {{LOWER("AÉ")}} {{capitalize("éa bC")}} {{Capitalize("")}}', {}, 'AÉ aé Éa bC '],
  ['{{Round(1.005, 2)}} {{Round(2.5)}} {{Round(-2.5)}} {{Round((1 + 2) / 7 * 3, 3)}}', {}, '1.01 3 -3 1.286'],
  [
    '{{Round(var:n, 2)}} {{Round("3.14159", 2)}} {{Int(3.9)}} {{Int(-3.9)}}',
    { n: 1e21 },
    '1000000000000000000000 3.14 3 -3',
  ],
  ['{{Round(123456789012345, 15)}}', {}, '123456789012345'],
  ['{{UrlEncode("a b&c/é\'")}}', {}, 'a%20b%26c%2F%C3%A9%27'],
  ['{{UrlEncode(var:x)}}', { x: '\ud800' }, '%EF%BF%BD'],
  [
    '{{Escape(var:x)}} {{var:x}}',
    { x: '<b title="\'">&' },
    '&lt;b title=&quot;&#39;&quot;&gt;&amp; <b title="\'">&',
  ],
  [
    '{{FormatNumberLocale(1234.5, "en_US", 2)}} {{FormatNumberLocale(1234.5, "de_DE")}}',
    {},
    '1,234.50 1.234,5',
  ],
  [
    '{{FormatNumberLocale(1, "?!")}}',
    {},
    '! expression parsing error ## Unknown locale ## near ## {{FormatNumberLocale(1, "?!") ##',
  ],
  [
    '{{Round(1, 99)}}',
    {},
    '! expression parsing error ## Precision must be 0 to 15 ## near ## {{Round(1, 99) ##',
  ],
  [
    '{{Upper()}}',
    {},
    '! expression parsing error ## Wrong number of arguments: Upper ## near ## {{Upper()}} ##',
  ],
  [
    '{{Explode(1)}}',
    {},
    '! expression parsing error ## Unknown identifier: Explode ## near ## {{Explode( ##',
  ],
])

cases('statements', [
  ['{% if 1 > 2 %}a{% elseif 2 > 1 %}b{% elseif true %}c{% else %}d{% endif %}', {}, 'b'],
  ['{% IF true %}{% if false %}x{% else %}y{% endif %}{% ENDIF %}', {}, 'y'],
  ['{% if true %}a{% else %}{{var:absent}}{% endif %}', {}, 'a'],
  [
    '{% set a = "x" %}{% for i in var:l %}{% set a = a + i %}{{a}},{% endfor %}{{a}}',
    { l: ['1', 'y'] },
    'x1,x1y,x1y',
  ],
  ['{% set i = "out" %}{% for i in var:l %}{{i}}{% endfor %}{{i}}', { l: [1, 2] }, '12out'],
  ['{% for i in var:l %}{% endfor %}{{i}}', { l: [1] }, unknown('i', '{{i')],
  ['[{% for i in var:l %}x{% endfor %}]', { l: [] }, '[]'],
  ['{% set l = var:l %}{% for i in l %}{{i}}{% endfor %}', { l: [1, 2] }, '12'],
  [
    '{% for a in var:l %}{% for b in var:m %}{{a}}{{b}} {% endfor %}{% endfor %}',
    { l: [1, 2], m: { x: 'x', y: 'y' } },
    '1x 1y 2x 2y ',
  ],
  ['{% for i in var:l %}{{i}}{% endfor %}', { l: [null] }, unknown('i', '{{i')],
  ['a\n{% set x = 1 %}\nb', {}, 'a\n\nb'],
  ['{{var:o}} {{var:l}}', { o: { a: [1, 'x'] }, l: [1] }, '{"a":[1,"x"]} [1]'],
])

cases('faults have the texts of the reference', [
  ['Hi {{var:day}}', {}, unknown('var:day', '{{var:day')],
  ['{% for i in var:day %}{% endfor %}', { day: 'x' }, '! "var:day" is not an array value'],
  ['{% for i in var:day:"" %}{% endfor %}', {}, '! "var:day" is not an array value'],
  ['{% for i in var:day %}{% endfor %}', {}, unknown('var:day', '{% for i in var:day')],
  ['a {% if true %}b', {}, '! not valid template ## near ## {% if true %}b ##'],
  ['a {% for x in var:x %}b', {}, '! not valid template ## near ## {% for x in var:x %}b ##'],
  ['a {% endif %} b', {}, '! not valid template ## near ## {% endif %} b ##'],
  ['{% if true %}{% endfor %}', {}, '! not valid template ## near ## {% endfor %} ##'],
  [
    '{% if true %}{% else %}{% else %}{% endif %}',
    {},
    '! not valid template ## near ## {% else %}{% endif %} ##',
  ],
  [
    '{% for x in var:x %}{% else %}{% endfor %}',
    {},
    '! not valid template ## near ## {% else %}{% endfor %} ##',
  ],
  ['{{var:x', {}, '! not valid template ## near ## {{var:x ##'],
  ['{{var:x:"abc}} and more', {}, '! not valid template ## near ## {{var:x:"abc}} and more ##'],
  ['{% while true %}', {}, '! not valid template ## near ## {% while true %} ##'],
  ['{{}}', {}, '! expression parsing error ## Syntax error ## near ## {{}} ##'],
  ['{{var:x %}', { x: 1 }, '! expression parsing error ## Syntax error ## near ## {{var:x %} ##'],
  ['{{1 +}}', {}, '! expression parsing error ## Syntax error ## near ## {{1 +}} ##'],
  ['{{{var:x}}}', { x: 1 }, '! expression parsing error ## Syntax error ## near ## {{{ ##'],
  [
    '{% if false %}{{1 +}}{% endif %}',
    {},
    '! expression parsing error ## Syntax error ## near ## {{1 +}} ##',
  ],
])

cases('values are not evaluated again', [
  ['{{var:x}}', { x: '{{var:y}}{% if %}\n"<' }, '{{var:y}}{% if %}\n"<'],
  ['{% set a = var:x %}{{a}}{{var:z:"{{var:y}}"}}', { x: '{{var:y}}' }, '{{var:y}}{{var:y}}'],
])

test('single braces and percent signs are text', () => {
  assert.equal(run('a { b } 100% }} %} {a} {'), 'a { b } 100% }} %} {a} {')
})

test('the recipient, the sender and the template have names', () => {
  const context: Partial<TemplateContext> = {
    contactData: { firstname: 'Zoé' },
    contact: { id: 7, email: 'z@shop.example', localPart: 'z', domain: 'shop.example', name: '' },
    sender: { email: 'hello@shop.example', localPart: 'hello', domain: 'shop.example', name: 'Shop' },
    template: { id: 12, name: 'Welcome' },
    predefined: (name) => (name === 'unsub_link_fr' ? 'https://shop.example/u' : undefined),
  }
  const table: [string, string][] = [
    ['{{data:firstname}} {{data:age:"?"}} {{mj:contact.data.firstname}}', 'Zoé ? Zoé'],
    [
      '{{mj:contact.ID}} {{mj:contact.email}} {{mj:contact.local_part}} {{mj:contact.domain}} [{{mj:contact.name}}]',
      '7 z@shop.example z shop.example []',
    ],
    [
      '{{mj:sender.name}} {{mj:sender.ID:"-"}} {{mj:template.ID}} {{mj:template.copyright:"-"}}',
      'Shop - 12 -',
    ],
    ['{{mj:unsub_link_fr}}', 'https://shop.example/u'],
    ['{{mj:permalink}}', unknown('mj:permalink', '{{mj:permalink')],
    ['{{mj:contact.constructor:"-"}}', '-'],
  ]
  for (const [source, expected] of table) assert.equal(run(source, context), expected, source)
})

test('segments and activity are asked of the context', () => {
  const context: Partial<TemplateContext> = {
    inSegment: (name) => (name === 'vip' ? true : name === '812' ? false : undefined),
    hasOpenedSince: (days) => days >= 30,
    hasClickedSince: () => false,
  }
  assert.equal(run('{% if segment:vip %}y{% endif %}{{segment:812}}', context), 'yfalse')
  assert.equal(run('{{segment:none}}', context), unknown('segment:none', '{{segment:none'))
  assert.equal(
    run('{% if !HasOpenedSince(30) %}a{% else %}b{% endif %}{{HasClickedSince("7")}}', context),
    'bfalse',
  )
})

test('what a message has no answer for is a fault', () => {
  assert.equal(
    run('{{segment:vip}}'),
    '! expression parsing error ## segment: is not available for this message ## near ## {{segment:vip ##',
  )
  assert.equal(
    run('{{HasOpenedSince(3)}}'),
    '! expression parsing error ## HasOpenedSince is not available for this message ## near ## {{HasOpenedSince(3) ##',
  )
})

test('a template knows whether it differs from recipient to recipient', () => {
  const table: [string, boolean][] = [
    ['plain', false],
    ['{{var:x}}{% set a = 1 %}{{a}}{{Upper("x")}}{{mj:sender.name}}{{mj:template.ID}}', false],
    ['{{data:x:""}}', true],
    ['{% if false %}{{mj:contact.email}}{% endif %}', true],
    ['{{mj:unsub_link}}', true],
    ['{% if segment:vip %}{% endif %}', true],
    ['{{not HasClickedSince(3)}}', true],
    ['[[data:x]]', true],
    ['[[var:x]]', false],
  ]
  for (const [source, expected] of table) {
    const template = parseTemplate(source, { placeholders: true })
    assert.ok('nodes' in template, source)
    assert.equal(dependsOnRecipient(template), expected, source)
  }
})
