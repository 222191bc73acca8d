import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTemplate, renderTemplate, replacePlaceholders } from './index.ts'

const million = 1_000_000

function run(source: string, variables: Record<string, unknown> = {}): string {
  const template = parseTemplate(source, { placeholders: true })
  if ('problem' in template) return `! ${template.problem}`
  const result = renderTemplate(template, { variables })
  return 'problem' in result ? `! ${result.problem}` : result.text
}

function near(source: string, length = 80): string {
  return `near ## ${source.slice(0, length)} ##`
}

test('hostile templates get an answer, and soon', () => {
  const table: [name: string, source: string, expected: string][] = [
    [
      'parentheses',
      `{{${'('.repeat(million)}`,
      `! expression parsing error ## Nested too deeply ## ${near(`{{${'('.repeat(100)}`)}`,
    ],
    [
      'not',
      `{{${'not '.repeat(million)}1}}`,
      `! expression parsing error ## Nested too deeply ## ${near(`{{${'not '.repeat(100)}`)}`,
    ],
    [
      'exclamation marks',
      `{{${'!'.repeat(million)}1}}`,
      `! expression parsing error ## Nested too deeply ## ${near(`{{${'!'.repeat(100)}`)}`,
    ],
    [
      'minus',
      `{{${'-'.repeat(million)}1}}`,
      `! expression parsing error ## Nested too deeply ## ${near(`{{${'-'.repeat(100)}`)}`,
    ],
    [
      'calls',
      `{{${'Upper('.repeat(million)}`,
      `! expression parsing error ## Nested too deeply ## ${near(`{{${'Upper('.repeat(100)}`)}`,
    ],
    [
      'blocks',
      '{% if true %}'.repeat(million),
      '! expression parsing error ## Nested too deeply ## near ## {% if true ##',
    ],
    ['open braces', '{'.repeat(million), '! expression parsing error ## Syntax error ## near ## {{{ ##'],
    ['delimiters', '{{'.repeat(million), '! expression parsing error ## Syntax error ## near ## {{{ ##'],
    ['open string', `{{"${'x'.repeat(million)}`, `! not valid template ## ${near(`{{"${'x'.repeat(100)}`)}`],
    [
      'long name',
      `{{var:${'x'.repeat(million)}}}`,
      `! expression parsing error ## Syntax error ## ${near(`{{var:${'x'.repeat(100)}`)}`,
    ],
    [
      'long path',
      `{{var:${'x.'.repeat(million)}x}}`,
      `! expression parsing error ## Syntax error ## ${near(`{{var:${'x.'.repeat(100)}`)}`,
    ],
    ['spaces', `{{${' '.repeat(million)}`, `! not valid template ## ${near(`{{${' '.repeat(100)}`)}`],
    [
      'ampersands',
      `{{${'&'.repeat(million)}}}`,
      '! expression parsing error ## Syntax error ## near ## {{& ##',
    ],
    [
      'too many words',
      `{{1${'+1'.repeat(million)}}}`,
      `! expression parsing error ## The template is too long ## ${near(`{{1${'+1'.repeat(100)}`)}`,
    ],
    ['single braces', '{ '.repeat(million), '{ '.repeat(million)],
    ['brackets', '['.repeat(million), '['.repeat(million)],
    ['open placeholders', '[[var:a:"'.repeat(100_000), '[[var:a:"'.repeat(100_000)],
    ['placeholder names', `[[var:${'a'.repeat(million)}`, `[[var:${'a'.repeat(million)}`],
  ]
  for (const [name, source, expected] of table) {
    assert.equal(run(source), expected, name)
  }
})

test('long chains are evaluated without a deep stack', () => {
  assert.equal(run(`{{1${'+1'.repeat(90_000)}}}`), '90001')
  assert.equal(run(`{{true${' and true'.repeat(90_000)}}}`), 'true')
})

test('loops end when their steps are used up', () => {
  const rows = Array.from({ length: 2_000 }, (_, index) => index)
  assert.equal(
    run('{% for a in var:rows %}{% for b in var:rows %}{{a + b}}{% endfor %}{% endfor %}', { rows }),
    '! expression parsing error ## More than 1000000 steps ## near ## {{a + b ##',
  )
})

test('text that doubles is stopped by its length', () => {
  assert.equal(
    run(`{% set a = "xxxxxxxxxx" %}${'{% set a = a + a %}'.repeat(60)}{{a}}`),
    '! expression parsing error ## More than 10000000 characters ## near ## {% set a = a + a ##',
  )
})

test('the result has a longest length', () => {
  const big = 'x'.repeat(6_000_000)
  assert.equal(run('{{var:big}}', { big }).length, 6_000_000)
  assert.equal(
    run('{{var:big}}{{var:big}}', { big }),
    '! expression parsing error ## More than 10000000 characters ## near ## {{var:big ##',
  )
  assert.equal(
    run('{{Escape(var:big)}}', { big: '"'.repeat(3_000_000) }),
    '! expression parsing error ## More than 10000000 characters ## near ## {{Escape(var:big) ##',
  )
})

test('work on long texts counts by their length', () => {
  const big = 'x'.repeat(5_000_000)
  const result = run(`${'{% set a = Upper(var:big) %}'.repeat(1_000)}`, { big })
  assert.equal(
    result,
    '! expression parsing error ## More than 1000000 steps ## near ## {% set a = Upper(var:big) ##',
  )
})

test('variables nested without end are a fault where they are printed', () => {
  let deep: unknown = 1
  for (let depth = 0; depth < 200_000; depth++) deep = [deep]
  assert.equal(
    run('{{var:deep}}', { deep }),
    '! expression parsing error ## Access violation ## near ## {{var:deep ##',
  )
  assert.equal(replacePlaceholders('<[[var:deep]]>', { variables: { deep } }), '<>')
})

test('names in other letters stay fast to find', () => {
  const variables = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`Name${index}`, index]))
  assert.equal(replacePlaceholders('[[var:absent]]'.repeat(50_000), { variables }), '')
  assert.equal(run('{{var:name49999}}', variables), '49999')
})

test('any text at all is answered with a text or a fault', () => {
  const words = fc.constantFrom(
    ...[
      '{{',
      '}}',
      '{%',
      '%}',
      'if',
      'else',
      'elseif',
      'endif',
      'for',
      'in',
      'endfor',
      'set',
      ' ',
      'var:',
      'data:',
    ],
    ...[
      'mj:',
      'segment:',
      'a',
      'b.c',
      '=',
      '==',
      '+',
      '-',
      '*',
      '/',
      'div',
      'mod',
      'and',
      'not',
      '(',
      ')',
      ',',
      ':',
    ],
    ...[
      '"',
      "'",
      '\\',
      '&quot;',
      '&gt;',
      '1',
      '2.5',
      'true',
      'Round(',
      '[[',
      ']]',
      '[[var:a]]',
      '__proto__',
      '\n',
    ],
  )
  const sources = fc.oneof(
    fc.array(words, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(
      sources,
      fc.dictionary(fc.constantFrom('a', 'b', 'B', 'c'), fc.jsonValue()),
      (source, variables) => {
        assert.equal(typeof run(source, variables), 'string')
        assert.equal(typeof replacePlaceholders(source, { variables }), 'string')
      },
    ),
    { numRuns: 3_000 },
  )
})

test('text without delimiters comes out as it went in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(!/\{[{%]|\[\[/.test(text))
      assert.equal(run(text), text)
    }),
  )
})
