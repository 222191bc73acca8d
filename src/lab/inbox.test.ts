import assert from 'node:assert/strict'
import { storageTest } from '../../test/storage.ts'
import { silentLog } from '../runtime/log.ts'
import { createInbox, type ReceivedRow } from './inbox.ts'

function row(changes: Partial<ReceivedRow> = {}): ReceivedRow {
  return {
    received_at: 1_790_000_000_000,
    envelope_from: 'b+1@bounce.example',
    recipient: 'you@ok.test',
    header_from: 'hello@shop.example',
    subject: 'Your order',
    dkim: 'pass',
    spf: 'pass',
    dmarc: 'pass',
    tls: 'TLSv1.3',
    authentication_results: 'Authentication-Results: mx.lab.test; dkim=pass',
    content: Buffer.from('Subject: Your order\r\n\r\nHello \0 \xff', 'latin1'),
    ...changes,
  }
}

storageTest('messages are listed newest first, filtered, and shown whole', async (_t, storage) => {
  const { inbox, store } = createInbox({ storage, log: silentLog })
  await store([row({ subject: 'one' }), row({ subject: 'two', recipient: 'other_person@ok.test' })])
  await store([row({ subject: '100% three', header_from: 'News@Other.Example' })])

  const subjects = async (query: Parameters<typeof inbox.list>[0]) =>
    (await inbox.list(query)).map(({ subject }) => subject)
  assert.deepEqual(await subjects({}), ['100% three', 'two', 'one'])
  assert.deepEqual(await subjects({ limit: 2 }), ['100% three', 'two'])
  assert.deepEqual(await subjects({ to: 'YOU@' }), ['100% three', 'one'])
  assert.deepEqual(await subjects({ to: 'r_p' }), ['two'])
  assert.deepEqual(await subjects({ to: 'o_@' }), [])
  assert.deepEqual(await subjects({ subject: '0% T' }), ['100% three'])
  assert.deepEqual(await subjects({ subject: '\\' }), [])
  assert.deepEqual(await subjects({ from: 'news@other.example', subject: 'three' }), ['100% three'])
  assert.deepEqual(await subjects({ from: 'nobody' }), [])

  const [newest, middle, oldest] = await inbox.list()
  assert.ok(newest && middle && oldest)
  assert.deepEqual(await subjects({ after: middle.id }), ['100% three'])
  assert.deepEqual(await subjects({ before: middle.id }), ['one'])
  assert.deepEqual(oldest, {
    id: oldest.id,
    from: 'hello@shop.example',
    to: 'you@ok.test',
    subject: 'one',
    dkim: 'pass',
    spf: 'pass',
    dmarc: 'pass',
    tls: 'TLSv1.3',
    receivedAt: 1_790_000_000_000,
    envelopeFrom: 'b+1@bounce.example',
  })
  assert.deepEqual(await inbox.show(oldest.id), {
    ...oldest,
    authenticationResults: 'Authentication-Results: mx.lab.test; dkim=pass',
    content: Buffer.from('Subject: Your order\r\n\r\nHello \0 \xff', 'latin1'),
  })
  assert.equal(await inbox.show(newest.id + 1_000), undefined)

  assert.equal(await inbox.clear(), 3)
  assert.deepEqual(await inbox.list(), [])
})

storageTest('waiting ends with the message, with the time, or with the caller', async (_t, storage) => {
  const { inbox, store } = createInbox({ storage, log: silentLog })
  await store([row({ recipient: 'early@ok.test' })])

  const [early] = await inbox.list({ to: 'early@ok.test', waitMs: 60_000 })
  assert.equal(early?.to, 'early@ok.test')

  const waiting = inbox.list({ to: 'late@ok.test', waitMs: 60_000 })
  await store([row({ recipient: 'another@ok.test' })])
  await store([row({ recipient: 'late@ok.test' })])
  assert.deepEqual(
    (await waiting).map(({ to }) => to),
    ['late@ok.test'],
  )

  assert.deepEqual(await inbox.list({ to: 'never@ok.test', waitMs: 30 }), [])
  const caller = new AbortController()
  const left = inbox.list({ to: 'never@ok.test', waitMs: 60_000, signal: caller.signal })
  caller.abort()
  assert.deepEqual(await left, [])
})

storageTest('only the newest are kept', async (_t, storage) => {
  const { inbox, store, settled } = createInbox({ storage, log: silentLog, keep: 10 })
  for (let first = 0; first < 30; first += 5) {
    await store(Array.from({ length: 5 }, (_, at) => row({ subject: `${first + at}` })))
  }
  await settled()
  const kept = await inbox.list({ limit: 1_000 })
  assert.deepEqual(
    kept.map(({ subject }) => subject),
    Array.from({ length: 10 }, (_, at) => `${29 - at}`),
  )
})
