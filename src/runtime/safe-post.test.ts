import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Addresses, DnsAnswer } from './dns.ts'
import { createSafeFetch } from './safe-fetch.ts'
import { createSafePost, type SafePostOptions } from './safe-post.ts'

const names: Record<string, DnsAnswer<Addresses>> = {
  'app.example': { kind: 'found', records: { v4: ['127.0.0.1'], v6: [] } },
  'private.example': { kind: 'found', records: { v4: ['10.1.2.3'], v6: [] } },
}
const resolver = { addresses: async (name: string) => names[name] ?? ({ kind: 'nxdomain' } as const) }
const request = { body: Buffer.from('{"a":"é"}'), headers: { 'content-type': 'application/json' } }

async function listen(t: TestContext, handler: http.RequestListener): Promise<number> {
  const server = http.createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

function poster(options: Partial<SafePostOptions> = {}) {
  return createSafePost({ resolver, reach: 'loopback', userAgent: 'Paravion/1 (test)', ...options })
}

test('a body goes to the checked address under its own name, its login as a header', async (t) => {
  let got: { headers: http.IncomingHttpHeaders; url: string; body: string } | undefined
  const port = await listen(t, async (incoming, reply) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
    got = { headers: incoming.headers, url: incoming.url ?? '', body: Buffer.concat(chunks).toString() }
    reply.writeHead(202).end('thanks')
  })
  for (const host of ['app.example', 'localhost', '127.0.0.1']) {
    const answer = await poster()(`http://hook:p%40ss%@${host}:${port}/in?x=1`, request)
    assert.deepEqual(answer, { kind: 'answered', status: 202, excerpt: 'thanks' })
    assert.deepEqual([got?.url, got?.body, got?.headers.host], ['/in?x=1', '{"a":"é"}', `${host}:${port}`])
  }
  assert.equal(got?.headers.authorization, `Basic ${Buffer.from('hook:p%40ss%').toString('base64')}`)
  assert.equal(got?.headers['user-agent'], 'Paravion/1 (test)')
})

test('a redirect, wherever to, is an answer and is not followed', async (t) => {
  const asked: string[] = []
  const port = await listen(t, (incoming, reply) => {
    asked.push(incoming.url ?? '')
    reply.writeHead(307, { location: 'http://10.1.2.3/' }).end()
  })
  const answer = await poster()(`http://app.example:${port}/a`, request)
  assert.deepEqual(answer, { kind: 'answered', status: 307, excerpt: '' })
  assert.deepEqual(asked, ['/a'])
})

test('of a long answer only the beginning is read, and a hanging one is cut off', async (t) => {
  let written = 0
  const port = await listen(t, (incoming, reply) => {
    if (incoming.url === '/hang') return
    const write = () => {
      while (!reply.destroyed && written < 10_000_000) {
        written += 65_536
        if (!reply.write('x'.repeat(65_536))) return reply.once('drain', write)
      }
      return reply.end()
    }
    write()
  })
  const answer = await poster()(`http://app.example:${port}/long`, request)
  assert.deepEqual(answer, { kind: 'answered', status: 200, excerpt: 'x'.repeat(1_000) })
  assert.ok(written < 10_000_000, `${written} bytes were taken`)
  assert.deepEqual(await poster({ timeoutMs: 100 })(`http://app.example:${port}/hang`, request), {
    kind: 'failed',
    reason: 'no answer within 1 seconds',
  })
})

test('nothing goes where it must not', async () => {
  const post = poster({ reach: 'internet' })
  const table: [url: string, reason: RegExp][] = [
    ['ftp://app.example/', /only http and https/],
    ['http://app.example/', /not on the public internet/],
    ['http://private.example/', /not on the public internet/],
    ['http://169.254.169.254/latest/meta-data/', /not on the public internet/],
    ['http://[::ffff:10.0.0.1]/', /not on the public internet/],
    ['http://0x7f.1/', /not on the public internet/],
    ['http://localhost/', /localhost is not a host name/],
    ['http://nobody.example/', /has no address/],
  ]
  for (const [url, reason] of table) {
    const answer = await post(url, request)
    assert.match(answer.kind === 'failed' ? answer.reason : 'answered', reason, url)
  }
  const lab = await poster()('http://private.example/', request)
  assert.match(lab.kind === 'failed' ? lab.reason : '', /in the lab nothing leaves it/)
})

test('private networks are reached where they are named', async (t) => {
  const port = await listen(t, (_incoming, reply) => reply.end())
  const post = poster({ reach: 'internet', networks: ['127.0.0.0/8'] })
  assert.equal((await post(`http://app.example:${port}/`, request)).kind, 'answered')
  const narrow = poster({ reach: 'internet', networks: ['127.0.0.2'] })
  assert.equal((await narrow(`http://app.example:${port}/`, request)).kind, 'failed')
})

test('a server that switches protocols, or leaves before it answers, has failed', async (t) => {
  const says = new Map([
    ['/upgrade', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['/close', ''],
  ])
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (data) => {
      const text = says.get(data.toString().split(' ')[1] ?? '') ?? ''
      if (text === '') socket.end()
      else socket.write(text)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  for (const [path, reason] of [
    ['/upgrade', /answered 101/],
    ['/close', /no connection \(ECONNRESET\)|closed the connection/],
  ] as const) {
    const posted = await poster()(`http://app.example:${port}${path}`, request)
    assert.match(posted.kind === 'failed' ? posted.reason : posted.kind, reason)
    const fetch = createSafeFetch({ resolver, reach: 'loopback', ports: { http: port } })
    const fetched = await fetch(`http://app.example${path}`)
    assert.match(fetched.kind === 'failed' ? fetched.reason : fetched.kind, reason)
  }
})
