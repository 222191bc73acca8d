import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { classifyReply, type RefusedReply, ruleFor } from './classify-reply.ts'
import { parseReplyLines } from './reply.ts'
import { replyClasses } from './reply-classes.ts'
import type { Provider } from './reply-rule.ts'
import { codeRules, enhancedRules, textRules } from './reply-rules-generic.ts'
import { providerRules } from './reply-rules-provider.ts'

const hosts: Readonly<Record<Provider, string>> = {
  google: 'gmail-smtp-in.l.google.com',
  yahoo: 'mta5.am0.yahoodns.net',
  'microsoft-consumer': 'outlook-com.olc.protection.outlook.com',
  'microsoft-365': 'customer.mail.protection.outlook.com',
  apple: 'mx01.mail.icloud.com',
  orange: 'smtp-in.orange.fr',
  gmx: 'mx00.gmx.net',
  't-online': 'mx00.t-online.de',
  comcast: 'mx1.comcast.net',
  mimecast: 'eu-smtp-inbound-1.mimecast.com',
  proofpoint: 'mxa-0001.pphosted.com',
  barracuda: 'd1.ess.barracudanetworks.com',
  qq: 'mx1.qq.com',
}

function replyOf(line: string, rest: Partial<RefusedReply> = {}): RefusedReply {
  const reply = parseReplyLines([line])
  assert.ok(reply, line)
  const { code, enhanced, text } = reply
  return { stage: 'rcpt', code, text, ...(enhanced === undefined ? {} : { enhanced }), ...rest }
}

const rules = [...providerRules, ...textRules, ...enhancedRules, ...codeRules]

for (const rule of rules) {
  for (const sample of rule.samples) {
    test(`${rule.class}: ${sample}`, () => {
      const site = rule.providers?.[0] && hosts[rule.providers[0]]
      const reply = replyOf(sample, {
        ...(site === undefined ? {} : { site }),
        ...(rule.stages?.[0] === undefined ? {} : { stage: rule.stages[0] }),
      })

      assert.equal(classifyReply(reply).class, rule.class)
      assert.equal(ruleFor(reply), rule, 'another rule decides')
    })
  }
}

test('every rule has a sample, and every class a rule or a stage', () => {
  assert.ok(rules.every((rule) => rule.samples.length > 0))
  const reached = new Set<string>([...rules.map((rule) => rule.class), 'unknown', 'tls'])
  assert.deepEqual(
    replyClasses.filter((name) => !reached.has(name)),
    [],
  )
})

/** What people met in their logs, and what it has to mean. */
const corpus: readonly (readonly [line: string, expected: string, rest?: Partial<RefusedReply>])[] = [
  [
    '550 5.1.1 <a@x.example>: Recipient address rejected: User unknown in local recipient table',
    'invalid-recipient hard final',
  ],
  [
    '450 4.1.1 <a@x.example>: Recipient address rejected: unverified address: user unknown',
    'invalid-recipient soft retry',
  ],
  ['550 5.7.1 <a@x.example>: Recipient address rejected: Access denied', 'policy policy final'],
  ['550 No such user', 'invalid-recipient hard final'],
  ['550 Denied', 'invalid-recipient hard final'],
  ['550 Denied', 'unknown soft final', { stage: 'final' }],
  ['550 Denied', 'unknown soft final', { stage: 'mail' }],
  [
    '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org',
    'dnsbl block final suspend-site',
  ],
  [
    '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org',
    'dnsbl block retry suspend-site',
    { stage: 'greeting' },
  ],
  ['554 mx.x.example', 'ip-blocked block retry suspend-site', { stage: 'greeting' }],
  ['421 4.3.0 try later', 'transient soft retry other-host', { stage: 'greeting' }],
  ['421 mx closing', 'throttled soft retry slow-site'],
  ['450 4.2.0 Greylisted for 300 seconds', 'greylisted soft retry 300000'],
  ['451 4.7.1 Greylisting in action, please come back in 00:04:59', 'greylisted soft retry 299000'],
  ['450 4.2.0 Greylisted', 'greylisted soft retry 300000'],
  ['451 Try again in 2 hours', 'transient soft retry 7200000'],
  ['451 Try again in 99999 hours', 'transient soft retry 86400000'],
  ['452 4.2.2 mailbox full', 'mailbox-full soft retry'],
  ['552 5.2.2 mailbox full', 'mailbox-full soft retry'],
  ['421 4.7.0 Too many connections', 'throttled soft retry one-connection 600000'],
  ['452 4.5.3 Too many recipients', 'transient soft retry split-recipients'],
  [
    "550 5.7.26 Unauthenticated email from shop.example is not accepted due to domain's DMARC policy.",
    'auth-failed policy final suspend-sender-domain',
    { stage: 'final' },
  ],
  [
    '421 4.7.26 Your email has been rate limited because it is unauthenticated.',
    'auth-failed policy final suspend-sender-domain',
    { site: hosts.google },
  ],
  ['554 5.7.1 Relay access denied', 'relay-denied policy retry once'],
  ['552 5.3.4 Message size exceeds fixed limit', 'too-large policy final', { stage: 'final' }],
  ['554 5.7.1 Message looks like spam', 'spam-content block final', { stage: 'final' }],
  ['554 5.6.0 Rejected', 'bad-message policy final', { stage: 'final' }],
  ['556 5.1.10 Recipient address has null MX', 'bad-domain hard final'],
  ['550 5.1.2 Bad destination host', 'bad-domain hard final'],
  ['554 5.4.6 Too many hops', 'loop policy final', { stage: 'final' }],
  [
    '535 5.7.8 Authentication credentials invalid',
    'relay-denied policy retry alert-operator',
    { stage: 'auth' },
  ],
  ['454 4.7.0 TLS not available', 'tls soft retry other-host', { stage: 'starttls' }],
  ['554 Blocked', 'policy policy final', { stage: 'final' }],
  ['250 ok', 'connection soft retry other-host', { code: 0, text: 'connection lost', stage: 'connect' }],
  ['250 ok', 'connection soft retry other-host', { code: 0, text: 'timeout', stage: 'final' }],
  [
    '552 5.2.2 The email account that you tried to reach is over quota and inactive. p=OverQuotaPerm',
    'inactive hard final',
    { site: hosts.google },
  ],
  ['550 Mail content denied: frequency limited', 'throttled soft retry slow-site', { site: hosts.qq }],
  [
    '550 5.4.1 Recipient address rejected: Access denied.',
    'invalid-recipient hard final',
    { site: hosts['microsoft-365'] },
  ],
  ['451 4.3.1 Disk full', 'transient soft retry'],
]

for (const [line, expected, rest] of corpus) {
  test(`${rest?.stage ?? 'rcpt'} ${line}`, () => {
    const result = classifyReply(replyOf(line, rest))

    const words = [
      result.class,
      result.kind,
      result.retry ? 'retry' : 'final',
      result.action,
      result.retryAfterMs,
      result.maxRetries === 1 ? 'once' : undefined,
    ]
    assert.equal(words.filter((word) => word !== undefined).join(' '), expected)
  })
}

test('a block, an authentication failure or a content verdict never says that the address is bad', () => {
  const innocent = [
    'ip-blocked',
    'domain-blocked',
    'dnsbl',
    'auth-failed',
    'spam-content',
    'throttled',
    'policy',
  ]
  for (const rule of rules.filter((rule) => innocent.includes(rule.class))) {
    for (const sample of rule.samples) {
      assert.notEqual(classifyReply(replyOf(sample, { stage: 'final' })).kind, 'hard', sample)
    }
  }
})

test('no reply makes it throw, and none takes long', () => {
  const code = fc.integer({ min: 400, max: 599 })
  fc.assert(
    fc.property(code, fc.string({ unit: 'binary' }), fc.string(), (replyCode, text, site) => {
      assert.ok(replyClasses.includes(classifyReply({ stage: 'rcpt', code: replyCode, text, site }).class))
    }),
  )
  const pieces = [
    'user ',
    'account',
    'IP ',
    'SPF ',
    'try again ',
    'mailbox user address ',
    'url link ',
    'a',
    '(',
    ' ',
    'domain ',
  ]
  for (const piece of pieces) {
    const { class: found } = classifyReply({
      stage: 'rcpt',
      code: 550,
      text: piece.repeat(1e6 / piece.length),
    })
    assert.ok(replyClasses.includes(found), piece)
  }
})
