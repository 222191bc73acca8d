import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttemptId, DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import { describeStory } from './describe-story.ts'
import type { Story, StoryDelivery, StoryEvent } from './story.ts'

const at = Date.UTC(2026, 0, 2, 3, 4, 5)

const delivery: StoryDelivery = {
  id: 2 as DeliveryId,
  recipient: 'lea@example.net',
  kind: 'to',
  state: 'queued',
  class: null,
  replyCode: null,
  replyText: null,
  attempts: 0,
  nextAttemptAt: at,
  updatedAt: at,
}

function story(changes: Partial<StoryDelivery>, events: Partial<StoryEvent>[]): Story {
  return {
    message: {
      id: 1 as MessageId,
      keyId: 5 as KeyId,
      door: 'smtp',
      lane: 'transactional',
      priority: 2,
      acceptedAt: at,
      expiresAt: at + 3_600_000,
      from: 'hello@shop.example',
      envelopeFrom: '',
      subject: 'Hi',
      messageId: '<a@shop.example>',
      sizeBytes: 5123,
      recipientCount: 1,
      customId: null,
      submissionUuid: 'u',
    },
    deliveries: [{ ...delivery, ...changes }],
    attempts: [
      {
        id: 9 as AttemptId,
        at,
        durationMs: 5,
        host: 'mx.example.net',
        address: '192.0.2.1:25',
        tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384 unverified',
        transcript: '',
      },
    ],
    events: events.map((event, index) => ({
      id: index,
      deliveryId: delivery.id,
      kind: 'accepted',
      at: at + 1000,
      attemptId: 9 as AttemptId,
      class: null,
      detail: null,
      ...event,
    })),
  }
}

const first =
  'Message 1 “Hi” from hello@shop.example was accepted at 2026-01-02 03:04:05 UTC over SMTP: 5,123 bytes for 1 recipient.'
const numbers = 'Lists, the Send API and webhooks number each recipient: delivery 2 (lea@example.net).'
const host = 'mx.example.net [192.0.2.1:25] over TLSv1.3'

const cases: [name: string, Story, string[]][] = [
  [
    'reported about afterwards',
    story({ state: 'delivered', attempts: 1 }, [
      { kind: 'delay-reported', attemptId: null, detail: 'connection timed out' },
      { kind: 'delivery-reported', attemptId: null, detail: '2.1.5' },
      { kind: 'complained', attemptId: null, detail: 'abuse' },
    ]),
    [
      'lea@example.net: a report said at 2026-01-02 03:04:06 UTC that the next host still tries: “connection timed out”.',
      'lea@example.net: a report said at 2026-01-02 03:04:06 UTC that the next host passed it on: “2.1.5”.',
      'lea@example.net: the recipient complained at 2026-01-02 03:04:06 UTC: “abuse”.',
      'lea@example.net: done after 1 attempt.',
    ],
  ],
  [
    'in the queue',
    story({}, []),
    ['lea@example.net: in the queue, not tried yet; it goes out as soon as there is room.'],
  ],
  [
    'put off',
    story({ state: 'deferred', attempts: 1, nextAttemptAt: at + 60_000 }, [
      { kind: 'deferred', class: 'greylisted', detail: '450 4.7.1 later\r\n\u001b[31mplease' },
    ]),
    [
      `lea@example.net: put off at 2026-01-02 03:04:06 UTC by ${host} (greylisted): “450 4.7.1 later [31mplease”.`,
      'lea@example.net: 1 attempt so far; the next attempt is due at 2026-01-02 03:05:05 UTC, and it is given up at 2026-01-02 04:04:05 UTC.',
    ],
  ],
  [
    'delivered',
    story({ state: 'delivered', attempts: 2 }, [{ kind: 'delivered', detail: '250 2.0.0 Ok' }]),
    [
      `lea@example.net: delivered at 2026-01-02 03:04:06 UTC to ${host}: “250 2.0.0 Ok”.`,
      'lea@example.net: done after 2 attempts.',
    ],
  ],
  [
    'refused without a host',
    story({ state: 'failed', attempts: 1 }, [
      { kind: 'bounced', attemptId: null, class: 'bad-domain', detail: 'no such domain' },
    ]),
    [
      'lea@example.net: refused for good at 2026-01-02 03:04:06 UTC (bad-domain): “no such domain”.',
      'lea@example.net: failed after 1 attempt; nothing more is tried.',
    ],
  ],
  [
    'held',
    story({ state: 'held' }, [{ kind: 'held', attemptId: null, detail: 'Put on hold by an operator' }]),
    [
      'lea@example.net: put on hold at 2026-01-02 03:04:06 UTC: “Put on hold by an operator”.',
      'lea@example.net: waits until it is released (paravion queue release), not tried yet.',
    ],
  ],
]

for (const [name, told, expected] of cases) {
  test(`the story of a message that is ${name}`, () => {
    assert.deepEqual(describeStory(told), [first, numbers, ...expected])
  })
}

test('a long story is told from where it stands', () => {
  const events = Array.from({ length: 30 }, () => ({ kind: 'deferred' as const }))
  const sentences = describeStory(story({ state: 'deferred' }, events))
  assert.equal(sentences[2], 'lea@example.net: 18 earlier events are left out here.')
  assert.equal(sentences.length, 2 + 1 + 12 + 1)
})

test('of many recipients the first numbers are told', () => {
  const told = story({}, [])
  const deliveries = Array.from({ length: 12 }, (_, index) => ({
    ...delivery,
    id: (2 + index) as DeliveryId,
    recipient: `r${index}@example.net`,
  }))
  const [, said = ''] = describeStory({ ...told, deliveries })
  assert.match(
    said,
    /: deliveries 2 \(r0@example\.net\), 3 \(r1@example\.net\), .*11 \(r9@example\.net\) and 2 more\.$/,
  )
})
