import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { htmlToText } from './html-to-text.ts'
import { compileMjml, maxMjmlCharacters } from './mjml.ts'
import { createContentRunner, usualContentLimits } from './run-in-process.ts'

const runner = createContentRunner({ ...usualContentLimits, taskMs: 60_000 })
after(() => runner.stop())

const me = { owner: 'me' }
const compile = (source: string) => compileMjml(source, me, runner)
const page = (body: string) => `<mjml>
<mj-body>
<mj-section><mj-column>
${body}
</mj-column></mj-section>
</mj-body>
</mjml>`

describe('compiling MJML', () => {
  test('makes HTML of tables, without problems', async () => {
    const { html, problems } = await compile(page('<mj-text>Hello</mj-text>'))
    assert.deepEqual(problems, [])
    assert.match(html, /<!doctype html>.*<table.*>Hello</s)
  })

  test('template code comes through byte for byte, in texts, attributes and between rows', async () => {
    const inText = 'Hi {{var:name:"x & y"}} {% if var:a > 3 and var:b < 2 %}é{% endif %} [[data:first:"you"]]'
    const { html, problems } = await compile(
      page(
        `<mj-text>${inText} <a href="[[UNSUB_LINK_EN]]">leave</a></mj-text>
         <mj-raw>{% for item in var:items %}</mj-raw>
         <mj-button href='{{var:link:"https://shop.example/?a=1&b=2"}}' width="{{var:width}}">Go</mj-button>
         <mj-raw>{% endfor %}</mj-raw>`,
      ),
    )
    assert.deepEqual(problems, [])
    for (const kept of [
      inText,
      'href="[[UNSUB_LINK_EN]]"',
      '{% for item in var:items %}',
      'href="{{var:link:"https://shop.example/?a=1&b=2"}}"',
      '{% endfor %}',
    ]) {
      assert.ok(html.includes(kept), kept)
    }
  })

  test('styles put into elements leave template code as it is', async () => {
    const { html } =
      await compile(`<mjml><mj-head><mj-style inline="inline">.a{color:#123456}</mj-style></mj-head>
      <mj-body><mj-section><mj-column><mj-text><b class="a">{{var:a:"x & y"}} {% if var:b > 1 %}</b></mj-text>
      </mj-column></mj-section></mj-body></mjml>`)
    assert.match(html, /style="color: ?#123456;?">\{\{var:a:"x & y"\}\} \{% if var:b > 1 %\}</)
  })

  for (const { what, source, problem } of [
    { what: 'an unknown element', source: page('<mj-texd>Hi</mj-texd>'), problem: /^line 4: mj-texd: / },
    {
      what: 'an attribute that the element has not',
      source: page('<mj-text colour="red">Hi</mj-text>'),
      problem: /^line 4: mj-text: .*colour/,
    },
    {
      what: 'an element that is not closed',
      source: page('<mj-text>Hi</mj-text>\n<mj-button href="https://shop.example">Go'),
      problem: /^line 5: mj-button: is not closed; <\/mj-button> is missing$/,
    },
    { what: 'no MJML', source: 'Hello', problem: /^line 1: / },
    { what: 'nothing', source: '', problem: /^line 1: / },
    {
      what: 'too deep a nesting',
      source: `<mjml><mj-body>${'<mj-wrapper>'.repeat(20_000)}${'</mj-wrapper>'.repeat(20_000)}</mj-body></mjml>`,
      problem: /nested too deeply/,
    },
    { what: 'too long a source', source: 'x'.repeat(maxMjmlCharacters + 1), problem: /at most 1000000 / },
  ]) {
    test(`${what} is a problem that says where`, async () => {
      const { problems } = await compile(source)
      assert.match(problems[0] ?? '', problem)
    })
  }

  for (const path of [
    '/etc/passwd',
    '../../../../../../../etc/passwd',
    '%2Fetc%2Fpasswd',
    './package.json',
  ]) {
    for (const type of ['mjml', 'html', 'css']) {
      test(`${path} as ${type} is not included`, async () => {
        const { html, problems } = await compile(
          page(`<mj-text>Hi</mj-text>\n<mj-include path="${path}" type="${type}" />`),
        )
        assert.deepEqual(problems, [
          'line 5: mj-include: other files cannot be included; put their content here instead',
        ])
        assert.doesNotMatch(html, /root:|"dependencies"/)
      })
    }
  }

  test('an include that is written as a comment is none', async () => {
    const { problems } = await compile(page('<!-- <mj-include path="a.mjml" /> --><mj-text>Hi</mj-text>'))
    assert.deepEqual(problems, [])
  })
})

describe('the process', () => {
  test('one that takes too long is ended, and the next task has a new one', async () => {
    const impatient = createContentRunner({ ...usualContentLimits, taskMs: 1 })
    const { html, problems } = await compileMjml(
      page('<mj-text>Hi</mj-text>\n'.repeat(20_000)),
      me,
      impatient,
    )
    assert.deepEqual(
      { html, problems },
      { html: '', problems: ['the MJML could not be compiled: it took longer than 0.001 seconds'] },
    )
    assert.equal(impatient.isRunning(), false)
    const patient = await compile(page('<mj-text>Hi</mj-text>'))
    assert.deepEqual(patient.problems, [])
  })

  test('ends when it is idle, and starts again when it is needed', async () => {
    const short = createContentRunner({ ...usualContentLimits, taskMs: 60_000, idleMs: 0 })
    await compileMjml(page('<mj-text>Hi</mj-text>'), me, short)
    while (short.isRunning()) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual((await compileMjml(page('<mj-text>Hi</mj-text>'), me, short)).problems, [])
    await short.stop()
  })

  test('tasks that come together are all answered, each with its own', async () => {
    const answers = await Promise.all(
      ['One', 'Two', 'Three'].map((word) => compile(page(`<mj-text>${word}</mj-text>`))),
    )
    answers.forEach(({ html }, index) => {
      assert.ok(html.includes(`>${['One', 'Two', 'Three'][index]}<`))
    })
  })
})

describe('text from HTML', () => {
  test('keeps the words, the links and the template code', async () => {
    const text = await htmlToText(
      '<style>p{color:red}</style><h1>Your order</h1><p>Hello {{var:name:"you"}} &amp; co, <a href="https://shop.example/o">see it</a>.</p><img src="x.png" alt="logo">',
      me,
      runner,
    )
    assert.equal(text, 'Your order\n\nHello {{var:name:"you"}} & co, see it [https://shop.example/o].')
  })

  test('of what MJML made has its paragraphs one after the other', async () => {
    const { html } = await compile(page('<mj-text>One</mj-text><mj-text>Two</mj-text>'))
    assert.match((await htmlToText(html, me, runner)) ?? '', /^One\s+Two$/)
  })
})
