import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { httpStorageTest, httpTest, type TestHttp } from '../../../test/http-server.ts'

function admin(http: TestHttp, method: string, path: string, body?: unknown) {
  return http.call({ method, path: `/api${path}`, body, headers: { authorization: http.bearer } })
}

type Server = { id: number; port: number; warnings: string[]; isActive: boolean; [name: string]: unknown }

async function addServer(http: TestHttp, body: object): Promise<Server> {
  const answer = await admin(http, 'POST', '/outgoing-servers', body)
  assert.equal(answer.status, 201, answer.text)
  return (answer.body as { server: Server }).server
}

httpStorageTest('outgoing servers: added, listed, shown, changed, archived', async (http) => {
  const made = await addServer(http, {
    name: 'Mailjet',
    host: 'in-v3.relay.example',
    user: 'key',
    password: 'hunter2',
    fromFilter: 'shop.example',
  })
  assert.deepEqual(
    { ...made, id: 0, accountId: 0, createdAt: 0, updatedAt: 0 },
    {
      id: 0,
      accountId: 0,
      name: 'Mailjet',
      host: 'in-v3.relay.example',
      port: 587,
      security: 'starttls-strict',
      fromFilter: 'shop.example',
      priority: 10,
      isActive: true,
      authentication: 'login',
      user: 'key',
      hasPassword: true,
      hasCertificate: false,
      isDebug: false,
      maxSizeBytes: null,
      maxConnections: null,
      maxMessagesPerConnection: null,
      maxMessagesPerMinute: null,
      fallbackServerId: null,
      createdAt: 0,
      updatedAt: 0,
      warnings: [],
    },
  )
  await addServer(http, {
    name: 'Local',
    host: 'postfix',
    security: 'none',
    priority: -1,
    user: 'a',
    password: '',
  })

  const listed = await admin(http, 'GET', '/outgoing-servers')
  assert.ok(!listed.text.includes('hunter2'))
  const { servers } = listed.body as { servers: Server[] }
  assert.deepEqual(
    servers.map(({ name, port, warnings }) => [name, port, warnings.length]),
    [
      ['Local', 25, 1],
      ['Mailjet', 587, 0],
    ],
  )

  const path = '/outgoing-servers/Mailjet'
  const changed = await admin(http, 'PATCH', path, { security: 'tls', priority: 3, fromFilter: null })
  const { server } = changed.body as { server: Server }
  assert.deepEqual(
    [server.port, server.priority, server.fromFilter, server.hasPassword],
    [465, 3, null, true],
  )
  assert.match(server.warnings.join(), /nobody checks the certificate.*choose tls-strict/)

  await admin(http, 'PUT', '/system-parameters/mass_mailing.mail_server_id', { value: String(made.id) })
  const refused = await admin(http, 'POST', `/outgoing-servers/${made.id}/archive`)
  assert.equal(refused.status, 409)
  assert.match(refused.text, /it is the server for mass mailing/)
  await admin(http, 'DELETE', '/system-parameters/mass_mailing.mail_server_id')
  const archived = await admin(http, 'POST', `/outgoing-servers/${made.id}/archive`)
  assert.equal((archived.body as { server: Server }).server.isActive, false)
})

httpTest('what is wrong about a server is told with its field', async (http) => {
  const table: [body: object, status: number, words: RegExp][] = [
    [{ name: 'x' }, 400, /"field":"host"/],
    [{ name: 'x', host: 'a b' }, 400, /'a b' is not a host name/],
    [{ name: 'x', host: 'a.example', port: 0 }, 400, /"field":"port"/],
    [{ name: 'x', host: 'a.example', security: 'ssl' }, 400, /"field":"security"/],
    [{ name: 'x', host: 'a.example', authentication: 'certificate' }, 400, /certificate is missing/],
    [{ name: 'x', host: 'a.example', smtp_port: 25 }, 400, /smtp_port/],
  ]
  for (const [body, status, words] of table) {
    const answer = await admin(http, 'POST', '/outgoing-servers', body)
    assert.equal(answer.status, status, answer.text)
    assert.match(answer.text, words)
  }
  assert.equal((await admin(http, 'GET', '/outgoing-servers/17')).status, 404)
  assert.equal((await admin(http, 'PATCH', '/outgoing-servers/nobody', {})).status, 404)
})

httpStorageTest('system parameters: set, read, taken away', async (http) => {
  const path = '/system-parameters/mail.default.from'
  const set = await admin(http, 'PUT', path, { value: 'notifications@shop.example' })
  assert.equal(set.status, 200, set.text)
  const wrong = await admin(http, 'PUT', path, { value: 'not an address' })
  assert.equal(wrong.status, 400)
  assert.match(wrong.text, /mail\.default\.from must be an address/)

  const one = (await admin(http, 'GET', path)).body as { parameter: { value: string; isKnown: boolean } }
  assert.deepEqual([one.parameter.value, one.parameter.isKnown], ['notifications@shop.example', true])

  await admin(http, 'PUT', '/system-parameters/web.base.url', { value: 'https://shop.example' })
  const { parameters } = (await admin(http, 'GET', '/system-parameters')).body as {
    parameters: { name: string; value: string | null }[]
  }
  assert.deepEqual(parameters.at(-1)?.value, 'https://shop.example')
  assert.ok(parameters.some(({ name, value }) => name === 'mail.catchall.domain' && value === null))

  await admin(http, 'DELETE', path)
  const gone = (await admin(http, 'GET', path)).body as { parameter: { value: null } }
  assert.equal(gone.parameter.value, null)
  assert.equal((await admin(http, 'GET', '/system-parameters/web.other')).status, 404)
})

httpStorageTest('explain tells the way of a message that does not exist', async (http) => {
  const direct = await admin(http, 'GET', '/explain?from=hello@shop.example&to=lea@inbox.test')
  assert.deepEqual(direct.body, {
    server: null,
    error: null,
    because: [
      'the API key may send as hello@shop.example: its sender *@shop.example is active',
      'there is no active outgoing server, so this instance sends it itself',
      'it goes to the MX hosts of the recipient',
    ],
    before: { from: 'hello@shop.example', envelopeFrom: null },
    after: { from: 'hello@shop.example', envelopeFrom: null },
    hosts: ['mx.inbox.test'],
  })

  const server = await addServer(http, { name: 'Mailjet', host: 'relay.example', fromFilter: 'shop.example' })
  await admin(http, 'PUT', '/system-parameters/mail.default.from', { value: 'notifications@shop.example' })
  const from = encodeURIComponent('"Zoe, Z." <zoe@customer.example>')
  const relayed = await admin(http, 'GET', `/explain?from=${from}`)
  assert.deepEqual(relayed.body, {
    server: { id: server.id, name: 'Mailjet', host: 'relay.example', port: 587 },
    error: null,
    because: [
      'the API key may send as zoe@customer.example: a rule of the outgoing servers covers it',
      'no From filter names the address zoe@customer.example',
      'no From filter names the domain customer.example',
      'next is looked for a server for the default From, notifications@shop.example',
      'no From filter names the address notifications@shop.example',
      'the From filter of "Mailjet" (priority 10) names the domain shop.example',
      'the From becomes "Zoe, Z." <notifications@shop.example>, because zoe@customer.example is a foreign sender here',
      'no bounce address is set, so the address of the From is the envelope sender',
    ],
    before: { from: '"Zoe, Z." <zoe@customer.example>', envelopeFrom: null },
    after: { from: '"Zoe, Z." <notifications@shop.example>', envelopeFrom: 'notifications@shop.example' },
    hosts: ['relay.example'],
  })

  await admin(http, 'DELETE', '/system-parameters/mail.default.from')
  const refused = await admin(http, 'GET', '/explain?from=eve@bank.example')
  assert.match(
    (refused.body as { because: string[] }).because[0] ?? '',
    /^the API key may not send as eve@bank\.example: neither the address nor its domain is an active sender/,
  )
  await admin(http, 'POST', `/outgoing-servers/${server.id}/archive`)
  const demanded = await admin(http, 'GET', `/explain?from=a@shop.example&server=${server.id}`)
  const { error, after } = demanded.body as { error: string; after: unknown }
  assert.deepEqual([error, after], ['server_archived', null])
})

httpStorageTest('explain tells the way of a stored message, mass mail by its own server', async (http) => {
  const mass = await addServer(http, { name: 'Mass', host: 'mass.example', priority: 20 })
  await admin(http, 'PUT', '/system-parameters/mass_mailing.mail_server_id', { value: String(mass.id) })
  await addServer(http, { name: 'Daily', host: 'daily.example', priority: 1 })
  const send = async (extra: object) => {
    const answer = await http.send({
      Messages: [
        {
          From: { Email: 'hello@shop.example', Name: 'Shöp' },
          To: [{ Email: 'lea@example.net' }],
          TextPart: 'x',
          ...extra,
        },
      ],
    })
    assert.equal(answer.status, 200, answer.text)
    const { Messages } = answer.body as { Messages: { To: { MessageID: number }[] }[] }
    return Messages[0]?.To[0]?.MessageID
  }
  const wayOf = async (id: number | undefined) => {
    const answer = await admin(http, 'GET', `/explain/${id}`)
    assert.equal(answer.status, 200, answer.text)
    return answer.body as { server: { name: string }; before: { from: string }; attempts: unknown[] }
  }

  const campaign = await wayOf(await send({ CustomCampaign: 'Spring' }))
  const listed = await wayOf(await send({ Headers: { Precedence: 'bulk' } }))
  const ordinary = await wayOf(await send({}))
  const unhurried = await wayOf(await send({ Priority: 1 }))
  assert.deepEqual(
    [campaign, listed, ordinary, unhurried].map(({ server }) => server.name),
    ['Mass', 'Mass', 'Daily', 'Daily'],
  )
  assert.deepEqual([ordinary.before.from, ordinary.attempts], ['"Shöp" <hello@shop.example>', []])
  assert.equal((await admin(http, 'GET', '/explain/1')).status, 404)
})

httpTest('explain answers cases of rules that are not in place', async (http) => {
  const file = new URL('../../routing/from-filter-cases.json', import.meta.url)
  const cases = JSON.parse(readFileSync(file, 'utf8')) as { expected: Record<string, unknown> }[]
  for (const { expected, ...one } of cases.slice(0, 8)) {
    const answer = await admin(http, 'POST', '/explain', one)
    const { because, ...decided } = answer.body as { because: string[] }
    assert.ok(because.length > 0)
    assert.deepEqual(Object.keys(decided), ['server', 'smtp_from', 'from_header'])
    assert.deepEqual({ ...decided, from_header: '' }, { ...expected, from_header: '' })
  }
  const wrong = await admin(http, 'POST', '/explain', { servers: [{ id: 'one' }] })
  assert.equal(wrong.status, 400)
  assert.match(wrong.text, /"field":"servers\.0\.id"/)
})
