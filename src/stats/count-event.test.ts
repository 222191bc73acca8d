import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventKind } from '../storage/schema.ts'
import { countEvent, type Mark, noMark } from './count-event.ts'
import { addTo, type Delta, metricNames, noMetrics, queuedOf, sliceOf } from './metrics.ts'

type Step = [kind: EventKind, eventClass?: string, at?: number]

/** What the counts of a message and of its events come to. */
function run(steps: readonly Step[]): { message: Delta; event: Delta; queued: number } {
  let mark: Mark = noMark
  const message = noMetrics()
  const event = noMetrics()
  for (const [kind, eventClass, at = 0] of [['accepted'] as Step, ...steps]) {
    const counted = countEvent(
      { kind, at: at * 1000, class: eventClass ?? null, acceptedAt: 0, recipients: 1 },
      mark,
    )
    addTo(message, counted.message)
    addTo(event, counted.event)
    mark = counted.mark ?? mark
  }
  const some = (all: Delta) =>
    Object.fromEntries(metricNames.filter((name) => all[name] !== 0).map((name) => [name, all[name]]))
  return { message: some(message), event: some(event), queued: queuedOf(message) }
}

const cases: [name: string, Step[], message: Delta, event: Delta, queued?: number][] = [
  ['waits', [], {}, {}, 1],
  ['held and released', [['held'], ['released']], {}, {}, 1],
  ['is sent', [['delivered']], { sent: 1 }, { sent: 1 }],
  [
    'is put off',
    [
      ['deferred', 'greylisted'],
      ['deferred', 'greylisted'],
    ],
    { deferred: 1 },
    { deferred: 1 },
  ],
  [
    'is put off, then sent',
    [['deferred', 'greylisted'], ['delivered']],
    { sent: 1 },
    { deferred: 1, sent: 1 },
  ],
  ['bounces for good', [['bounced', 'invalid-recipient']], { hard_bounced: 1 }, { hard_bounced: 1 }],
  ['bounces for now', [['bounced', 'mailbox-full']], { soft_bounced: 1 }, { soft_bounced: 1 }],
  ['bounces for a reason nobody knows', [['bounced', 'signing']], { soft_bounced: 1 }, { soft_bounced: 1 }],
  [
    'runs out of time',
    [['deferred', 'connection'], ['expired']],
    { soft_bounced: 1 },
    { deferred: 1, soft_bounced: 1 },
  ],
  [
    'bounces after it was sent',
    [['delivered'], ['bounced', 'invalid-recipient']],
    { hard_bounced: 1 },
    { sent: 1, hard_bounced: 1 },
  ],
  [
    'is tried again after it bounced',
    [['bounced', 'spam-content'], ['retried'], ['delivered']],
    { sent: 1 },
    { soft_bounced: 1, sent: 1 },
  ],
  ['is blocked', [['blocked', 'suppressed']], { blocked: 1 }, { blocked: 1 }],
  ['is dropped', [['deferred'], ['dropped']], { blocked: 1 }, { deferred: 1, blocked: 1 }],
  [
    'is opened twice and clicked',
    [['delivered'], ['opened', undefined, 60], ['opened', undefined, 90], ['clicked', undefined, 100]],
    { sent: 1, opened: 1, opens: 2, open_delay: 60, clicked: 1, clicks: 1, click_delay: 40 },
    { sent: 1, opened: 1, opens: 2, open_delay: 60, clicked: 1, clicks: 1, click_delay: 40 },
  ],
  [
    'is looked at by machines',
    [['delivered'], ['opened', 'bot', 1], ['clicked', 'too-soon', 1], ['clicked', undefined, 50]],
    { sent: 1, machine_opens: 1, machine_clicks: 1, clicked: 1, clicks: 1, click_delay: 50 },
    { sent: 1, machine_opens: 1, machine_clicks: 1, clicked: 1, clicks: 1, click_delay: 50 },
  ],
  [
    'is complained about and left',
    [['delivered'], ['complained'], ['complained'], ['unsubscribed'], ['unsubscribed']],
    { sent: 1, complained: 1, complaints: 2, unsubscribed: 1, unsubscriptions: 2 },
    { sent: 1, complained: 1, complaints: 2, unsubscribed: 1, unsubscriptions: 2 },
  ],
]

for (const [name, steps, message, event, queued = 0] of cases) {
  test(`a message that ${name}`, () => {
    assert.deepEqual(run(steps), {
      message: { processed: 1, ...message },
      event: { processed: 1, ...event },
      queued,
    })
  })
}

test('slices begin at full times', () => {
  const at = Date.UTC(2026, 0, 2, 3, 14, 15)
  assert.deepEqual(
    (['five-minutes', 'hour', 'day', 'lifetime'] as const).map((one) =>
      one === 'lifetime' ? sliceOf(at, one) : new Date(sliceOf(at, one)).toISOString().slice(8, 19),
    ),
    ['02T03:10:00', '02T03:00:00', '02T00:00:00', 0],
  )
})
