import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Addresses, DnsAnswer } from './dns.ts'
import { makeAuthority, makeServerCertificate } from './make-certificates.ts'
import { isPublicAddress } from './safe-address.ts'
import { createSafeFetch, type SafeFetchOptions } from './safe-fetch.ts'

const found = (v4: readonly string[], v6: readonly string[] = []): DnsAnswer<Addresses> => ({
  kind: 'found',
  records: { v4, v6 },
})

/** Names of the table and nothing else. */
function zone(names: Record<string, DnsAnswer<Addresses>>) {
  const asked: string[] = []
  return {
    asked,
    resolver: {
      addresses: async (name: string) => {
        asked.push(name)
        return names[name] ?? ({ kind: 'nxdomain' } as const)
      },
    },
  }
}

async function listen(t: TestContext, server: Server & { closeAllConnections(): void }): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

async function lab(t: TestContext, handler: http.RequestListener, options: Partial<SafeFetchOptions> = {}) {
  const port = await listen(t, http.createServer(handler))
  const { resolver, asked } = zone({
    'shop.example': found(['127.0.0.1']),
    'evil.example': found(['10.1.2.3']),
  })
  return {
    asked,
    port,
    fetch: createSafeFetch({ resolver, reach: 'loopback', ports: { http: port }, ...options }),
  }
}

test('the file is fetched from the checked address, under its own name and without anything of ours', async (t) => {
  let headers: http.IncomingHttpHeaders = {}
  const { fetch } = await lab(t, (request, reply) => {
    headers = request.headers
    reply.end(`path ${request.url}`)
  })
  const answer = await fetch('http://shop.example/token.txt?x=1')
  assert.deepEqual(answer, {
    kind: 'answered',
    status: 200,
    body: Buffer.from('path /token.txt?x=1'),
    url: 'http://shop.example/token.txt?x=1',
  })
  assert.equal(headers.host, 'shop.example')
  assert.deepEqual(Object.keys(headers).sort(), ['accept', 'connection', 'host', 'user-agent'])
})

test('only the public internet is public', () => {
  const closed = [
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '2001::1',
    '2001:db8::1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    'localhost',
    '',
  ]
  for (const address of closed) assert.equal(isPublicAddress(address), false, address)
  for (const address of ['1.1.1.1', '93.184.216.34', '2606:4700::1111', '::ffff:1.1.1.1']) {
    assert.equal(isPublicAddress(address), true, address)
  }
})

test('what may not be asked is not asked, and the reason says why', async () => {
  const { resolver } = zone({
    'private.example': found(['10.0.0.5']),
    'mixed.example': found(['93.184.216.34'], ['fe80::1']),
    'broken.example': { kind: 'failed', reason: 'ESERVFAIL' },
    'empty.example': { kind: 'none' },
  })
  const fetch = createSafeFetch({ resolver, reach: 'internet' })
  const table: [url: string, reason: string][] = [
    ['ftp://shop.example/', 'only http and https addresses are asked'],
    ['file:///etc/passwd', 'only http and https addresses are asked'],
    ['no address', 'only http and https addresses are asked'],
    ['http://user:secret@shop.example/', 'the address carries a login'],
    ['http://shop.example:8080/', 'only ports 80 and 443 are asked'],
    ['http://localhost/', 'localhost is not a host name'],
    ['http://private.example/', 'private.example leads to an address that is not on the public internet'],
    ['http://mixed.example/', 'mixed.example leads to an address that is not on the public internet'],
    [
      'http://169.254.169.254/latest',
      '169.254.169.254 leads to an address that is not on the public internet',
    ],
    ['http://0x7f.1/', '127.0.0.1 leads to an address that is not on the public internet'],
    ['http://2130706433/', '127.0.0.1 leads to an address that is not on the public internet'],
    ['http://[::1]/', '::1 leads to an address that is not on the public internet'],
    ['http://[::ffff:127.0.0.1]/', '::ffff:7f00:1 leads to an address that is not on the public internet'],
    ['http://broken.example/', 'DNS gave no answer for broken.example (ESERVFAIL)'],
    ['http://empty.example/', 'empty.example has no address'],
    ['http://none.example/', 'none.example has no address'],
  ]
  for (const [url, reason] of table) assert.deepEqual(await fetch(url), { kind: 'failed', reason }, url)
})

test('in the lab only this machine is reached, and only on the ports handed in', async (t) => {
  const { fetch } = await lab(t, (_, reply) => reply.end('x'))
  assert.deepEqual(await fetch('http://evil.example/'), {
    kind: 'failed',
    reason: 'evil.example leads to an address outside this machine, and in the lab nothing leaves it',
  })
  assert.deepEqual(await fetch('https://shop.example/'), {
    kind: 'failed',
    reason: 'the lab has no port for https',
  })
})

test('redirects are followed three times, each checked like the first', async (t) => {
  const { fetch, asked } = await lab(t, (request, reply) => {
    const url = request.url ?? ''
    const step = Number(/^\/(\d)$/.exec(url)?.[1] ?? -1)
    const goal = url === '/inward' ? 'http://evil.example/' : url === '/bad' ? 'http://[' : '/0'
    const location = step >= 0 && step < 3 ? `http://shop.example/${step + 1}` : goal
    if (url === '/3') return reply.end('there')
    reply.writeHead(302, { location }).end()
  })
  const answer = await fetch('http://shop.example/0')
  assert.deepEqual(answer, {
    kind: 'answered',
    status: 200,
    body: Buffer.from('there'),
    url: 'http://shop.example/3',
  })
  assert.equal(asked.length, 4)
  assert.deepEqual(await fetch('http://shop.example/x'), {
    kind: 'failed',
    reason: 'it redirects more than 3 times',
  })
  assert.deepEqual(await fetch('http://shop.example/inward'), {
    kind: 'failed',
    reason: 'evil.example leads to an address outside this machine, and in the lab nothing leaves it',
  })
  assert.deepEqual(await fetch('http://shop.example/bad'), {
    kind: 'failed',
    reason: 'it redirects to something that is no address',
  })
})

test('an answer without end is cut off, one that never comes is given up', async (t) => {
  const endless = await lab(t, (_, reply) => {
    const more = () => {
      while (!reply.destroyed && reply.write(Buffer.alloc(16_384)));
    }
    reply.on('drain', more)
    more()
  })
  assert.deepEqual(await endless.fetch('http://shop.example/'), {
    kind: 'failed',
    reason: 'the answer is longer than 65536 bytes',
  })
  const silent = await lab(t, () => undefined, { timeoutMs: 50 })
  assert.deepEqual(await silent.fetch('http://shop.example/'), {
    kind: 'failed',
    reason: 'no answer within 0.05 seconds',
  })
  const neverResolves = createSafeFetch({
    resolver: { addresses: () => new Promise(() => undefined) },
    reach: 'loopback',
    ports: { http: 1 },
    timeoutMs: 50,
  })
  assert.deepEqual(await neverResolves('http://shop.example/'), {
    kind: 'failed',
    reason: 'no answer within 0.05 seconds',
  })
})

test('a connection that breaks is data', async (t) => {
  const { fetch } = await lab(t, (request) => request.socket.destroy())
  assert.deepEqual(await fetch('http://shop.example/'), {
    kind: 'failed',
    reason: 'no connection (ECONNRESET)',
  })
})

test('over https the certificate must be for the name', async (t) => {
  const authority = await makeAuthority(Date.now())
  const { certificate, key } = await makeServerCertificate({
    authority,
    names: ['shop.example'],
    now: Date.now(),
  })
  const port = await listen(
    t,
    https.createServer({ cert: certificate, key }, (_, reply) => reply.end('ok')),
  )
  const { resolver } = zone({ 'shop.example': found(['127.0.0.1']), 'other.example': found(['127.0.0.1']) })
  const fetch = createSafeFetch({
    resolver,
    reach: 'loopback',
    ports: { https: port },
    ca: [authority.certificate],
  })
  const answer = await fetch('https://shop.example/')
  assert.equal(answer.kind === 'answered' && answer.body.toString(), 'ok')
  assert.deepEqual(await fetch('https://other.example/'), {
    kind: 'failed',
    reason: 'no connection (ERR_TLS_CERT_ALTNAME_INVALID)',
  })
})
