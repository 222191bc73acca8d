import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simpleParser } from 'mailparser'
import PostalMime from 'postal-mime'
import { composeComplaint, composeDsn, type Dsn } from './reports.ts'

const original = Buffer.from('From: hello@shop.example\r\nSubject: Your order\r\n\r\nThe body.\r\n')

const dsn: Dsn = {
  from: { name: 'Mail Delivery', address: { local: 'mailer-daemon', domain: 'mx.customer.example' } },
  to: { name: '', address: { local: 'b+x', domain: 'bounce.shop.example' } },
  messageId: '<r1@mx.customer.example>',
  date: Date.UTC(2026, 10, 23, 10, 0, 0),
  arrivalDate: Date.UTC(2026, 10, 23, 9, 0, 0),
  explanation: 'Your message could not be delivered to léa.\n',
  reportingMta: 'mx.customer.example',
  originalEnvelopeId: 'env-1',
  recipients: [
    {
      finalRecipient: { local: 'gone', domain: 'customer.example' },
      action: 'failed',
      status: '5.1.1',
      remoteMta: 'inner.customer.example',
      diagnostic: '550 5.1.1 no such user\r\nX-Evil: yes',
    },
    { finalRecipient: { local: 'full', domain: 'customer.example' }, action: 'delayed', status: '4.2.2' },
  ],
  original,
  ret: 'HDRS',
}

test('a delivery status notification, byte for byte', () => {
  const text = composeDsn(dsn).toString()
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(text) ?? []

  assert.equal(
    text.replaceAll(boundary, 'BOUNDARY').replaceAll('\r\n', '\n'),
    `Date: Mon, 23 Nov 2026 10:00:00 +0000
From: Mail Delivery <mailer-daemon@mx.customer.example>
To: b+x@bounce.shop.example
Subject: Mail delivery failed
Message-ID: <r1@mx.customer.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="BOUNDARY"

--BOUNDARY
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Your message could not be delivered to l=C3=A9a.

--BOUNDARY
Content-Type: message/delivery-status

Original-Envelope-Id: env-1
Reporting-MTA: dns; mx.customer.example
Arrival-Date: Mon, 23 Nov 2026 09:00:00 +0000

Final-Recipient: rfc822; gone@customer.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; inner.customer.example
Diagnostic-Code: smtp; 550 5.1.1 no such user X-Evil: yes

Final-Recipient: rfc822; full@customer.example
Action: delayed
Status: 4.2.2

--BOUNDARY
Content-Type: text/rfc822-headers

From: hello@shop.example
Subject: Your order


--BOUNDARY--
`,
  )
})

test('the whole original goes back when that is wanted', async () => {
  const mail = await simpleParser(composeDsn({ ...dsn, ret: 'FULL' }))

  const attached = mail.attachments.find(({ contentType }) => contentType === 'message/rfc822')
  assert.equal(attached?.content.toString().trimEnd(), original.toString().trimEnd())
})

test('recipients in UTF-8 are told in the way of RFC 6533', () => {
  const recipients = [
    {
      finalRecipient: { local: 'léa', domain: 'customer.example' },
      action: 'failed' as const,
      status: '5.1.1',
    },
  ]

  const text = composeDsn({ ...dsn, recipients }).toString()

  assert.match(text, /^Content-Type: message\/global-delivery-status\r$/m)
  assert.match(text, /^Final-Recipient: utf-8; léa@customer\.example\r$/m)
})

test('a report about a report of ours has its own boundary', () => {
  const first = composeDsn({ ...dsn, ret: 'FULL' })
  const second = composeDsn({ ...dsn, ret: 'FULL', original: first }).toString()

  const boundaries = [...second.matchAll(/boundary="([^"]+)"/g)].map((match) => match[1])
  assert.equal(boundaries.length, 2)
  assert.notEqual(boundaries[0], boundaries[1])
})

test('endless words of the remote are folded', () => {
  const recipients = [{ ...dsn.recipients[0], diagnostic: 'x'.repeat(5000) }] as Dsn['recipients']

  const lines = composeDsn({ ...dsn, recipients })
    .toString()
    .split('\r\n')

  assert.ok(lines.every((line) => line.length <= 998))
})

test('a complaint says who, what and about which message', async () => {
  const { ret, recipients, originalEnvelopeId, reportingMta, ...report } = dsn
  const raw = composeComplaint({
    ...report,
    feedbackType: 'abuse',
    userAgent: 'Lab/1',
    originalMailFrom: { local: 'b+x', domain: 'bounce.shop.example' },
    originalRecipient: { local: 'spam', domain: 'customer.example' },
    sourceIp: '192.0.2.1',
    reportedDomain: 'shop.example',
  })
  const mail = await PostalMime.parse(raw)

  assert.match(raw.toString(), /report-type=feedback-report/)
  assert.match(
    raw.toString().replaceAll('\r\n', '\n'),
    /\nContent-Type: message\/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Lab\/1\nVersion: 1\nOriginal-Mail-From: <b\+x@bounce\.shop\.example>\nOriginal-Rcpt-To: <spam@customer\.example>\nArrival-Date: .*\nSource-IP: 192\.0\.2\.1\nReported-Domain: shop\.example\n\n/,
  )
  assert.equal(mail.headers.find(({ key }) => key === 'auto-submitted')?.value, 'auto-replied')
})
