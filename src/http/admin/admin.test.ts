import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { httpStorageTest, httpTest, type TestHttp } from '../../../test/http-server.ts'
import { temporaryFolder } from '../../../test/storage.ts'
import type { LabMessage, LabRecord } from '../dependencies.ts'

function admin(http: TestHttp, method: string, path: string, body?: unknown) {
  return http.call({ method, path: `/api${path}`, body, headers: { authorization: http.bearer } })
}

const mail = {
  from: 'Shop <hello@shop.example>',
  to: ['lea@example.net', 'B <b@example.net>'],
  subject: 'Hi',
  text: 'x',
}

httpTest('without the token nothing is told, also not what exists', async (http) => {
  const wrong = ['', 'Bearer', `Bearer ${'x'.repeat(33)}`, http.basic, `${http.bearer}x`]
  for (const authorization of wrong) {
    for (const path of ['/api/keys', '/api/openapi.json', '/api/messages/1']) {
      const answer = await http.call({ path, headers: authorization === '' ? {} : { authorization } })
      assert.equal(answer.status, 401)
      assert.deepEqual(answer.body, {
        error: {
          code: 'unauthorized',
          message: 'Sign in, or send the admin token of this server as Authorization: Bearer <token>',
        },
      })
    }
  }
})

httpStorageTest('keys: made, listed, suspended, resumed, rotated', async (http) => {
  const made = await admin(http, 'POST', '/keys', { name: 'shop' })
  assert.equal(made.status, 201)
  const { key, secret } = made.body as { key: { id: number; publicKey: string }; secret: string }
  const login = (password: string) =>
    http.call({
      path: '/v3/REST/message',
      headers: { authorization: `Basic ${Buffer.from(`${key.publicKey}:${password}`).toString('base64')}` },
    })
  assert.equal((await login(secret)).status, 200)
  assert.equal((await admin(http, 'POST', `/keys/${key.id}/suspend`)).status, 200)
  assert.equal((await login(secret)).status, 401)
  assert.equal((await admin(http, 'POST', `/keys/${key.publicKey}/resume`)).status, 200)
  const rotated = (await admin(http, 'POST', `/keys/${key.id}/rotate`)).body as { secret: string }
  assert.equal((await login(secret)).status, 401)
  assert.equal((await login(rotated.secret)).status, 200)
  const listed = (await admin(http, 'GET', '/keys')).body as { keys: Record<string, unknown>[] }
  assert.equal(listed.keys.length, 2)
  assert.ok(!JSON.stringify(listed).includes('hash'))
})

httpTest('domains are shown with what to publish', async (http) => {
  const shown = await admin(http, 'GET', '/domains/shop.example')
  assert.equal(shown.status, 200, shown.text)
  const { domain } = shown.body as { domain: { name: string; records: { purpose: string }[] } }
  assert.equal(domain.name, 'shop.example')
  assert.ok(domain.records.some((record) => record.purpose === 'dkim'))
  assert.ok(!shown.text.includes('PRIVATE KEY'))
})

httpStorageTest('a message is sent, found, and its story told', async (http) => {
  const sent = await admin(http, 'POST', '/send', mail)
  assert.equal(sent.status, 201, sent.text)
  const { recipients } = sent.body as { recipients: { id: number; address: string; messageId: number }[] }
  assert.deepEqual(
    recipients.map((one) => one.address),
    ['lea@example.net', 'b@example.net'],
  )
  const [first, second] = recipients
  const list = async (query: string) => {
    const answer = await admin(http, 'GET', `/messages${query}`)
    assert.equal(answer.status, 200, answer.text)
    return (answer.body as { messages: { id: number }[] }).messages.map((one) => one.id)
  }
  assert.deepEqual(await list(''), [second?.id, first?.id])
  assert.deepEqual(await list('?search=LEA@'), [first?.id])
  assert.deepEqual(await list('?search=100%25'), [])
  assert.deepEqual(await list(`?search=${first?.messageId}`), [second?.id, first?.id])
  assert.deepEqual(await list('?state=delivered'), [])
  assert.deepEqual(await list(`?before=${second?.id}&limit=1`), [first?.id])

  const one = await admin(http, 'GET', `/messages/${first?.id}`)
  const { story, sentences } = one.body as {
    story: { deliveries: { recipient: string }[]; events: { kind: string }[] }
    sentences: string[]
  }
  assert.deepEqual(
    story.deliveries.map((delivery) => delivery.recipient),
    ['lea@example.net'],
  )
  assert.deepEqual(
    story.events.map((event) => event.kind),
    ['accepted'],
  )
  assert.match(
    sentences[0] ?? '',
    /^Message \d+ “Hi” from hello@shop\.example was accepted at .* from the command line/,
  )
  const whole = await admin(http, 'GET', `/messages/${first?.messageId}`)
  assert.equal((whole.body as { story: { deliveries: unknown[] } }).story.deliveries.length, 2)
})

httpStorageTest('the queue is shown and changed', async (http) => {
  const sent = (await admin(http, 'POST', '/send', mail)).body as {
    recipients: { id: number; messageId: number }[]
  }
  const [first, second] = sent.recipients.map((one) => one.id)
  const states = async () => {
    const { deliveries } = (await admin(http, 'GET', `/queue/${sent.recipients[0]?.messageId}`)).body as {
      deliveries: { state: string }[]
    }
    return deliveries.map((one) => one.state)
  }
  const held = await admin(http, 'POST', '/queue/hold', { ids: [first] })
  assert.deepEqual(held.body, { changed: [first], refused: [] })
  assert.deepEqual(await states(), ['held', 'queued'])
  const counts = (await admin(http, 'GET', '/queue/counts')).body as { lanes: { lane: string }[] }
  assert.deepEqual(
    counts.lanes.find((one) => one.lane === 'transactional'),
    { lane: 'transactional', due: 1, waiting: 0, leased: 0, held: 1 },
  )
  const released = await admin(http, 'POST', '/queue/release', { filter: { state: 'held' } })
  assert.deepEqual(released.body, { changed: [first], refused: [] })
  const dropped = await admin(http, 'POST', '/queue/drop', { filter: { domain: 'EXAMPLE.net' } })
  assert.deepEqual(dropped.body, { changed: [first, second], refused: [] })
  assert.deepEqual((await admin(http, 'GET', '/queue')).body, { deliveries: [] })
  assert.deepEqual((await admin(http, 'POST', '/queue/retry', { ids: [first] })).body, {
    changed: [],
    refused: [{ id: first, reason: 'lea@example.net is not waiting any more: it is dropped' }],
  })
})

const bad: [method: string, path: string, body: unknown, status: number, error: object][] = [
  ['GET', '/messages?state=lost', undefined, 400, { code: 'bad-value', field: 'state' }],
  ['GET', '/messages?limit=0', undefined, 400, { code: 'bad-value', field: 'limit' }],
  ['GET', '/messages?nonsense=1', undefined, 400, { code: 'bad-value', field: 'nonsense' }],
  ['GET', '/messages/x', undefined, 404, { code: 'not-found' }],
  ['GET', '/messages/12345', undefined, 404, { code: 'not-found' }],
  ['GET', '/messages?key=nobody', undefined, 404, { code: 'not-found' }],
  ['POST', '/keys', '{', 400, { code: 'bad-value', field: 'body' }],
  ['POST', '/keys', { name: 5 }, 400, { code: 'bad-value', field: 'name' }],
  ['POST', '/keys', { name: 'a\nb' }, 400, { code: 'bad-value' }],
  ['POST', '/keys/nobody/suspend', undefined, 404, { code: 'not-found' }],
  [
    'POST',
    '/send',
    { ...mail, subject: 'a\r\nBcc: x@y.example' },
    400,
    { code: 'bad-value', field: 'subject' },
  ],
  ['POST', '/send', { ...mail, from: 'nobody' }, 400, { code: 'bad-value', field: 'from' }],
  ['POST', '/send', { ...mail, to: [] }, 400, { code: 'bad-value', field: 'to' }],
  ['POST', '/send', { ...mail, to: ['a@b.example', 'x'] }, 400, { code: 'bad-value', field: 'to.1' }],
  ['POST', '/send', { ...mail, text: undefined }, 400, { code: 'bad-value', field: 'text' }],
  ['POST', '/queue/drop', {}, 400, { code: 'bad-value' }],
  ['POST', '/queue/drop', { filter: {} }, 400, { code: 'bad-value' }],
  ['POST', '/queue/drop', { ids: ['1'] }, 400, { code: 'bad-value', field: 'ids.0' }],
  ['POST', '/queue/hold', { ids: [12345] }, 404, { code: 'not-found' }],
  ['GET', '/lab/inbox', undefined, 404, { code: 'not-found' }],
  ['POST', '/backup', { path: 'relative.db' }, 400, { code: 'bad-value', field: 'path' }],
  ['GET', '/nothing', undefined, 404, { code: 'not-found' }],
  ['PUT', '/keys', undefined, 404, { code: 'not-found' }],
]

httpTest('what is refused says why, and where', async (http, t) => {
  for (const [method, path, body, status, expected] of bad) {
    await t.test(`${method} ${path} ${JSON.stringify(body)?.slice(0, 60)}`, async () => {
      const answer = await admin(http, method, path, body)
      assert.equal(answer.status, status, answer.text)
      const { error } = answer.body as { error: { message: string } }
      const { message, ...rest } = error
      assert.deepEqual(rest, expected, message)
      assert.ok(message.length > 5)
    })
  }
})

httpTest('a backup is written once', async (http, t) => {
  const path = join(temporaryFolder(t), 'copy.db')
  const answer = await admin(http, 'POST', '/backup', { path })
  assert.deepEqual([answer.status, answer.body], [200, { path }])
  assert.ok(existsSync(path))
  const again = await admin(http, 'POST', '/backup', { path })
  assert.equal(again.status, 409, again.text)
})

httpTest('the OpenAPI document names every route', async (http) => {
  const document = (await admin(http, 'GET', '/openapi.json')).body as {
    openapi: string
    paths: Record<string, Record<string, { parameters: { name: string }[]; requestBody?: object }>>
  }
  assert.equal(document.openapi, '3.1.0')
  assert.deepEqual(document.paths['/messages']?.get?.parameters.map((one) => one.name).slice(0, 2), [
    'search',
    'state',
  ])
  assert.ok(document.paths['/queue/hold']?.post?.requestBody)
  assert.deepEqual(document.paths['/keys/{key}/rotate']?.post?.parameters, [
    { name: 'key', in: 'path', required: true, schema: { type: 'string' } },
  ])
})

const received: LabMessage = {
  id: 7,
  from: 'hello@shop.example',
  to: 'ok@lab.test',
  subject: 'Hi',
  dkim: 'pass',
  spf: 'pass',
  dmarc: 'pass',
  tls: 'TLSv1.3',
  receivedAt: 1_700_000_000_000,
  envelopeFrom: 'b@bounce.example',
}
const records: LabRecord[] = []
/** The lab lies below http: what stands here is its interface with one message in it. */
const lab = {
  inbox: {
    list: async (query: { to?: string }) =>
      query.to === undefined || received.to.includes(query.to) ? [received] : [],
    show: async (id: number) =>
      id === received.id
        ? { ...received, authenticationResults: 'x', content: Buffer.from('Subject: Hi\r\n') }
        : undefined,
    clear: async () => 1,
  },
  records: {
    list: async () => records,
    put: async (record: { name: string; type: string; value: string; ttl?: number }) => {
      const made = { ttl: 5, ...record, id: 1 }
      records.push(made)
      return made
    },
    remove: async (id: number) => id === 1,
  },
}

httpTest(
  'the inbox and the records of the lab',
  async (http) => {
    assert.deepEqual((await admin(http, 'GET', '/lab/inbox?to=ok&limit=5')).body, { messages: [received] })
    assert.deepEqual((await admin(http, 'GET', '/lab/inbox?to=nobody')).body, { messages: [] })
    const shown = (await admin(http, 'GET', '/lab/inbox/7')).body as { message: { content: string } }
    assert.equal(shown.message.content, 'Subject: Hi\r\n')
    assert.equal((await admin(http, 'GET', '/lab/inbox/8')).status, 404)
    assert.deepEqual((await admin(http, 'DELETE', '/lab/inbox')).body, { cleared: 1 })
    const record = { name: 'a.test', type: 'A', value: '127.0.0.1' }
    assert.equal((await admin(http, 'POST', '/lab/records', record)).status, 201)
    assert.deepEqual((await admin(http, 'GET', '/lab/records')).body, {
      records: [{ ...record, ttl: 5, id: 1 }],
    })
    assert.equal((await admin(http, 'DELETE', '/lab/records/1')).status, 200)
    assert.equal((await admin(http, 'DELETE', '/lab/records/2')).status, 404)
  },
  { lab },
)
