import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decideRoute } from './decide-route.ts'
import { readSender } from './sender-text.ts'
import { readWhatIf, showDecision } from './what-if.ts'

type Case = {
  name: string
  expected: { server: number | null; smtp_from?: string; from_header?: string; error?: string }
}

const cases = JSON.parse(
  readFileSync(new URL('./from-filter-cases.json', import.meta.url), 'utf8'),
) as (Case & { params: Record<string, string> })[]

for (const { expected, ...one } of cases) {
  test(one.name, () => {
    const decision = decideRoute(readWhatIf(one))
    const shown = showDecision(decision)

    assert.equal(decision.server?.id ?? null, expected.server)
    assert.ok(shown.because.length > 0 && shown.because.every((reason) => reason.length > 0))
    if ('error' in shown) {
      assert.equal(shown.error, expected.error)
      return
    }
    assert.equal(shown.server, expected.server)
    assert.equal(shown.smtp_from, expected.smtp_from)
    assert.deepEqual(readSender(shown.from_header), readSender(expected.from_header ?? ''))
  })
}

test('the case file is the whole of it', () => assert.equal(cases.length, 58))

test('each step that was looked at is told, in order', () => {
  const { because } = decideRoute({
    servers: [
      { id: 2, name: 'Shop', priority: 5, fromFilter: 'shop.example', isActive: true },
      { id: 1, name: 'Old', priority: 1, fromFilter: null, isActive: false },
    ],
    parameters: {
      'mail.default.from': 'notifications@shop.example',
      'mail.bounce.alias': 'bounce',
      'mail.catchall.domain': 'shop.example',
    },
    from: 'Zoe <zoe@customer.example>',
  })
  assert.deepEqual(because, [
    'no From filter names the address zoe@customer.example',
    'no From filter names the domain customer.example',
    'next is looked for a server for the default From, notifications@shop.example',
    'no From filter names the address notifications@shop.example',
    'the From filter of "Shop" (priority 5) names the domain shop.example',
    'the From becomes "Zoe" <notifications@shop.example>, because zoe@customer.example is a foreign sender here',
    'the envelope sender is bounce@shop.example, which may be used there',
  ])
})

test('a demanded server that its own filter speaks against sends all the same, with a warning', () => {
  const decision = decideRoute({
    servers: [{ id: 7, name: 'Mass', priority: 10, fromFilter: 'news.example', isActive: true }],
    parameters: {},
    from: 'ann@shop.example',
    forcedServerId: 7,
  })
  assert.equal(decision.server?.id, 7)
  assert.equal('fromHeader' in decision && decision.fromHeader, 'ann@shop.example')
  assert.match(decision.because.join('\n'), /^warning: its From filter \(news\.example\) does not cover/m)
})

test('a demanded server that does not exist is an error', () => {
  const decision = decideRoute({ servers: [], parameters: {}, from: 'ann@shop.example', forcedServerId: 7 })
  assert.equal('error' in decision && decision.error, 'server_unknown')
})
