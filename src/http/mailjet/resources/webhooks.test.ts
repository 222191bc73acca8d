/** `eventcallbackurl` and `parseroute` as clients use them. */
import assert from 'node:assert/strict'
import { httpStorageTest } from '../../../../test/http-server.ts'
import {
  assertEmpty,
  assertRefused,
  oneOf,
  restCaller,
  rowsOf,
  stranger,
} from '../../../../test/rest-calls.ts'
import { startReceiver } from '../../../../test/webhooks-world.ts'

httpStorageTest(
  'a callback as clients add it: any case, texts for booleans, the URL as it came',
  async (http) => {
    const call = restCaller(http)
    const url = 'https://hook:p%40ss@app.example:8443/webhook/1?a=b'
    // This is what n8n sends, and what it looks for before.
    const made = await call('POST', 'EventCallbackURL', {
      EventType: 'click',
      Url: url,
      Status: 'alive',
      isBackup: 'false',
    })
    assert.equal(made.status, 201, made.text)
    const row = oneOf(made)
    assert.deepEqual(row, {
      APIKeyID: http.keyId,
      EventType: 'click',
      ID: row.ID,
      IsBackup: false,
      Status: 'alive',
      Url: url,
      Version: 1,
    })
    assert.deepEqual(Object.keys(row), Object.keys(row).toSorted())
    assert.deepEqual(rowsOf(await call('GET', 'eventcallbackurl')), [row])
    for (const path of [`${row.ID}`, 'click|false', 'CLICK%7C0', '1|false']) {
      assert.deepEqual(oneOf(await call('GET', `eventcallbackurl/${path}`)), row, path)
    }
    const again = await call('POST', 'eventcallbackurl', { EventType: '1', Url: url })
    assertRefused(
      again,
      400,
      'MJ18 A EventCallbackUrl resource with value "click|false" for EventType|Backup already exists.',
    )

    const open = oneOf(await call('POST', 'eventcallbackurl', { Url: 'http://app.example/', Version: '2' }))
    assert.deepEqual([open.EventType, open.Version], ['open', 2])
    const backup = oneOf(await call('POST', 'eventcallbackurl', { EventType: 6, Url: url, IsBackup: 'TRUE' }))
    assert.equal(backup.IsBackup, true)
    const ids = async (query: string) =>
      rowsOf(await call('GET', `eventcallbackurl?${query}`)).map(({ ID }) => ID)
    assert.deepEqual(await ids('EventType=open'), [open.ID, backup.ID])
    assert.deepEqual(await ids('EventType=6&Backup=true'), [backup.ID])
    assert.deepEqual(await ids('Version=2'), [open.ID])
    assert.deepEqual(await ids('Status=dead'), [])
    assert.deepEqual(await ids('EventType=nothing'), [])
    assert.deepEqual(await ids(`APIKey=${http.keyId}&Limit=1&Offset=1`), [open.ID])

    assertEmpty(await call('PUT', `eventcallbackurl/${row.ID}`, { Url: url, version: '1' }), 304)
    assert.equal(oneOf(await call('PUT', `eventcallbackurl/${row.ID}`, { Status: 'dead' })).Status, 'dead')
    const revived = oneOf(await call('PUT', `eventcallbackurl/click|false`, { Url: 'https://new.example/' }))
    assert.deepEqual([revived.Status, revived.Url], ['alive', 'https://new.example/'])
    const clash = await call('PUT', `eventcallbackurl/${row.ID}`, { EventType: 'open' })
    assert.match(clash.text, /MJ18 A EventCallbackUrl resource with value \\"open\|false\\"/)
    assertEmpty(await call('DELETE', `eventcallbackurl/${row.ID}`), 204)
    assertRefused(await call('GET', `eventcallbackurl/click|false`), 404, 'Object not found')

    const other = await stranger(http)
    assert.deepEqual(rowsOf(await other('GET', 'eventcallbackurl')), [])
    assert.equal((await other('DELETE', `eventcallbackurl/${open.ID}`)).status, 404)
  },
)

httpStorageTest('what a callback cannot be is refused in words', async (http) => {
  const call = restCaller(http)
  const table: [body: object, info: RegExp][] = [
    [{}, /MJ08 Property Url is invalid: MJ03/],
    [{ Url: 'nowhere' }, /it is no web address/],
    [{ Url: 'ftp://app.example/x' }, /it is no web address/],
    [
      { Url: 'https://app.example/', EventType: 'opened' },
      /MJ08 Property EventType is invalid: MJ04 Value must be one of: "open"/,
    ],
    [{ Url: 'https://app.example/', Version: 3 }, /the version is 3/],
    [{ Url: 'https://app.example/', Status: 'asleep' }, /MJ04 Value must be one of: "alive", "dead"/],
  ]
  for (const [body, info] of table) {
    const answer = await call('POST', 'eventcallbackurl', body)
    assert.equal(answer.status, 400, answer.text)
    assert.match((answer.body as { ErrorInfo: string }).ErrorInfo, info)
  }
  // Older clients ask for what never happens here.
  assert.equal(
    (await call('POST', 'eventcallbackurl', { EventType: 'typofix', Url: 'https://app.example/' })).status,
    201,
  )
})

httpStorageTest('test calls at once, and says what came of it', async (http, t) => {
  const receiver = await startReceiver(t)
  const call = restCaller(http)
  for (const [Version, EventType] of [
    'sent',
    'open',
    'click',
    'bounce',
    'blocked',
    'spam',
    'unsub',
  ].entries()) {
    const Url = `${receiver.url}/${EventType}`
    const { ID } = oneOf(
      await call('POST', 'eventcallbackurl', { EventType, Url, Version: 1 + (Version % 2) }),
    )
    const { DurationMs, ...result } = oneOf(await call('POST', `eventcallbackurl/${ID}/test`))
    assert.ok(Number.isInteger(DurationMs))
    assert.deepEqual(result, { Answer: 'answer 200', Error: '', HTTPStatus: 200, ID, IsDelivered: true })
    const body = receiver.received.at(-1)?.body
    const [event] = Array.isArray(body) ? body : [body]
    assert.equal((event as { event: string }).event, EventType)
  }
  receiver.answer(410)
  const failed = oneOf(await call('POST', 'eventcallbackurl/open|false/test'))
  assert.deepEqual([failed.IsDelivered, failed.Error], [false, 'it answered 410'])
  const silent = { EventType: 'typofix', Url: `${receiver.url}/typofix` }
  assert.equal((await call('POST', 'eventcallbackurl', silent)).status, 201)
  assertRefused(
    await call('POST', 'eventcallbackurl/typofix|false/test'),
    400,
    'Object properties invalid',
    'MJ04 nothing is ever told of typofix, so that there is nothing to try',
  )
})

httpStorageTest(
  'a parse route: an address is made once, or is of a domain that the key has proved',
  async (http) => {
    const call = restCaller(http)
    const url = 'https://hook:pw@app.example/inbound'
    const made = oneOf(await call('POST', 'parseroute', { url }))
    assert.match(String(made.Email), /^[A-Za-z0-9-]{16}@in\.mail\.paravion\.example$/)
    assert.deepEqual(made, { APIKeyID: http.keyId, Email: made.Email, ID: made.ID, Url: url })
    const twice = await call('POST', 'parseroute', { Url: url })
    assert.deepEqual([twice.status, /has its address already/.test(twice.text)], [400, true], twice.text)

    for (const bare of ['https://app.example', 'https://app.example/', 'https://app.example/?x=1']) {
      const answer = await call('POST', 'parseroute', { Url: bare, Email: 'a@shop.example' })
      assert.match((answer.body as { ErrorInfo: string }).ErrorInfo, /it has no path/, bare)
    }
    const own = oneOf(await call('POST', 'parseroute', { Url: url, Email: 'Orders@Shop.Example' }))
    assert.equal(own.Email, 'Orders@Shop.Example')
    assertRefused(
      await call('POST', 'parseroute', { Url: url, Email: 'orders@shop.example' }),
      400,
      'MJ18 A ParseRoute resource with value "orders@shop.example" for Email already exists.',
    )
    const everybody = await call('POST', 'parseroute', { Url: url, Email: '*@shop.example' })
    assert.deepEqual([everybody.status, /a route is for one/.test(everybody.text)], [400, true])
    const foreign = await call('POST', 'parseroute', { Url: url, Email: 'a@elsewhere.example' })
    assert.deepEqual(
      [foreign.status, /has not proved the domain elsewhere\.example/.test(foreign.text)],
      [403, true],
    )
    assert.equal(
      (await call('POST', 'parseroute', { Url: url, Email: 'a@in.mail.paravion.example' })).status,
      400,
    )

    assert.equal(oneOf(await call('GET', 'parseroute/ORDERS@shop.example')).ID, own.ID)
    const changed = oneOf(
      await call('PUT', `parseroute/${own.ID}`, { Email: 'help@shop.example', Url: `${url}/2` }),
    )
    assert.deepEqual([changed.Email, changed.Url], ['help@shop.example', `${url}/2`])
    assert.equal(rowsOf(await call('GET', 'parseroute')).length, 2)
    const other = await stranger(http)
    assert.equal((await other('GET', `parseroute/${own.ID}`)).status, 404)
    assertEmpty(await call('DELETE', `parseroute/help@shop.example`), 204)
  },
)
