import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replyClasses } from '../../mail/reply-classes.ts'
import { classesOfState, messageStates, reasonOf, statusOfDelivery } from './reasons.ts'

test('every class of a reply has a reason, and states have the numbers of their place', () => {
  for (const one of replyClasses) assert.ok(reasonOf(one), one)
  for (const [index, state] of messageStates.entries()) assert.equal(state.stateId, index + 1)
})

test('reasons in the words of the wire', () => {
  const cases: [string | null, string | undefined, string | undefined][] = [
    [null, undefined, undefined],
    ['invalid-recipient', 'user unknown', 'recipient'],
    ['mailbox-full', 'quota exceeded', 'recipient'],
    ['dnsbl', 'sender blocked', 'spam'],
    ['greylisted', 'greylisted', 'domain'],
    ['template-error', 'error in template language', 'content'],
    ['duplicate-in-campaign', 'duplicate in campaign', 'mailjet'],
    ['sender-not-allowed', 'sender blocked', 'spam'],
    ['suppressed', 'preblocked', 'mailjet'],
    ['suppressed-complaint', 'spam reporter', 'recipient'],
    ['suppressed-listed', 'blacklisted', 'recipient'],
    ['constructor', 'system issue', 'system'],
  ]
  for (const [name, state, relatedTo] of cases) {
    const reason = reasonOf(name)
    assert.deepEqual([reason?.state, reason?.relatedTo], [state, relatedTo], String(name))
  }
  assert.deepEqual(classesOfState(14), ['suppressed'])
  assert.ok(classesOfState(7).includes('sender-not-allowed'))
})

test('a delivery has one status', () => {
  assert.equal(statusOfDelivery('held', null), 'queued')
  assert.equal(statusOfDelivery('failed', 'inactive'), 'hardbounced')
  assert.equal(statusOfDelivery('failed', 'expired'), 'softbounced')
  assert.equal(statusOfDelivery('dropped', null), 'blocked')
})
