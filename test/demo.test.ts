/** The demo, with fewer messages: every outcome is there, and nothing was written by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestApp } from './app.ts'
import { walkThrough } from './demo/walk-through.ts'

test('the demo holds messages of every outcome, leads, suppressions and two servers', async (t) => {
  const app = await startTestApp(t, 'sqlite', {
    env: {
      PARAVION_LAB_REPORT_SECONDS: '0',
      PARAVION_LAB_GREYLIST_SECONDS: '1',
      PARAVION_TRACKING_SCANNER_SECONDS: '0',
    },
  })
  const person = { email: 'demo@garden.example', password: 'nine purple snails' }
  await walkThrough({ app, person, messages: 20, say: () => undefined })

  const states = new Set<string>()
  const { body } = await app.admin('GET', '/api/messages?limit=1000')
  for (const { state } of (body as { messages: { state: string }[] }).messages) states.add(state)
  assert.deepEqual([...states].toSorted(), ['blocked', 'deferred', 'delivered', 'dropped', 'failed', 'held'])
  const count = async (path: string, name: string) => {
    const answer = await app.admin('GET', path)
    return (answer.body as Record<string, unknown[]>)[name]?.length
  }
  assert.equal(await count('/api/leads', 'leads'), 3)
  assert.equal(await count('/api/outgoing-servers', 'servers'), 2)
  assert.ok(((await count('/api/suppressions', 'suppressions')) ?? 0) >= 12)
  const [newest] = await app.received('ada+0@inbox.test')
  assert.deepEqual([newest?.dkim, newest?.spf, newest?.dmarc], ['pass', 'pass', 'pass'])
  const { body: shown } = await app.admin('GET', '/api/stats/campaigns')
  const [spring] = (shown as { campaigns: { name: string; opened: number; clicked: number }[] }).campaigns
  assert.equal(spring?.name, 'Spring')
  assert.ok(spring.opened > 0 && spring.clicked > 0, JSON.stringify(spring))
})
