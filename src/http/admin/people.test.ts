/** Accounts, sessions, two-factor, links and roles, as the console meets them. */
import assert from 'node:assert/strict'
import { httpStorageTest, httpTest, type TestHttp } from '../../../test/http-server.ts'
import type { Role } from '../../accounts/roles.ts'
import { roles } from '../../accounts/roles.ts'
import { parseBase32, totpCode } from '../../accounts/totp.ts'
import { makeSetupLink } from '../../accounts/user-links.ts'
import { systemClock } from '../../runtime/clock.ts'

const password = 'seven green kites'
const json = { 'content-type': 'application/json' }

type Browser = { cookie: string; csrf: string }

function post(http: TestHttp, path: string, body: unknown, headers: Record<string, string> = {}) {
  return http.call({ method: 'POST', path: `/api${path}`, body, headers: { ...json, ...headers } })
}

function call(http: TestHttp, { cookie, csrf }: Browser, method: string, path: string, body?: unknown) {
  return http.call({
    method,
    path: `/api${path}`,
    body,
    headers: { ...(body !== undefined && json), cookie, 'x-csrf-token': csrf },
  })
}

function browserOf(answer: { headers: Record<string, unknown>; body: unknown }): Browser {
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? ''
  return { cookie, csrf: (answer.body as { csrf: string }).csrf }
}

async function makeOwner(http: TestHttp): Promise<Browser> {
  const token = await makeSetupLink(http.storage, { now: systemClock.now() })
  const made = await post(http, '/setup', { token, email: 'Ada@shop.example', password, name: 'Ada' })
  assert.equal(made.status, 201, made.text)
  return browserOf(made)
}

async function invite(http: TestHttp, owner: Browser, role: Role): Promise<Browser> {
  const email = `${role}@people.example`
  const added = await call(http, owner, 'POST', '/users', { email, role })
  assert.equal(added.status, 201, added.text)
  const token = (added.body as { link: { url: string } }).link.url.split('#')[1]
  const chosen = await post(http, '/invitation/password', { token, password })
  assert.equal(chosen.status, 200, chosen.text)
  const entered = await post(http, '/session', { email, password })
  assert.equal(entered.status, 200, entered.text)
  return browserOf(entered)
}

function codeOf(answer: { body: unknown }): string {
  return (answer.body as { error: { code: string } }).error.code
}

httpStorageTest('the link of the first start makes one owner, once', async (http) => {
  assert.equal(((await http.call({ path: '/api/session' })).body as { setup: string }).setup, 'needed')
  const now = systemClock.now()
  const [token, other] = [
    await makeSetupLink(http.storage, { now }),
    await makeSetupLink(http.storage, { now }),
  ]
  for (const weak of ['short', 'password123!', 'ada@shop.example!!', 'aaaaaaaaaaaa']) {
    const refused = await post(http, '/setup', { token, email: 'ada@shop.example', password: weak })
    assert.equal(refused.status, 400, weak)
    assert.equal((refused.body as { error: { field: string } }).error.field, 'password')
  }
  const answers = await Promise.all(
    [token, other].map((one, i) =>
      post(http, '/setup', { token: one, email: `a${i}@shop.example`, password }),
    ),
  )
  assert.equal(answers.filter((answer) => answer.status === 201).length, 1)
  const again = await post(http, '/setup', { token, email: 'eve@shop.example', password })
  assert.equal(again.status, 404)
  assert.equal(await makeSetupLink(http.storage, { now }), undefined)
  const winner = answers.find((answer) => answer.status === 201)
  assert.ok(winner)
  const cookie = String(winner.headers['set-cookie'])
  assert.match(cookie, /^paravion_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/)
  const me = (await http.call({ path: '/api/session', headers: { cookie: browserOf(winner).cookie } }))
    .body as { user: { role: string }; setup: string; csrf: string }
  assert.deepEqual([me.user.role, me.setup, me.csrf], ['owner', 'done', browserOf(winner).csrf])
  const stored = JSON.stringify([
    await http.storage.db.selectFrom('users').selectAll().execute(),
    await http.storage.db.selectFrom('sessions').selectAll().execute(),
  ])
  assert.match(stored, /\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.ok(!stored.includes(password) && !stored.includes(cookie.slice(17, 60)))
})

httpStorageTest('signing in and out, changing the password, ending sessions', async (http) => {
  const here = await makeOwner(http)
  const login = { email: 'ada@SHOP.example', password }
  const there = browserOf(await post(http, '/session', login))
  const elsewhere = browserOf(await post(http, '/session', login))
  for (const wrong of [
    { ...login, password: 'wrong' },
    { ...login, email: 'eve@shop.example' },
  ]) {
    const refused = await post(http, '/session', wrong)
    assert.deepEqual([refused.status, codeOf(refused)], [401, 'wrong-credentials'])
  }
  const sessions = (await call(http, here, 'GET', '/sessions')).body as {
    sessions: { id: number; isThis: boolean }[]
  }
  assert.deepEqual(sessions.sessions.map((one) => one.isThis).toSorted(), [false, false, true])
  assert.equal((await call(http, elsewhere, 'DELETE', '/session')).status, 200)
  assert.equal((await call(http, elsewhere, 'GET', '/keys')).status, 401)

  const next = 'eight purple kites'
  const denied = await call(http, here, 'POST', '/session/password', { current: 'wrong', next })
  assert.equal(codeOf(denied), 'wrong-credentials')
  const changed = await call(http, here, 'POST', '/session/password', { current: password, next })
  assert.equal(changed.status, 200, changed.text)
  assert.equal((await call(http, there, 'GET', '/keys')).status, 401)
  assert.equal((await call(http, here, 'GET', '/keys')).status, 200)
  assert.equal((await post(http, '/session', login)).status, 401)
  const back = browserOf(await post(http, '/session', { ...login, password: next }))
  const list = (await call(http, here, 'GET', '/sessions')).body as typeof sessions
  const other = list.sessions.find((one) => !one.isThis)
  assert.equal((await call(http, here, 'DELETE', `/sessions/${other?.id}`)).status, 200)
  assert.equal((await call(http, back, 'GET', '/keys')).status, 401)
})

httpStorageTest('a second factor: each code works once', async (http) => {
  const owner = await makeOwner(http)
  const login = { email: 'ada@shop.example', password }
  const started = await call(http, owner, 'POST', '/totp', { password })
  assert.equal(started.status, 200, started.text)
  const { secret, uri } = started.body as { secret: string; uri: string }
  assert.ok(uri.startsWith('otpauth://totp/Paravion:ada%40shop.example?secret='))
  // Not confirmed: nothing is asked for yet.
  assert.equal((await post(http, '/session', login)).status, 200)
  const step = Math.floor(systemClock.now() / 30_000)
  const code = (offset: number) => totpCode(parseBase32(secret), step + offset)
  assert.equal(codeOf(await call(http, owner, 'POST', '/totp/confirm', { code: 'x' })), 'wrong-code')
  const confirmed = await call(http, owner, 'POST', '/totp/confirm', { code: code(0) })
  assert.equal(confirmed.status, 200, confirmed.text)
  const { recoveryCodes } = confirmed.body as { recoveryCodes: string[] }
  assert.equal(new Set(recoveryCodes).size, 10)

  assert.equal(codeOf(await post(http, '/session', login)), 'code-needed')
  assert.equal(codeOf(await post(http, '/session', { ...login, code: code(0) })), 'wrong-code')
  assert.equal((await post(http, '/session', { ...login, code: code(1) })).status, 200)
  assert.equal(codeOf(await post(http, '/session', { ...login, code: code(1) })), 'wrong-code')
  const [recovery = '', second = ''] = recoveryCodes
  assert.equal((await post(http, '/session', { ...login, code: recovery.toUpperCase() })).status, 200)
  assert.equal(codeOf(await post(http, '/session', { ...login, code: recovery })), 'wrong-code')
  assert.equal((await call(http, owner, 'DELETE', '/totp', { code: second })).status, 200)
  assert.equal((await post(http, '/session', login)).status, 200)
  const users = JSON.stringify(await http.storage.db.selectFrom('users').selectAll().execute())
  assert.ok(users.includes('"totp_secret_sealed":null'))
})

httpTest('guessing is slowed down, wherever it comes from', async (http) => {
  await makeOwner(http)
  const answers: number[] = []
  for (let i = 0; i < 11; i++) {
    const answer = await post(http, '/session', { email: 'ada@shop.example', password: `wrong ${i}` })
    answers.push(answer.status)
    if (answer.status === 429) assert.match(String(answer.headers['retry-after']), /^\d+$/)
  }
  assert.deepEqual(answers, [...Array<number>(10).fill(401), 429])
  const right = await post(http, '/session', { email: 'ada@shop.example', password })
  assert.equal(codeOf(right), 'throttled')
})

httpTest('pages of other sites cannot act for whoever is signed in', async (http) => {
  const owner = await makeOwner(http)
  const body = { email: 'new@people.example', role: 'viewer' }
  const tries: [headers: Record<string, string>, status: number][] = [
    [{}, 403],
    [{ 'x-csrf-token': `${owner.csrf}x` }, 403],
    [{ 'x-csrf-token': owner.csrf, origin: 'https://evil.example' }, 403],
    [{ 'x-csrf-token': owner.csrf, origin: 'null' }, 403],
    [{ 'x-csrf-token': owner.csrf, 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'x-csrf-token': owner.csrf, 'sec-fetch-site': 'same-site' }, 403],
    [{ 'x-csrf-token': owner.csrf, 'content-type': 'text/plain' }, 403],
    [{ 'x-csrf-token': owner.csrf, host: 'mail.example', origin: 'http://mail.example' }, 201],
  ]
  for (const [headers, status] of tries) {
    const answer = await post(http, '/users', body, { cookie: owner.cookie, ...headers })
    assert.equal(answer.status, status, JSON.stringify(headers))
    if (status === 403) assert.equal(codeOf(answer), 'csrf')
  }
  const forged = await post(
    http,
    '/session',
    { email: 'ada@shop.example', password },
    { origin: 'https://evil.example' },
  )
  assert.equal(forged.status, 403)
})

httpStorageTest('there is always an owner, and a removed user is out at once', async (http) => {
  const owner = await makeOwner(http)
  const admin = await invite(http, owner, 'admin')
  assert.equal((await call(http, owner, 'PATCH', '/users/ada@shop.example', { role: 'admin' })).status, 409)
  assert.equal((await call(http, owner, 'DELETE', '/users/ada@shop.example')).status, 409)
  assert.equal((await call(http, admin, 'GET', '/users')).status, 403)
  assert.equal(
    (await call(http, owner, 'POST', '/users', { email: 'ADMIN@people.example', role: 'viewer' })).status,
    409,
  )
  const reset = await call(http, owner, 'POST', '/users/admin@people.example/reset-password')
  assert.equal(reset.status, 200, reset.text)
  assert.equal((await call(http, admin, 'GET', '/keys')).status, 401)
  assert.equal((await post(http, '/session', { email: 'admin@people.example', password })).status, 401)
  assert.equal((await call(http, owner, 'DELETE', '/users/admin@people.example')).status, 200)
})

httpStorageTest('the audit log tells who did what, and no secrets', async (http) => {
  const owner = await makeOwner(http)
  const viewer = await invite(http, owner, 'viewer')
  await call(http, viewer, 'POST', '/keys', { name: 'mine' })
  await call(http, owner, 'POST', '/keys', { name: 'shop' })
  await post(http, '/session', { email: 'viewer@people.example', password: 'not my password' })
  await post(http, '/session', { email: 'nobody@people.example', password: 'not my password' })
  const { entries } = (await call(http, owner, 'GET', '/audit')).body as {
    entries: { actor: string; action: string; object: string; outcome: string }[]
  }
  assert.deepEqual(
    entries.map(({ actor, action, object, outcome }) => [actor, action, object, outcome]),
    [
      ['viewer@people.example', 'POST /session', '', 'wrong-credentials'],
      ['ada@shop.example', 'POST /keys', '', 'ok'],
      ['viewer@people.example', 'POST /keys', '', 'forbidden'],
      ['viewer@people.example', 'POST /session', '', 'ok'],
      ['viewer@people.example', 'POST /invitation/password', '', 'ok'],
      ['ada@shop.example', 'POST /users', 'email=viewer@people.example role=viewer', 'ok'],
      ['ada@shop.example', 'POST /setup', '', 'ok'],
    ],
  )
  assert.doesNotMatch(JSON.stringify(entries), /kites|not my|nobody@/)
})

/** What differs from the rule: a viewer reads, an admin changes, and a marketer changes contacts, segments and templates. */
const exceptions: Record<string, Role | 'anyone'> = {
  'GET /session': 'anyone',
  'POST /session': 'anyone',
  'POST /setup': 'anyone',
  'POST /invitation': 'anyone',
  'POST /invitation/password': 'anyone',
  'DELETE /session': 'viewer',
  'POST /session/password': 'viewer',
  'DELETE /sessions/{id}': 'viewer',
  'POST /totp': 'viewer',
  'POST /totp/confirm': 'viewer',
  'DELETE /totp': 'viewer',
  'GET /audit': 'admin',
  'GET /go-live': 'admin',
  'POST /send': 'marketer',
  'POST /suppressions': 'marketer',
  'PUT /tracking': 'marketer',
  'POST /suppressions/import': 'marketer',
  'DELETE /suppressions/{address}': 'marketer',
  'POST /leads/{id}': 'marketer',
  'POST /messages/{id}/resend': 'marketer',
  'POST /segments/preview': 'viewer',
  'POST /templates/compile': 'viewer',
  'POST /templates/preview': 'viewer',
  'POST /setup-link': 'owner',
  'GET /users': 'owner',
  'POST /users': 'owner',
  'PATCH /users/{user}': 'owner',
  'DELETE /users/{user}': 'owner',
  'POST /users/{user}/reset-password': 'owner',
  'POST /keys': 'owner',
  'POST /keys/{key}/suspend': 'owner',
  'POST /keys/{key}/resume': 'owner',
  'POST /keys/{key}/rotate': 'owner',
  'POST /backup': 'owner',
}

httpTest('each role has exactly its routes', async (http) => {
  const owner = await makeOwner(http)
  const browsers = new Map<Role, Browser>([['owner', owner]])
  for (const role of ['admin', 'marketer', 'viewer'] as const) {
    browsers.set(role, await invite(http, owner, role))
  }
  const { paths } = (await call(http, owner, 'GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>
  }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
  assert.ok(routes.length > 50)
  const names = new Set(routes.map(({ method, path }) => `${method} ${path}`))
  assert.deepEqual(
    Object.keys(exceptions).filter((name) => !names.has(name)),
    [],
  )
  // Beside the table: what is no JSON.
  for (const file of ['html', 'raw', 'attachments/0']) {
    const path = `/leads/1/messages/1/${file}`
    assert.equal((await http.call({ path: `/api${path}` })).status, 401)
    for (const browser of browsers.values()) {
      assert.equal((await call(http, browser, 'GET', path)).status, 404)
    }
  }
  for (const [role, browser] of browsers) {
    const answer = await call(http, browser, 'POST', '/contact-uploads?nonsense=1')
    assert.equal(answer.status, role === 'viewer' ? 403 : 400)
  }
  for (const { method, path } of routes) {
    const name = `${method} ${path}`
    const changes = /^\/(?:contact|segment|template)/.test(path) ? 'marketer' : 'admin'
    const needed = exceptions[name] ?? (method === 'GET' ? 'viewer' : changes)
    // A parameter that no route knows: whoever is let in is refused for it, and nothing is done.
    const url = `${path.replaceAll(/\{\w+\}/g, '1')}?nonsense=1`
    const stranger = await http.call({ method, path: `/api${url}` })
    assert.equal(stranger.status, needed === 'anyone' ? 400 : 401, name)
    for (const [role, browser] of browsers) {
      const allowed = needed === 'anyone' || roles.indexOf(role) >= roles.indexOf(needed)
      const answer = await call(http, browser, method, url)
      assert.equal(answer.status, allowed ? 400 : 403, `${role}: ${name} ${answer.text}`)
    }
  }
})
