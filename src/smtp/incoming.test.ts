import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeTestCertificate, serverName } from '../../test/smtp-server.ts'
import { openWire } from '../../test/smtp-wire.ts'
import { formatAddress } from '../mail/address.ts'
import { systemClock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { type Acceptance, createIncomingServer, type IncomingMail } from './incoming.ts'
import type { SmtpLimits } from './limits.ts'

const { secureContext } = await makeTestCertificate()
const acceptances: Record<string, Acceptance> = {
  'b+token@bounce.mail.example': 'ok',
  'nobody@bounce.mail.example': 'no-such-recipient',
}

async function start(limits: Partial<SmtpLimits> = {}) {
  const received: IncomingMail[] = []
  const server = createIncomingServer({
    name: serverName,
    host: '127.0.0.1',
    port: 0,
    secureContext,
    accepts: (recipient) => acceptances[formatAddress(recipient)] ?? 'relaying-denied',
    async receive(mail) {
      received.push({ ...mail, raw: Buffer.from(mail.raw) })
      return { code: 250, enhanced: '2.0.0', text: 'Ok: taken' }
    },
    limits,
    log: silentLog,
    clock: systemClock,
  })
  const port = await server.listen()
  return {
    received,
    async open() {
      const wire = await openWire(port)
      await wire.read()
      wire.write('EHLO mx.client.example\r\n')
      await wire.read()
      return wire
    },
    port,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

test('STARTTLS is offered, AUTH is not', async () => {
  await using app = await start()
  using wire = await openWire(app.port)
  await wire.read()
  wire.write('EHLO mx.client.example\r\n')
  const [hello] = await wire.read()
  assert.match(String(hello), /STARTTLS/)
  assert.doesNotMatch(String(hello), /AUTH/)
})

const refusals: [recipient: string, reply: string][] = [
  ['someone@elsewhere.example', '550 5.7.1 Relaying denied: no mail for that domain is taken here'],
  ['nobody@bounce.mail.example', '550 5.1.1 No such recipient here'],
  [
    '"b+token@bounce.mail.example"@elsewhere.example',
    '550 5.7.1 Relaying denied: no mail for that domain is taken here',
  ],
  [
    'b+token%bounce.mail.example@elsewhere.example',
    '550 5.7.1 Relaying denied: no mail for that domain is taken here',
  ],
  [
    '@bounce.mail.example:someone@elsewhere.example',
    '550 5.7.1 Relaying denied: no mail for that domain is taken here',
  ],
]

for (const [recipient, reply] of refusals) {
  test(`${recipient} is refused at RCPT`, async () => {
    await using app = await start()
    using wire = await app.open()
    wire.write(`MAIL FROM:<a@client.example>\r\nRCPT TO:<${recipient}>\r\n`)
    const [, second] = await wire.read(2)
    assert.equal(second, reply)
  })
}

test('a report with the null sender is taken for those recipients that are ours', async () => {
  await using app = await start()
  using wire = await app.open()
  wire.write(
    'MAIL FROM:<>\r\nRCPT TO:<x@elsewhere.example>\r\nRCPT TO:<b+token@bounce.mail.example>\r\nDATA\r\n',
  )
  await wire.read(4)
  wire.write('Subject: failure\r\n\r\nSorry.\r\n.\r\n')
  assert.deepEqual(await wire.read(), ['250 2.0.0 Ok: taken'])
  const [mail] = app.received
  assert.equal(mail?.envelopeFrom, null)
  assert.deepEqual(mail?.recipients.map(formatAddress), ['b+token@bounce.mail.example'])
  assert.equal(mail?.raw.toString(), 'Subject: failure\r\n\r\nSorry.\r\n')
  assert.deepEqual(mail?.client, { address: '127.0.0.1', helo: 'mx.client.example', tls: '' })
})

test('mail that has been everywhere is a loop', async () => {
  await using app = await start()
  using wire = await app.open()
  wire.write('MAIL FROM:<>\r\nRCPT TO:<b+token@bounce.mail.example>\r\nDATA\r\n')
  await wire.read(3)
  wire.write(`${'Received: from a by b\r\n'.repeat(51)}\r\nx\r\n.\r\n`)
  assert.match(String((await wire.read())[0]), /^554 5\.4\.6 Mail loop/)
  assert.equal(app.received.length, 0)
})

test('nothing is smuggled past a bare line feed', async () => {
  await using app = await start()
  using wire = await app.open()
  wire.write('MAIL FROM:<>\r\nRCPT TO:<b+token@bounce.mail.example>\r\nDATA\r\n')
  await wire.read(3)
  wire.write(
    'x: y\r\n\r\nbody\n.\nMAIL FROM:<>\r\nRCPT TO:<b+token@bounce.mail.example>\r\nDATA\r\nevil\r\n.\r\n',
  )
  assert.match(await wire.readToEnd(), /^554 5\.6\.0 Bare CR or LF/)
  assert.equal(app.received.length, 0)
})

test('more connections of one address than the settings allow are told to come later', async () => {
  await using app = await start({ maxConnectionsPerAddress: 2 })
  using _first = await app.open()
  using _second = await app.open()
  using third = await openWire(app.port)
  assert.match(await third.readToEnd(), /^421 4\.\d\.\d/)
})
