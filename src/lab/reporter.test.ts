import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import PostalMime from 'postal-mime'
import { openSmtp } from '../../test/smtp-dialogue.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { makeAuthority, makeServerCertificate } from '../runtime/make-certificates.ts'
import type { ReceivedRow } from './inbox.ts'
import { defaultLabSettings } from './lab.ts'
import { startReceiver } from './receiver.ts'
import { createReporter } from './reporter.ts'
import { createReportSender } from './send-report.ts'
import { createVerifier } from './verify.ts'
import { createZoneSource } from './zone-cache.ts'

/** A receiving host whose reports come back to itself, which is what the lab's DNS says of every domain. */
async function open(t: TestContext) {
  const authority = await makeAuthority(Date.now())
  const made = await makeServerCertificate({ authority, names: ['mx.lab.test'], now: Date.now() })
  const zones = createZoneSource({ read: async () => ({ put: [], published: [] }), ipv6: () => false })
  const rows: ReceivedRow[] = []
  let port = 0
  let onRow = () => {}
  const reporter = createReporter({
    send: createReportSender({ zones, portOf: () => port }),
    delayMs: 0,
    clock: { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(0, signal) },
    log: silentLog,
  })
  t.after(() => reporter.stop())
  const receiver = await startReceiver({
    host: '127.0.0.1',
    port: 0,
    tls: { cert: made.certificate, key: made.key },
    settings: defaultLabSettings,
    verify: createVerifier(zones),
    store: async (received) => {
      rows.push(...received)
      onRow()
    },
    reporter,
    clock: systemClock,
    log: silentLog,
  })
  t.after(() => receiver.stop())
  port = receiver.port
  const client = await openSmtp(port)
  t.after(() => client.close())
  await client.say('EHLO client.shop.example')
  return {
    client,
    reporter,
    rows,
    /** Resolves with all rows once there are that many. */
    arrived: (count: number) =>
      new Promise<ReceivedRow[]>((resolve) => {
        onRow = () => rows.length >= count && resolve(rows)
        onRow()
      }),
  }
}

const data = 'From: Shop <hello@shop.example>\r\nMessage-ID: <1@shop.example>\r\nSubject: Offer\r\n\r\nHellö'

async function parse(row: ReceivedRow | undefined) {
  const message = await new PostalMime({ forceRfc822Attachments: true }).parse(
    row?.content ?? new Uint8Array(),
  )
  const text = (type: string) => {
    const content = message.attachments.find(({ mimeType }) => mimeType === type)?.content
    return content === undefined ? undefined : Buffer.from(content as Uint8Array).toString()
  }
  return { message, text }
}

test('spam@ sends a complaint to the return path', { timeout: 20_000 }, async (t) => {
  const { client, arrived, reporter } = await open(t)
  await client.send({ from: 'b+1.abc@bounce.example', to: ['spam@shop.test'], data })
  const [, complaint] = await arrived(2)

  assert.equal(complaint?.recipient, 'b+1.abc@bounce.example')
  assert.equal(complaint?.envelope_from, '')
  assert.deepEqual([complaint?.spf, complaint?.tls], ['pass', 'TLSv1.3'])
  const { message, text } = await parse(complaint)
  assert.equal(message.from?.address, 'feedback@lab.test')
  const fields = text('message/feedback-report') ?? ''
  for (const line of [
    'Feedback-Type: abuse',
    'User-Agent: Paravion-Lab/1.0',
    'Original-Mail-From: <b+1.abc@bounce.example>',
    'Original-Rcpt-To: <spam@shop.test>',
    'Source-IP: 127.0.0.1',
    'Reported-Domain: bounce.example',
  ]) {
    assert.ok(fields.split(/\r?\n/).includes(line), line)
  }
  assert.equal(text('message/rfc822')?.trimEnd(), data.replaceAll('\r\n', '\n'))
  await untilSent(reporter, 1)
})

test('bounce-later@ sends a delivery status with the envelope id', { timeout: 20_000 }, async (t) => {
  const { client, arrived } = await open(t)
  await client.say('MAIL FROM:<b+2.abc@bounce.example> RET=HDRS ENVID=order+2B7')
  await client.say('RCPT TO:<bounce-later+x@shop.test>')
  await client.say('DATA')
  await client.say(`${data}\r\n.`)
  const [, bounce] = await arrived(2)

  assert.equal(bounce?.recipient, 'b+2.abc@bounce.example')
  const { message, text } = await parse(bounce)
  assert.equal(message.from?.address, 'MAILER-DAEMON@lab.test')
  assert.equal(message.headers.find(({ key }) => key === 'auto-submitted')?.value, 'auto-replied')
  const fields = text('message/delivery-status') ?? ''
  for (const line of [
    'Original-Envelope-Id: order+7',
    'Reporting-MTA: dns; mx.lab.test',
    'Final-Recipient: rfc822; bounce-later+x@shop.test',
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 No such user here',
  ]) {
    assert.ok(fields.split(/\r?\n/).includes(line), line)
  }
  assert.match(text('text/rfc822-headers') ?? '', /^Subject: Offer\r?$/m)
})

test('a report that reaches a mailbox which reports is not answered', { timeout: 20_000 }, async (t) => {
  const { client, arrived, reporter, rows } = await open(t)
  await client.send({ from: 'spam@shop.test', to: ['bounce-later@shop.test'], data })
  await arrived(2)
  await untilSent(reporter, 1)
  assert.equal(rows.length, 2)
  assert.equal(reporter.counters().reportsWaiting, 0)
})

test('a return path that takes no mail is given up after three tries', { timeout: 20_000 }, async (t) => {
  const { client, reporter } = await open(t)
  const paths = ['a@gmail.com', 'a@nxdomain.test', 'a@nullmx.test', 'missing@shop.test']
  for (const from of paths) await client.send({ from, to: ['spam@shop.test'], data })
  for (let tries = 0; reporter.counters().reportsFailed < paths.length && tries < 500; tries += 1) {
    await systemClock.sleep(10)
  }
  assert.deepEqual(reporter.counters(), { reportsWaiting: 0, reportsSent: 0, reportsFailed: paths.length })
})

async function untilSent(reporter: ReturnType<typeof createReporter>, count: number): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { reportsSent, reportsWaiting } = reporter.counters()
    if (reportsSent === count && reportsWaiting === 0) return
    await systemClock.sleep(10)
  }
  assert.fail(`not sent: ${JSON.stringify(reporter.counters())}`)
}
