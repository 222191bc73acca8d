import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { before, type TestContext } from 'node:test'
import { openSmtp } from '../../test/smtp-dialogue.ts'
import { storageTest } from '../../test/storage.ts'
import { silentLog } from '../runtime/log.ts'
import { makeAuthority, makeServerCertificate } from '../runtime/make-certificates.ts'
import type { Storage } from '../storage/storage.ts'
import { type LabOptions, startLab } from './lab.ts'
import { labSpf } from './zone.ts'

let ca: string
let tls: { cert: string; key: string }
before(async () => {
  const authority = await makeAuthority(Date.now())
  const made = await makeServerCertificate({ authority, names: ['mx.lab.test'], now: Date.now() })
  ca = authority.certificate
  tls = { cert: made.certificate, key: made.key }
})

async function start(t: TestContext, storage: Storage, options: Partial<LabOptions> = {}) {
  const lab = await startLab({
    storage,
    log: silentLog,
    ports: { dns: 0, receiver: 0 },
    tls,
    published: async () => [{ name: 'shop.example', type: 'TXT', value: labSpf, ttl: 5 }],
    settings: { reportDelayMs: 10 },
    ...options,
  })
  t.after(() => lab.stop())
  const resolver = new Resolver({ timeout: 5_000, tries: 1 })
  resolver.setServers([`${lab.dns.host}:${lab.dns.port}`])
  return { lab, resolver }
}

const data = 'From: hello@shop.example\r\nSubject: Your order\r\n\r\nHello'

storageTest('mail goes over the wire into the inbox, and its complaint comes back', async (t, storage) => {
  const { lab } = await start(t, storage)
  const client = await openSmtp(lab.receiver.port)
  t.after(() => client.close())
  await client.say('EHLO mail.shop.example')
  await client.startTls({ servername: 'mx.lab.test', ca })
  await client.say('EHLO mail.shop.example')

  const waiting = lab.inbox.list({ to: 'spam@ok.test', waitMs: 20_000 })
  await client.send({
    from: 'b+1@shop.example',
    to: ['spam@ok.test', 'missing@ok.test', 'x@sink.test'],
    data,
  })
  const [message] = await waiting
  assert.ok(message)
  const { id, receivedAt, ...rest } = message
  assert.deepEqual(rest, {
    from: 'hello@shop.example',
    to: 'spam@ok.test',
    subject: 'Your order',
    dkim: 'none',
    spf: 'pass',
    dmarc: 'none',
    tls: 'TLSv1.3',
    envelopeFrom: 'b+1@shop.example',
  })
  assert.ok(Math.abs(Date.now() - receivedAt) < 60_000)
  assert.equal((await lab.inbox.show(id))?.content.toString(), `${data}\r\n`)

  const [complaint] = await lab.inbox.list({ to: 'b+1@shop.example', waitMs: 20_000 })
  assert.deepEqual([complaint?.from, complaint?.envelopeFrom], ['feedback@lab.test', ''])
  const { received, refusedRecipients, sinkMessages, sinkRecipients, reportsFailed } = await lab.counters()
  assert.deepEqual(
    [received, refusedRecipients, sinkMessages, sinkRecipients, reportsFailed],
    [2, 1, 1, 1, 0],
  )
})

storageTest('DNS knows what the instance publishes and what people put, at once', async (t, storage) => {
  const { lab, resolver } = await start(t, storage)
  assert.deepEqual(await resolver.resolveTxt('shop.example'), [[labSpf]])
  const record = await lab.records.put({ name: 'shop.example', type: 'TXT', value: 'token-1' })
  assert.deepEqual(await resolver.resolveTxt('shop.example'), [['token-1'], [labSpf]])
  await lab.records.remove(record.id)
  assert.deepEqual(await resolver.resolveTxt('shop.example'), [[labSpf]])
  assert.deepEqual(await resolver.resolveMx('ok.test'), [
    { exchange: 'mx.lab.test', priority: 10, type: 'MX' },
  ])
  await assert.rejects(resolver.resolveMx('gmail.com'), { code: 'ENOTFOUND' })
  assert.ok((await lab.counters()).dnsQueries >= 5)
})

storageTest('what cannot be read from the database is a failure of the name server', async (t, storage) => {
  const { resolver } = await start(t, storage, {
    published: async () => {
      throw new Error('no database')
    },
  })
  await assert.rejects(resolver.resolveTxt('shop.example'), { code: 'ESERVFAIL' })
})

storageTest('many at once are all there, and stopping closes the doors', async (t, storage) => {
  const { lab } = await start(t, storage)
  await Promise.all(
    Array.from({ length: 10 }, async (_, client) => {
      const dialogue = await openSmtp(lab.receiver.port)
      await dialogue.say('EHLO mail.shop.example')
      for (let each = 0; each < 10; each += 1) {
        const replies = await dialogue.send({
          from: 'a@shop.example',
          to: [`ok+${client}.${each}@ok.test`],
          data,
        })
        assert.equal(replies.at(-1), '250 2.0.0 Ok: taken by the lab')
      }
      dialogue.close()
    }),
  )
  const stored = await lab.inbox.list({ limit: 1_000 })
  assert.equal(new Set(stored.map(({ to }) => to)).size, 100)

  await lab.stop()
  await lab.stop()
  const refused = connect(lab.receiver.port, lab.receiver.host)
  const [error] = await once(refused, 'error')
  assert.equal(error.code, 'ECONNREFUSED')
  await assert.rejects(lab.counters(), /The lab has stopped/)
})

storageTest('a port that is taken stops the start, with the reason', async (t, storage) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  for (const ports of [
    { dns: address.port, receiver: 0 },
    { dns: 0, receiver: address.port },
  ]) {
    await assert.rejects(start(t, storage, { ports }), { code: 'EADDRINUSE' })
  }
})
