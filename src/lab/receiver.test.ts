import assert from 'node:assert/strict'
import { before, type TestContext, test } from 'node:test'
import { openSmtp } from '../../test/smtp-dialogue.ts'
import { formatAddress } from '../mail/address.ts'
import type { Clock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { makeAuthority, makeServerCertificate } from '../runtime/make-certificates.ts'
import type { ReceivedRow } from './inbox.ts'
import { defaultLabSettings } from './lab.ts'
import { startReceiver } from './receiver.ts'
import type { ReportedMessage } from './report-texts.ts'
import { createVerifier } from './verify.ts'
import { createZoneSource } from './zone-cache.ts'

let ca: string
let tls: { cert: string; key: string }
before(async () => {
  const authority = await makeAuthority(Date.now())
  const made = await makeServerCertificate({ authority, names: ['mx.lab.test'], now: Date.now() })
  ca = authority.certificate
  tls = { cert: made.certificate, key: made.key }
})

const data = 'From: Shop <hello@shop.example>\r\nSubject: =?utf-8?Q?Caf=C3=A9?=\r\n\r\n.dots\r\nHello'

async function open(t: TestContext) {
  const rows: ReceivedRow[] = []
  const complaints: ReportedMessage[] = []
  const bounces: ReportedMessage[] = []
  let now = 1_790_000_000_000
  const slept: number[] = []
  const clock: Clock = {
    now: () => now,
    // The engine's watch sleeps with a signal; only what a mailbox waits is counted.
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal) return signal.addEventListener('abort', () => resolve(), { once: true })
        slept.push(ms)
        resolve()
      }),
  }
  const zones = createZoneSource({ read: async () => ({ put: [], published: [] }), ipv6: () => false })
  let broken = false
  const receiver = await startReceiver({
    host: '127.0.0.1',
    port: 0,
    tls,
    settings: { ...defaultLabSettings, slowMs: 3_000 },
    verify: createVerifier(zones),
    store: async (received) => {
      if (broken) throw new Error('disk full')
      rows.push(...received)
    },
    reporter: { complain: (message) => complaints.push(message), bounce: (message) => bounces.push(message) },
    clock,
    log: silentLog,
  })
  t.after(() => receiver.stop())
  const client = await openSmtp(receiver.port)
  t.after(() => client.close())
  await client.say('EHLO client.shop.example')
  return {
    ...{ client, receiver, rows, complaints, bounces, slept },
    pass: (ms: number) => {
      now += ms
    },
    break: () => {
      broken = true
    },
  }
}

test('an ordinary mailbox takes mail, and keeps it with the verdicts', async (t) => {
  const { client, rows } = await open(t)
  const replies = await client.send({
    from: 'hello@shop.example',
    to: ['Anyone+Tag@Shop.Test', 'ok@deep.example.com'],
    data,
  })
  assert.deepEqual(replies.at(-1), '250 2.0.0 Ok: taken by the lab')
  assert.deepEqual(
    rows.map(({ content: _, authentication_results: __, ...row }) => row),
    ['Anyone+Tag@shop.test', 'ok@deep.example.com'].map((recipient) => ({
      received_at: 1_790_000_000_000,
      envelope_from: 'hello@shop.example',
      recipient,
      header_from: 'hello@shop.example',
      subject: 'Café',
      dkim: 'none',
      spf: 'none',
      dmarc: 'none',
      tls: '',
    })),
  )
  assert.equal(Buffer.from(rows[0]?.content ?? []).toString(), `${data}\r\n`)
})

test('STARTTLS with a certificate of the private CA', async (t) => {
  const { client, rows } = await open(t)
  await client.startTls({ servername: 'mx.lab.test', ca })
  await client.say('EHLO client.shop.example')
  await client.send({ from: 'hello@shop.example', to: ['ok@shop.test'], data })
  assert.deepEqual(
    rows.map((row) => row.tls),
    ['TLSv1.3'],
  )
})

test('mailboxes that refuse say so at RCPT, with or without a tag', async (t) => {
  const { client, receiver } = await open(t)
  await client.say('MAIL FROM:<hello@shop.example>')
  const cases = [
    ['busy', '450 4.2.0 The mailbox is busy, try again later'],
    ['missing', '550 5.1.1 No such user here'],
    ['full', '552 5.2.2 The mailbox is full, over its quota'],
  ] as const
  for (const [name, reply] of cases) {
    for (const local of [name, name.toUpperCase(), `${name}+tag`]) {
      assert.equal(await client.say(`RCPT TO:<${local}@shop.test>`), reply)
    }
  }
  assert.equal(await client.say('RCPT TO:<busyness@shop.test>'), '250 2.1.5 Ok')
  assert.equal(
    await client.say('RCPT TO:<someone@gmail.com>'),
    '550 5.7.1 Relaying denied: not a domain of the lab',
  )
  assert.equal(receiver.counters().refusedRecipients, 10)
})

test('a greylisted sender is let in after the time, a new one waits again', async (t) => {
  const { client, pass } = await open(t)
  await client.say('MAIL FROM:<hello@shop.example>')
  assert.equal(
    await client.say('RCPT TO:<greylist@shop.test>'),
    '451 4.7.1 Greylisted, try again in 60 seconds',
  )
  pass(20_500)
  assert.equal(
    await client.say('RCPT TO:<greylist@shop.test>'),
    '451 4.7.1 Greylisted, try again in 40 seconds',
  )
  pass(39_500)
  assert.equal(await client.say('RCPT TO:<greylist@shop.test>'), '250 2.1.5 Ok')
  await client.say('RSET')
  await client.say('MAIL FROM:<other@shop.example>')
  assert.equal(
    await client.say('RCPT TO:<greylist@shop.test>'),
    '451 4.7.1 Greylisted, try again in 60 seconds',
  )
})

test('the slow mailbox takes its time at RCPT and at the end', async (t) => {
  const { client, slept, rows } = await open(t)
  await client.send({ from: 'hello@shop.example', to: ['slow@shop.test'], data })
  assert.deepEqual(slept, [3_000, 3_000])
  assert.equal(rows.length, 1)
})

test('spam@ complains and bounce-later@ bounces, but never to the null sender', async (t) => {
  const { client, complaints, bounces, rows } = await open(t)
  const to = ['spam@shop.test', 'bounce-later+1@shop.test', 'ok@shop.test']
  await client.send({ from: 'b+1.abc@bounce.example', to, data })
  await client.send({ from: '', to, data })
  const seen = (reports: ReportedMessage[]) =>
    reports.map(({ sender, recipient }) => [formatAddress(sender), formatAddress(recipient)])
  assert.deepEqual(seen(complaints), [['b+1.abc@bounce.example', 'spam@shop.test']])
  assert.deepEqual(seen(bounces), [['b+1.abc@bounce.example', 'bounce-later+1@shop.test']])
  assert.equal(rows.length, 6)
})

test('the sink counts and keeps nothing', async (t) => {
  const { client, receiver, rows } = await open(t)
  const replies = await client.send({ from: 'a@shop.example', to: ['busy@sink.test', 'x@sink.test'], data })
  assert.equal(replies.at(-1), '250 2.0.0 Ok: counted by the lab')
  await client.send({ from: 'a@shop.example', to: ['x@sink.test', 'ok@shop.test'], data })
  assert.deepEqual(
    rows.map((row) => row.recipient),
    ['ok@shop.test'],
  )
  assert.deepEqual(receiver.counters(), {
    received: 1,
    refusedRecipients: 0,
    sinkMessages: 2,
    sinkRecipients: 3,
    sinkBytes: 2 * (data.length + 2),
  })
})

test('mail that cannot be stored is put off', async (t) => {
  const opened = await open(t)
  opened.break()
  const replies = await opened.client.send({ from: 'a@shop.example', to: ['ok@shop.test'], data })
  assert.match(replies.at(-1) ?? '', /^451 4\.3\.0 /)
  assert.equal(opened.receiver.counters().received, 0)
})

test('odd headers are taken as they are', async (t) => {
  const { client, rows } = await open(t)
  const cases = [
    ['no header at all', '\r\nbody', '', ''],
    ['no From', 'Subject: x\r\n\r\nbody', '', 'x'],
    ['From that is no address', 'From: nobody\r\nSubject: =?utf-8?B?AA==?=x\r\n\r\nbody', 'nobody', ' x'],
    [
      'a long subject',
      `From: a@b.test\r\nSubject: ${'y'.repeat(900)}\r\n\r\nbody`,
      'a@b.test',
      'y'.repeat(500),
    ],
  ] as const
  for (const [what, raw, from, subject] of cases) {
    rows.length = 0
    await client.send({ from: 'a@shop.example', to: ['ok@shop.test'], data: raw })
    assert.deepEqual([rows[0]?.header_from, rows[0]?.subject], [from, subject], what)
  }
})
