import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { brotliCompressSync } from 'node:zlib'
import { startTestHttp, type TestHttp } from '../../../test/http-server.ts'
import { openTestStorage, storagePlace, temporaryFolder } from '../../../test/storage.ts'

const script = "console.log('here')"
const page = '<script type="module" nonce="__CSP_NONCE__" src="/assets/main-abc.js"></script>'
const asPerson = { accept: 'text/html,application/xhtml+xml' }

async function startWithConsole(t: TestContext): Promise<TestHttp> {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), page)
  writeFileSync(join(folder, 'assets', 'main-abc.js'), script)
  writeFileSync(join(folder, 'assets', 'main-abc.js.br'), brotliCompressSync(script))
  writeFileSync(join(folder, 'outside.txt'), 'not to be served')
  const storage = await openTestStorage(t, await storagePlace(t, 'sqlite'))
  return startTestHttp(storage, t, { consoleFolder: folder })
}

test('every address of a person shows the console, under a policy that runs only its own files', async (t) => {
  const http = await startWithConsole(t)
  const nonces = new Set<string>()
  for (const path of ['/', '/setup', '/messages/12', '/account/sender?add=domain']) {
    const answer = await http.call({ path, headers: asPerson })
    assert.equal(answer.status, 200, path)
    const policy = String(answer.headers['content-security-policy'])
    const nonce = /'nonce-([\w+/=]{24})'/.exec(policy)?.[1] ?? ''
    assert.equal(answer.text, page.replace('__CSP_NONCE__', nonce))
    assert.match(policy, /default-src 'none'; script-src 'self'; /)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.equal(policy.includes('unsafe'), false)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['cross-origin-opener-policy'], 'same-origin')
    nonces.add(nonce)
  }
  assert.equal(nonces.size, 4)
})

test('programs get errors where there is nothing, not a page', async (t) => {
  const http = await startWithConsole(t)
  const cases = [
    { path: '/messages/12', headers: { accept: 'application/json' } },
    { path: '/messages/12', headers: asPerson, method: 'POST' },
    { path: '/api/nothing', headers: asPerson },
    { path: '/v3/nothing', headers: asPerson },
    { path: '/v3.1/nothing', headers: asPerson },
    { path: '/assets/nothing.js', headers: asPerson },
    { path: '/assets/..%2foutside.txt', headers: asPerson },
    { path: '/assets/', headers: asPerson },
  ]
  for (const { method = 'GET', ...request } of cases) {
    const answer = await http.call({ method, ...request })
    assert.ok([401, 403, 404].includes(answer.status), `${method} ${request.path}: ${answer.status}`)
    assert.equal(answer.text.includes('main-abc.js"'), false, request.path)
    assert.equal(answer.text.includes('not to be served'), false, request.path)
  }
})

test('files are sent compressed where they may be, and kept for good', async (t) => {
  const http = await startWithConsole(t)
  const path = '/assets/main-abc.js'
  const plain = await http.call({ path })
  assert.equal(plain.text, script)
  assert.match(String(plain.headers['content-type']), /javascript/)
  assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
  const small = await http.call({ path, headers: { 'accept-encoding': 'br' } })
  assert.equal(small.headers['content-encoding'], 'br')
  const again = await http.call({ path, headers: { 'if-none-match': String(plain.headers.etag) } })
  assert.equal(again.status, 304)
})

test('without a build, the first page tells how to make it', async (t) => {
  const storage = await openTestStorage(t, await storagePlace(t, 'sqlite'))
  const http = await startTestHttp(storage, t)
  const answer = await http.call({ path: '/', headers: asPerson })
  assert.equal(answer.status, 503)
  assert.match(answer.text, /npm run build/)
})
