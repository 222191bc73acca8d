import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composeClientReport, isReport, noticeOf, statusOf } from './compose-client-report.ts'

const mail = (lines: string) => Buffer.from(`${lines}\r\n\r\nbody\r\n`)

const kinds = [
  ['Content-Type: multipart/report; report-type=delivery-status; boundary=x', true],
  ['content-type:\r\n Multipart/Report; report-type=feedback-report', true],
  ['Subject: x\r\nContent-Type: text/plain', false],
  ['Subject: Content-Type: multipart/report', false],
  ['X-Content-Type: multipart/report', false],
  ['Content-Type: multipart/reports', false],
] as const
for (const [head, expected] of kinds) {
  test(`${JSON.stringify(head)} is ${expected ? 'a' : 'no'} report`, () => {
    assert.equal(isReport(mail(head)), expected)
  })
}

const failures = [
  ['the host says it', 'policy', '5.7.26 no', '5.7.26'],
  ['what was temporary is not final', 'mailbox-full', '4.2.2 full', '5.2.2'],
  ['out of time', 'expired', '4.2.0 busy', '5.4.7'],
  ['it bounced before', 'suppressed', 'lea@a.test is on the list', '5.1.1'],
  ['it complained', 'suppressed-complaint', 'lea@a.test is on the list', '5.7.1'],
  ['nobody knows', null, null, '5.0.0'],
] as const
for (const [name, failureClass, replyText, expected] of failures) {
  test(`status: ${name}`, () => {
    const failed = { recipient: 'a@b.test', notice: 'failed', replyCode: null, host: '', dsn: null } as const
    assert.equal(statusOf({ ...failed, class: failureClass, replyText }), expected)
  })
}

const delivery = { recipient: 'a@b.test', class: null, host: 'mx.b.test', dsn: null }

test('the whole message goes back only to whom asked for it', () => {
  const told = (ret?: 'FULL' | 'HDRS') =>
    composeClientReport(
      { acceptedAt: 0, content: mail('Subject: Order'), ...(ret !== undefined && { ret }) },
      {
        deliveries: [{ ...delivery, notice: 'failed', class: 'policy', replyCode: 550, replyText: 'no' }],
        from: { name: '', address: { local: 'MAILER-DAEMON', domain: 'x.test' } },
        to: { name: '', address: { local: 'bounce', domain: 'y.test' } },
        messageId: '<1@x.test>',
        host: 'x.test',
        now: 0,
      },
    ).toString()
  assert.match(told('FULL'), /It is attached\.[\s\S]+Content-Type: message\/rfc822\r\n[\s\S]+body/)
  assert.match(told(), /Its header is attached\.[\s\S]+Content-Type: text\/rfc822-headers/)
  assert.doesNotMatch(told(), /body/)
})

test('what is told follows from the state', () => {
  const cases = [
    ['failed', null, 'failed'],
    ['blocked', null, 'failed'],
    ['deferred', 'NOTIFY=NEVER', 'delayed'],
    ['delivered', 'NOTIFY=SUCCESS', 'relayed'],
    ['delivered', 'NOTIFY=FAILURE', undefined],
    ['queued', 'NOTIFY=SUCCESS', undefined],
  ] as const
  for (const [state, dsn, expected] of cases) assert.equal(noticeOf({ state, dsn }), expected, state)
})
