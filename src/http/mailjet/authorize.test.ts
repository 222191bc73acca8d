import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpTest } from '../../../test/http-server.ts'
import { suspendApiKey } from '../../accounts/api-keys.ts'
import { readBasic } from './authorize.ts'

const wrong = `Basic ${Buffer.from(`${'0'.repeat(32)}:x`).toString('base64')}`
const denied = `API key authentication/authorization failure. You may be unauthorized to access the API or your API key may be expired. Visit API keys management section to check your keys.`

httpTest('v3.1 says no in JSON, v3 in an empty page', async (http) => {
  const attempts: Record<string, string>[] = [{}, { authorization: wrong }, { authorization: 'Bearer x' }]
  for (const headers of attempts) {
    const json = await http.call({ method: 'POST', path: '/v3.1/send', body: '{', headers })
    assert.equal(json.status, 401)
    const { ErrorIdentifier, ...rest } = json.body as Record<string, unknown>
    assert.match(String(ErrorIdentifier), /^[0-9a-f-]{36}$/)
    assert.deepEqual(rest, { StatusCode: 401, ErrorMessage: denied })
    for (const path of ['/v3/send', '/v3/REST/message']) {
      const empty = await http.call({ method: path === '/v3/send' ? 'POST' : 'GET', path, headers })
      assert.equal(empty.status, 401)
      assert.equal(empty.text, '')
      assert.equal(empty.headers['content-type'], 'text/html')
      assert.equal(empty.headers['www-authenticate'], 'Basic realm="Provide an apiKey and secretKey"')
    }
  }
})

httpTest('an unknown key and a wrong secret get the same words', async (http) => {
  const half = `Basic ${Buffer.from(`${http.publicKey}:${'0'.repeat(32)}`).toString('base64')}`
  const answers = await Promise.all(
    [wrong, half].map((authorization) =>
      http.call({ method: 'POST', path: '/v3.1/send', body: '{}', headers: { authorization } }),
    ),
  )
  const told = answers.map(({ status, body }) => ({
    status,
    message: (body as { ErrorMessage: string }).ErrorMessage,
  }))
  assert.deepEqual(told[0], told[1])
})

httpTest('a suspended key is told so on v3.1', async (http) => {
  await suspendApiKey(http.storage, http.publicKey)
  const answer = await http.send({ Messages: [] })
  assert.equal(answer.status, 401)
  const { ErrorIdentifier: _, ...rest } = answer.body as Record<string, unknown>
  assert.deepEqual(rest, { ErrorCode: 'mj-0001', StatusCode: 401, ErrorMessage: 'The API key is suspended.' })
  assert.equal((await http.send({}, { path: '/v3/send' })).text, '')
})

httpTest('whoever guesses is slowed down with a 429 that is not JSON', async (http) => {
  let last = await http.call({ method: 'POST', path: '/v3.1/send', headers: { authorization: wrong } })
  for (let i = 0; i < 20 && last.status === 401; i++) {
    last = await http.call({ method: 'POST', path: '/v3.1/send', headers: { authorization: wrong } })
  }
  assert.equal(last.status, 429)
  assert.equal(last.headers['content-type'], 'text/html')
  assert.ok(Number(last.headers['retry-after']) >= 1)
})

test('credentials are read as RFC 7617 has them', () => {
  const encode = (text: string) => Buffer.from(text).toString('base64')
  const cases: [string | undefined, unknown][] = [
    [undefined, undefined],
    ['', undefined],
    ['Basic', undefined],
    ['Basic ?', undefined],
    [`Basic ${encode('nocolon')}`, undefined],
    [`basic ${encode('a:b:c')}`, { publicKey: 'a', secret: 'b:c' }],
    [`BASIC   ${encode('é:ü')}`, { publicKey: 'é', secret: 'ü' }],
    [`Basic ${encode(':')}`, { publicKey: '', secret: '' }],
    [`Basic ${'A'.repeat(2000)}`, undefined],
  ]
  for (const [header, expected] of cases) assert.deepEqual(readBasic(header), expected, header)
})
