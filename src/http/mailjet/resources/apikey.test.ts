import assert from 'node:assert/strict'
import { httpStorageTest } from '../../../../test/http-server.ts'
import {
  assertEmpty,
  assertRefused,
  assertSubset,
  basicOf,
  oneOf,
  restCaller,
  rowsOf,
  stranger,
} from '../../../../test/rest-calls.ts'

const forbidden = 'Operation not allowed: only the master API key of the account may do this'

httpStorageTest('the master key makes, names and suspends the keys of its account', async (http) => {
  const call = restCaller(http)
  const made = await call('POST', 'apikey', { Name: 'Shop sub-account', IsActive: 'true', ACL: '' })
  assert.equal(made.status, 201)
  const { APIKey, CreatedAt, ID, SecretKey, UserID, ...rest } = oneOf(made)
  assert.match(`${APIKey} ${SecretKey}`, /^[0-9a-f]{32} [0-9a-f]{32}$/)
  assert.match(String(CreatedAt), /Z$/)
  assert.equal(typeof UserID, 'number')
  assert.deepEqual(rest, {
    ACL: '',
    IsActive: true,
    IsMaster: false,
    Name: 'Shop sub-account',
    QuarantineValue: 0,
    RegionID: 0,
    Runlevel: 'Normal',
    TrackHost: 'mail.paravion.example',
  })
  for (const path of [`apikey/${ID}`, `apikey/${APIKey}`, `apikey/${String(APIKey).toUpperCase()}`]) {
    assert.deepEqual(oneOf(await call('GET', path)), { ...oneOf(made), SecretKey: '' }, path)
  }

  const sub = restCaller(http, basicOf(APIKey, SecretKey))
  assert.deepEqual(rowsOf(await sub('GET', 'sender')), [])
  for (const [method, path, body] of [
    ['GET', 'apikey'],
    ['POST', 'apikey', { Name: 'x' }],
    ['GET', `apikey/${ID}`],
    ['PUT', `apikey/${ID}`, { Name: 'x' }],
  ] as const) {
    assertRefused(await sub(method, path, body), 403, forbidden)
  }

  assertSubset(oneOf(await call('PUT', `apikey/${ID}`, { Name: 'Toys', APIKey: 'x', SecretKey: 'y' })), {
    Name: 'Toys',
    APIKey,
    SecretKey: '',
  })
  assertEmpty(await call('PUT', `apikey/${ID}`, { Name: 'Toys', IsActive: '1' }), 304)
  assert.equal(oneOf(await call('PUT', `apikey/${APIKey}`, { IsActive: false })).IsActive, false)
  assertEmpty(await sub('GET', 'sender'), 401)
  assert.equal(oneOf(await call('PUT', `apikey/${APIKey}`, { IsActive: true })).IsActive, true)
  assert.equal((await sub('GET', 'sender')).status, 200)
  const off = await call('POST', 'apikey', { Name: 'Off', IsActive: 0 })
  assert.equal(oneOf(off).IsActive, false)
})

httpStorageTest('keys are listed, filtered and sorted; others are not there', async (http) => {
  const call = restCaller(http)
  const theirs = await stranger(http)
  for (const Name of ['b', 'a', 'b']) await call('POST', 'apikey', { Name })
  const names = async (query: string) => rowsOf(await call('GET', `apikey${query}`)).map(({ Name }) => Name)
  assert.deepEqual(await names(''), ['test', 'b', 'a', 'b'])
  assert.deepEqual(await names('?Sort=Name'), ['a', 'b', 'b', 'test'])
  assert.deepEqual(await names('?Sort=IsMaster+DESC,+Name'), ['test', 'a', 'b', 'b'])
  assert.deepEqual(await names('?Sort=IsMaster, Name DESC'.replaceAll(' ', '%20')), ['b', 'b', 'a', 'test'])
  assert.equal((await call('GET', 'apikey?Sort=ID+DESC')).status, 400)
  assert.deepEqual(await names('?Name=b'), ['b', 'b'])
  assert.deepEqual(await names('?IsMaster=true'), ['test'])
  assert.deepEqual(await names('?IsMaster=0&IsActive=1&Limit=2'), ['b', 'a'])
  assert.deepEqual(await names('?IsActive=false'), [])
  assert.deepEqual(await names('?User=1'), [])
  assert.deepEqual(await names('?KeyType=Master'), ['test'])
  assert.deepEqual(await names('?KeyType=sub'), ['b', 'a', 'b'])
  for (const query of ['KeyType=other', 'CustomStatus=x', 'ConfirmKey=x']) {
    assert.deepEqual(await names(`?${query}`), [], query)
  }
  assert.deepEqual(await names(`?APIKey=${http.publicKey}`), ['test'])
  assert.ok(rowsOf(await call('GET', 'apikey')).every(({ SecretKey }) => SecretKey === ''))

  assert.deepEqual(
    rowsOf(await theirs('GET', 'apikey')).map(({ Name }) => Name),
    ['theirs'],
  )
  assertRefused(await theirs('GET', `apikey/${http.publicKey}`), 404, 'Object not found')
  assertRefused(await theirs('PUT', `apikey/${http.keyId}`, { Name: 'x' }), 404, 'Object not found')

  const invalid = 'Object properties invalid'
  for (const [body, info] of [
    [{}, 'MJ08 Property Name is invalid: MJ03 A non-empty value is required'],
    [{ Name: '' }, 'MJ08 Property Name is invalid: MJ04 Value must have at least length 1'],
    [{ Name: 'x', ACL: 'send' }, 'MJ08 Property ACL is invalid: MJ04 Value must be one of: ""'],
    [{ Name: 'x', IsActive: 2 }, 'MJ08 Property IsActive is invalid: MJ04 Value must be true or false'],
    [
      { Name: 'a\tb' },
      'MJ04 the name of an API key must have 1 to 100 characters, none of them a control character',
    ],
  ] as const) {
    assertRefused(await call('POST', 'apikey', body), 400, invalid, info)
  }
  assertRefused(await call('DELETE', `apikey/${http.keyId}`), 405, 'Method not allowed')
  assertRefused(
    await call('PUT', `apikey/${http.keyId}`, { IsActive: false }),
    400,
    'the master key cannot suspend itself: nobody could take that back with it. Ask the operator of this service',
  )
})
