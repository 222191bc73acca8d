import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AliasId, LeadId, MessageId } from '../mail/ids.ts'
import { type DecisionMessage, decide, type Knowledge, type KnownAlias } from './decide.ts'

const now = Date.UTC(2026, 8, 1)

const info: KnownAlias = {
  id: 1 as AliasId,
  name: 'info',
  domain: 'shop.example',
  policy: 'everyone',
  anyDomain: false,
  endsAt: null,
}
const known: KnownAlias = { ...info, id: 2 as AliasId, name: 'partners', policy: 'known' }
const loose: KnownAlias = { ...info, id: 3 as AliasId, name: 'help', anyDomain: true }
const temporary: KnownAlias = { ...info, id: 4 as AliasId, name: 'bounce', endsAt: now + 1000 }

const onLead = { kind: 'lead', leadId: 7 as LeadId, headerId: '<lead@a.example>', at: 5 } as const
const ofOurs = { kind: 'message', messageId: 9 as MessageId, headerId: '<ours@shop.example>', at: 4 } as const

function message(changes: Partial<DecisionMessage> & { to?: readonly string[] } = {}): DecisionMessage {
  const to = changes.to ?? ['nobody@shop.example']
  return {
    messageId: '<new@a.example>',
    sender: 'ann@a.example',
    to,
    recipients: to,
    inReplyTo: [],
    references: [],
    contentType: 'text/plain',
    reportType: '',
    ...changes,
  }
}

function knowledge(changes: Partial<Knowledge> = {}): Knowledge {
  return {
    now,
    addresses: { bounce: ['bounce@shop.example'], catchall: ['catchall@shop.example'] },
    hasReturnPath: false,
    aliases: [info, known, loose],
    stored: [onLead, ofOurs],
    senderIsKnown: false,
    loop: { threshold: 20, minutes: 120, senderIsAllowed: false, newLeads: 0, onLead: new Map() },
    ...changes,
  }
}

const loop = (changes: Partial<Knowledge['loop']>) => ({ loop: { ...knowledge().loop, ...changes } })

/** The decision in a few words, as the tables below have it. */
function inShort(changes: Parameters<typeof message>[0], more: Partial<Knowledge> = {}): string {
  const decision = decide(message(changes), knowledge(more))
  assert.ok(decision.because.length > 0)
  switch (decision.kind) {
    case 'ignore':
      return `ignore ${decision.why}`
    case 'answer':
      return decision.answer
    case 'routes':
      return decision.routes
        .map((route) => {
          if (route.kind !== 'reply') return `${route.kind} ${route.aliasId}`
          return route.to.kind === 'lead'
            ? `reply to lead ${route.to.leadId}`
            : `reply to ${route.to.messageId}`
        })
        .join(', ')
    default:
      return decision.kind
  }
}

type Case = [
  what: string,
  message: Parameters<typeof message>[0],
  expected: string,
  more?: Partial<Knowledge>,
]

const tag = '<x-loop-detection-bounce-email@shop.example>'
const catchall = 'catchall@shop.example'
const byOrder: Record<string, Case[]> = {
  'what is ignored': [
    ['a known Message-ID', { to: ['info@shop.example'] }, 'ignore duplicate', { duplicateOf: 'mail 3' }],
    ['a tagged reference', { to: ['info@shop.example'], references: ['<a@b.example>', tag] }, 'ignore loop'],
    ['a tagged In-Reply-To', { to: ['info@shop.example'], inReplyTo: [tag] }, 'ignore loop'],
    ['a tagged bounce', { to: ['bounce@shop.example'], references: [tag] }, 'ignore loop'],
  ],
  'what is a bounce': [
    ['to the bounce address', { to: ['bounce@shop.example'] }, 'bounce'],
    ['to the bounce address and an alias', { to: ['info@shop.example', 'bounce@shop.example'] }, 'bounce'],
    ['to a return path', {}, 'bounce', { hasReturnPath: true }],
    ['from mailer-daemon', { sender: 'mailer-daemon@mx.example', to: ['info@shop.example'] }, 'bounce'],
    ['a report by its type', { contentType: 'multipart/report', to: ['info@shop.example'] }, 'bounce'],
    ['a single part of a report', { reportType: 'delivery-status' }, 'bounce'],
    ['the bounce name at another domain', { to: ['bounce@other.example'] }, 'no-route'],
  ],
  'what is an answer to something': [
    ['In-Reply-To a lead', { inReplyTo: ['<lead@a.example>'] }, 'reply to lead 7'],
    ['In-Reply-To a message of ours', { inReplyTo: ['<ours@shop.example>'] }, 'reply to 9'],
    [
      'References, the newest',
      { references: ['<ours@shop.example>', '<lead@a.example>'] },
      'reply to lead 7',
    ],
    [
      'In-Reply-To before References',
      { inReplyTo: ['<ours@shop.example>'], references: ['<lead@a.example>'] },
      'reply to 9',
    ],
    ['to the catchall', { to: [catchall], inReplyTo: ['<lead@a.example>'] }, 'reply to lead 7'],
    [
      'older than the last 32 references',
      { references: ['<lead@a.example>', ...Array.from({ length: 32 }, (_, i) => `<r${i}@a.example>`)] },
      'no-route',
    ],
    [
      'mail that starts new threads',
      { inReplyTo: ['<reply_to-9@shop.example>'] },
      'no-route',
      { stored: [{ ...ofOurs, headerId: '<reply_to-9@shop.example>' }] },
    ],
    [
      'an answer to ours that names an alias in To: a forward',
      { to: ['info@shop.example'], inReplyTo: ['<ours@shop.example>'] },
      'alias 1',
    ],
    [
      'an alias in Cc makes no forward',
      { recipients: ['nobody@shop.example', 'info@shop.example'], inReplyTo: ['<ours@shop.example>'] },
      'reply to 9',
    ],
    [
      'a lead and its alias in To',
      { to: ['info@shop.example'], inReplyTo: ['<lead@a.example>'] },
      'reply to lead 7',
    ],
    [
      'a stranger to an alias of known contacts',
      { to: ['partners@shop.example'], inReplyTo: ['<lead@a.example>'] },
      'alias-refusal',
    ],
  ],
  'the catchall': [
    ['alone', { to: [catchall] }, 'catchall'],
    [
      'alone in To, an alias in Cc',
      { to: [catchall], recipients: [catchall, 'info@shop.example'] },
      'catchall',
    ],
    ['beside an alias: the alias wins', { to: [catchall, 'info@shop.example'] }, 'alias 1'],
    ['beside a stranger', { to: [catchall, 'bob@b.example'] }, 'catchall'],
    [
      'beside a stranger, with a fallback',
      { to: [catchall, 'bob@b.example'] },
      'fallback 1',
      { fallback: info.id },
    ],
    ['alone, with a fallback', { to: [catchall] }, 'catchall', { fallback: info.id }],
  ],
  aliases: [
    ['in To', { to: ['info@shop.example'] }, 'alias 1'],
    ['in Cc', { recipients: ['nobody@shop.example', 'info@shop.example'] }, 'alias 1'],
    ['several: a route for each', { to: ['info@shop.example', 'help@shop.example'] }, 'alias 1, alias 3'],
    ['the same name elsewhere', { to: ['info@other.example'] }, 'no-route'],
    ['any domain', { to: ['help@other.example'] }, 'alias 3'],
    [
      'any domain, not among the allowed',
      { to: ['help@other.example'] },
      'no-route',
      { allowedDomains: ['c.example'] },
    ],
    ['any domain, allowed', { to: ['help@c.example'] }, 'alias 3', { allowedDomains: ['c.example'] }],
    ['any domain, of an alias', { to: ['help@shop.example'] }, 'alias 3', { allowedDomains: ['c.example'] }],
    ['known contacts, a stranger', { to: ['partners@shop.example'] }, 'alias-refusal'],
    ['known contacts, one of them', { to: ['partners@shop.example'] }, 'alias 2', { senderIsKnown: true }],
    ['one refuses, one does not', { to: ['partners@shop.example', 'info@shop.example'] }, 'alias 1'],
    ['a fallback', {}, 'fallback 1', { fallback: info.id }],
    ['nothing', {}, 'no-route'],
  ],
  'temporary aliases': [
    ['win over the bounce address', { to: ['bounce@shop.example'] }, 'alias 4', { aliases: [temporary] }],
    [
      'win for mail of mailer-daemon',
      { to: ['bounce@shop.example'], sender: 'mailer-daemon@a.example' },
      'alias 4',
      { aliases: [temporary] },
    ],
    [
      'win over the catchall',
      { to: [catchall] },
      'alias 4',
      { aliases: [{ ...temporary, name: 'catchall' }] },
    ],
    [
      'end by themselves',
      { to: ['bounce@shop.example'] },
      'bounce',
      { aliases: [{ ...temporary, endsAt: now }] },
    ],
    [
      'end and leave no alias',
      { to: ['x@shop.example'] },
      'no-route',
      { aliases: [{ ...temporary, name: 'x', endsAt: now }] },
    ],
    [
      'never win over duplicates',
      { to: ['bounce@shop.example'] },
      'ignore duplicate',
      { aliases: [temporary], duplicateOf: 'mail 3' },
    ],
  ],
  'the loop limit': [
    ['new leads, one below', { to: ['info@shop.example'] }, 'alias 1', loop({ newLeads: 19 })],
    ['new leads, reached', { to: ['info@shop.example'] }, 'loop-limit', loop({ newLeads: 20 })],
    [
      'an allowed sender',
      { to: ['info@shop.example'] },
      'alias 1',
      loop({ newLeads: 99, senderIsAllowed: true }),
    ],
    [
      'answers on one lead',
      { inReplyTo: ['<lead@a.example>'] },
      'loop-limit',
      loop({ onLead: new Map([[7 as LeadId, 20]]) }),
    ],
    [
      'answers are not counted as new leads',
      { inReplyTo: ['<lead@a.example>'] },
      'reply to lead 7',
      loop({ newLeads: 20 }),
    ],
    ['a fallback', {}, 'loop-limit', { fallback: info.id, ...loop({ newLeads: 20 }) }],
    ['mail without a route says so', {}, 'no-route', loop({ newLeads: 20 })],
  ],
}

for (const [title, cases] of Object.entries(byOrder)) {
  describe(title, () => {
    for (const [what, changes, expected, more] of cases) {
      test(what, () => assert.equal(inShort(changes, more), expected))
    }
  })
}

test('a temporary alias says when it ends', () => {
  const { because } = decide(message({ to: ['bounce@shop.example'] }), knowledge({ aliases: [temporary] }))
  assert.ok(because.some((step) => step.includes('temporary alias until 2026-09-01T00:00:01.000Z')))
})
