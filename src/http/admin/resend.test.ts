import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resendOptions, resendRecipients } from './resend.ts'

const many = Array.from({ length: 1_000 }, (_, i) => ({ recipient: `r${i}@inbox.test` }))

test('a message goes again to all of its recipients, or to those that are given', () => {
  const shown = (recipients: { address: { local: string; domain: string } }[]) =>
    recipients.map(({ address }) => `${address.local}@${address.domain}`)
  const story = { message: { recipientCount: 2 }, deliveries: many.slice(0, 2) }
  assert.deepEqual(shown(resendRecipients(story, undefined)), ['r0@inbox.test', 'r1@inbox.test'])
  assert.deepEqual(shown(resendRecipients(story, [' lea@inbox.test '])), ['lea@inbox.test'])
  // The story of one delivery is about one recipient, however many the message has.
  const one = { message: { recipientCount: 5_000 }, deliveries: many.slice(7, 8) }
  assert.deepEqual(shown(resendRecipients(one, undefined)), ['r7@inbox.test'])
  assert.throws(() => resendRecipients(story, ['ok@inbox.test', 'nobody']), { field: 'to.1' })
})

test('where a story does not tell all recipients, they have to be named', () => {
  const all = { message: { recipientCount: 1_000 }, deliveries: many }
  assert.equal(resendRecipients(all, undefined).length, 1_000)
  const cut = { message: { recipientCount: 1_001 }, deliveries: many }
  assert.throws(() => resendRecipients(cut, undefined), { field: 'to', message: /has 1001 recipients/ })
  assert.equal(resendRecipients(cut, ['ok@inbox.test']).length, 1)
})

test('mass mail stays mass mail when it is sent again, and is tracked as it was', () => {
  const options = { trackOpens: 'enabled', trackClicks: 'disabled' } as const
  assert.deepEqual(resendOptions({ ...options, bulk: true, individual: true, campaignId: 3, envid: 'x' }), {
    ...options,
    bulk: true,
  })
  assert.deepEqual(resendOptions({ clientAddress: '192.0.2.1' }), {})
})
