import assert from 'node:assert/strict'
import { once } from 'node:events'
import https from 'node:https'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { httpTest, startTestHttp, type TestHttp, type TestHttpOptions } from '../../test/http-server.ts'
import { cleanUp, openTestStorage, storagePlace, temporaryFolder } from '../../test/storage.ts'
import { ensureCertificates } from '../runtime/certificates.ts'
import { createLog } from '../runtime/log.ts'

const listener = { host: '127.0.0.1', port: 0 }

async function listening(
  t: TestContext,
  options: TestHttpOptions = {},
): Promise<TestHttp & { ports: number[] }> {
  const storage = await openTestStorage(t, await storagePlace(t, 'sqlite'))
  const http = await startTestHttp(storage, t, { listeners: [listener], ...options })
  const bound = await http.server.listen()
  return { ...http, ports: bound.map((one) => one.port) }
}

const mail = JSON.stringify({
  Messages: [
    { From: { Email: 'hello@shop.example' }, To: [{ Email: 'a@example.net' }], Subject: 'Hi', TextPart: 'x' },
  ],
})

/** Everything the server says until it closes. */
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => undefined)
  await once(socket, 'close')
  return text
}

test('a client that has not finished writing reads why its body is too large', async (t) => {
  const http = await listening(t, { limits: { maxBodyBytes: 100_000 } })
  const sizeBytes = 40_000_000
  const lengths = { declared: `Content-Length: ${sizeBytes}`, chunked: 'Transfer-Encoding: chunked' }
  for (const [kind, length] of Object.entries(lengths)) {
    const socket = connect(http.ports[0] ?? 0, '127.0.0.1')
    socket.write(
      `POST /v3.1/send HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${length}\r\nAuthorization: ${http.basic}\r\n\r\n`,
    )
    const said = readAll(socket)
    const piece = Buffer.alloc(1_000_000, 0x20)
    for (let sent = 0; sent < sizeBytes; sent += piece.length) {
      const chunk =
        kind === 'declared' ? piece : Buffer.concat([Buffer.from('f4240\r\n'), piece, Buffer.from('\r\n')])
      assert.ok(socket.writable, `${kind}: closed after ${sent} bytes`)
      if (!socket.write(chunk)) await once(socket, 'drain')
    }
    socket.end(kind === 'declared' ? '' : '0\r\n\r\n')
    assert.match(await said, /^HTTP\/1\.1 400 [\s\S]*"ErrorCode":"mj-0011"/, kind)
  }
})

test('node-mailjet sends over HTTPS with a private authority', async (t) => {
  const own = await ensureCertificates({
    folder: temporaryFolder(t),
    names: ['localhost'],
    now: Date.now(),
  })
  const http = await listening(t, {
    listeners: [listener, { ...listener, tls: { cert: own.certificate, key: own.key } }],
  })
  const { default: mailjetModule } = await import('node-mailjet')
  // Its types describe an ES module, the package is CommonJS.
  const Mailjet = mailjetModule as unknown as typeof mailjetModule.default
  // The client has no setting for an authority; this process runs nothing but this file.
  https.globalAgent.options.ca = own.ca
  const client = new Mailjet({
    apiKey: http.publicKey,
    apiSecret: http.secret,
    config: { host: `localhost:${http.ports[1]}`, version: 'v3.1' },
  })
  const sent = await client.post('send', { version: 'v3.1' }).request(JSON.parse(mail))
  const body = sent.body as unknown as { Messages: { Status: string; To: { MessageID: number }[] }[] }
  assert.equal(body.Messages[0]?.Status, 'success')
  const id = body.Messages[0]?.To[0]?.MessageID
  const found = await client.get('message', { version: 'v3' }).id(Number(id)).request()
  assert.equal((found.body as unknown as { Data: { Status: string }[] }).Data[0]?.Status, 'queued')

  await assert.rejects(
    async () => client.post('send', { version: 'v3.1' }).request({ Messages: [{}] }),
    (error: { statusCode?: number }) => error.statusCode === 400,
  )
})

test('a request over a socket: keep-alive, security headers, no name of the software', async (t) => {
  const http = await listening(t)
  const response = await fetch(`http://127.0.0.1:${http.ports[0]}/V3.1/SEND/`, {
    method: 'POST',
    headers: { authorization: http.basic, connection: 'close' },
    body: mail,
  })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(response.headers.get('x-frame-options'), 'DENY')
  assert.equal(response.headers.get('x-powered-by'), null)
  const { Messages } = (await response.json()) as { Messages: { To: { MessageHref: string }[] }[] }
  assert.ok(Messages[0]?.To[0]?.MessageHref.startsWith(`http://127.0.0.1:${http.ports[0]}/v3/REST/message/`))
})

test('without credentials a large body is not waited for', async (t) => {
  const http = await listening(t)
  const socket = connect(http.ports[0] ?? 0, '127.0.0.1')
  cleanUp(t, () => socket.destroy())
  socket.write('POST /v3.1/send HTTP/1.1\r\nHost: x\r\nContent-Length: 15000000\r\n\r\n{')
  const [first] = (await once(socket, 'data')) as [Buffer]
  assert.match(first.toString(), /^HTTP\/1\.1 401 /)
})

test('a body above the limit is refused when it is announced', async (t) => {
  const http = await listening(t)
  const socket = connect(http.ports[0] ?? 0, '127.0.0.1')
  cleanUp(t, () => socket.destroy())
  socket.write(
    `POST /v3.1/send HTTP/1.1\r\nHost: x\r\nAuthorization: ${http.basic}\r\nContent-Length: 9000000000\r\n\r\n{`,
  )
  const [first] = (await once(socket, 'data')) as [Buffer]
  assert.match(first.toString(), /^HTTP\/1\.1 400 [\s\S]*"mj-0011"/)
})

test('slow clients are cut off: headers and bodies that never end', async (t) => {
  const http = await listening(t, { limits: { requestTimeoutMs: 300 } })
  const starts = [
    'POST /v3.1/send HTTP/1.1\r\nHost: x\r\n',
    `POST /v3.1/send HTTP/1.1\r\nHost: x\r\nAuthorization: ${http.basic}\r\nContent-Length: 1000\r\n\r\n{`,
  ]
  for (const start of starts) {
    const socket = connect(http.ports[0] ?? 0, '127.0.0.1')
    cleanUp(t, () => socket.destroy())
    socket.write(start)
    const text = await readAll(socket)
    assert.match(text, /^(?:HTTP\/1\.1 408 |$)/)
  }
  assert.equal((await fetch(`http://127.0.0.1:${http.ports[0]}/healthz`)).status, 200)
})

test('hostile HTTP is answered and the server goes on', async (t) => {
  const http = await listening(t)
  const cases: [string, RegExp][] = [
    ['nonsense\r\n\r\n', /^HTTP\/1\.1 400 /],
    [`GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    [
      'POST /v3.1/send HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
  ]
  for (const [text, expected] of cases) {
    const socket = connect(http.ports[0] ?? 0, '127.0.0.1')
    cleanUp(t, () => socket.destroy())
    socket.write(text)
    assert.match(await readAll(socket), expected)
  }
  assert.equal((await fetch(`http://127.0.0.1:${http.ports[0]}/healthz`)).status, 200)
})

test('while many large bodies are being worked on, further ones wait outside', async (t) => {
  const http = await listening(t, { limits: { maxBodyBytesTotal: 1_000_000 } })
  const port = http.ports[0] ?? 0
  const first = connect(port, '127.0.0.1')
  cleanUp(t, () => first.destroy())
  const head = (length: number) =>
    `POST /v3.1/send HTTP/1.1\r\nHost: x\r\nAuthorization: ${http.basic}\r\nContent-Length: ${length}\r\n\r\n`
  first.write(`${head(900_000)}{`)
  // The second is asked again until the first has been seen by the server.
  for (let status = ''; status !== '503'; ) {
    const second = connect(port, '127.0.0.1')
    second.write(`${head(200_000)}${' '.repeat(200_000)}`)
    const [answer] = (await once(second, 'data')) as [Buffer]
    second.destroy()
    status = answer.toString().slice(9, 12)
    assert.ok(status === '503' || status === '400', answer.toString())
  }
})

test('a stop lets a running request finish, and cuts off what does not end', async (t) => {
  const http = await listening(t, { limits: { stopGraceMs: 300 } })
  const port = http.ports[0] ?? 0
  const finishing = connect(port, '127.0.0.1')
  const hanging = connect(port, '127.0.0.1')
  cleanUp(t, () => hanging.destroy())
  const head = `POST /v3.1/send HTTP/1.1\r\nHost: x\r\nAuthorization: ${http.basic}\r\nContent-Length: ${mail.length}\r\n\r\n`
  finishing.write(head + mail.slice(0, 10))
  hanging.write(head)
  // Both have been read when a third is answered.
  const third = await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } })
  await third.text()
  const stopped = http.server.stop()
  finishing.write(mail.slice(10))
  const [answer, nothing] = await Promise.all([readAll(finishing), readAll(hanging)])
  await stopped
  assert.match(answer, /^HTTP\/1\.1 (?:200|503) /)
  assert.equal(nothing, '')
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`))
})

httpTest('what fails inside is logged once and told to nobody', async (_http, t) => {
  const lines: string[] = []
  const log = createLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } })
  const storage = await openTestStorage(t, await storagePlace(t, 'sqlite'))
  const http = await startTestHttp(storage, t, { log })
  await storage.db.schema.dropTable('deliveries').execute()
  const cases: [string, object][] = [
    ['/v3/REST/message', { ErrorInfo: '', ErrorMessage: internal, StatusCode: 500 }],
    ['/api/messages', { error: { code: 'internal', message: internal } }],
  ]
  for (const [path, body] of cases) {
    const authorization = path.startsWith('/api') ? http.bearer : http.basic
    const answer = await http.call({ path, headers: { authorization } })
    assert.equal(answer.status, 500)
    assert.deepEqual(answer.body, body)
  }
  const answer = await http.send(mail)
  assert.equal(answer.status, 500)
  const { ErrorIdentifier: _, ...rest } = answer.body as Record<string, unknown>
  assert.deepEqual(rest, { StatusCode: 500, ErrorMessage: internal })
  const log500 = lines.filter((line) => line.includes('request failed'))
  assert.equal(log500.length, 3)
  for (const line of lines) assert.ok(!line.includes(http.secret) && !line.includes(http.basic), line)
})

const internal = 'Something went wrong on our side. The reason is in the log of the server.'

httpTest('health, readiness and metrics', async (http) => {
  assert.equal((await http.call({ path: '/healthz' })).text, 'ok\n')
  assert.deepEqual((await http.call({ path: '/readyz' })).body, { ready: true, problems: [] })
  await http.send(mail)
  const metrics = await http.call({ path: '/metrics' })
  assert.equal(metrics.status, 200)
  assert.match(metrics.text, /^paravion_accepted_total\{lane="transactional"\} 1$/m)
  assert.match(
    metrics.text,
    /^paravion_http_request_seconds_count\{route="\/v3\.1\/send",method="POST",status="200"\} 1$/m,
  )
  const proxied = await http.call({ path: '/metrics', headers: { 'x-forwarded-for': '192.0.2.1' } })
  assert.equal(proxied.status, 403)
  const trusted = await http.call({
    path: '/metrics',
    headers: { 'x-forwarded-for': '192.0.2.1', authorization: http.bearer },
  })
  assert.equal(trusted.status, 200)
  assert.equal((await http.call({ path: '/nothing' })).text, 'There is nothing at /nothing\n')
})

httpTest(
  'not ready: the reasons are told',
  async (http) => {
    await http.storage.db.schema.dropTable('nodes').execute()
    const answer = await http.call({ path: '/readyz' })
    assert.equal(answer.status, 503)
    assert.deepEqual(answer.body, {
      ready: false,
      problems: ['the SMTP port is taken', 'the storage takes no writes'],
    })
  },
  { problems: () => ['the SMTP port is taken'] },
)

test('the status line of a REST error says what is wrong, in ASCII', async (t) => {
  const http = await listening(t)
  const cases: [string, RequestInit, string][] = [
    ['contact/1', {}, 'Object not found'],
    ['contact/j%C3%BCrgen', {}, 'Invalid email address "j?rgen", reason: "No @ character in mail"'],
    ['contact?ContactsList=abc', {}, 'Invalid value for filter "ContactsList": "abc" is not a whole number'],
    ['contact/1', { method: 'DELETE' }, 'Method not allowed'],
    [
      'contact',
      { method: 'POST', body: '{' },
      'Malformed JSON, please review the syntax and properties types.',
    ],
  ]
  for (const [path, init, expected] of cases) {
    const response = await fetch(`http://127.0.0.1:${http.ports[0]}/v3/REST/${path}`, {
      headers: { authorization: http.basic, connection: 'close' },
      ...init,
    })
    assert.equal(response.statusText, expected, path)
  }
})
