import assert from 'node:assert/strict'
import { httpStorageTest, httpTest } from '../../../../test/http-server.ts'
import {
  assertEmpty,
  assertRefused,
  assertSubset,
  basicOf,
  oneOf,
  type RestObject,
  restCaller,
  rowsOf,
  stranger,
} from '../../../../test/rest-calls.ts'

const forbidden = 'Operation not allowed: only the master API key of the account may do this'

httpStorageTest('the profile is one object, which is changed by its master key', async (http) => {
  const call = restCaller(http)
  const before = oneOf(await call('GET', 'myprofile'))
  assertSubset(before, { AddressCity: '', BirthdayAt: '', EstimatedVolume: 0, VAT: 0 })
  assert.equal(before.ID, before.UserID)
  assert.deepEqual(Object.keys(before), Object.keys(before).toSorted())

  const changes = {
    Firstname: 'Léa',
    estimatedvolume: '50000',
    BirthdayAt: '1990-02-03',
    BillingEmail: 'lea@shop.example',
    VAT: 19,
  }
  const changed = await call('PUT', 'myprofile', changes)
  assert.equal(changed.status, 200)
  assertSubset(oneOf(changed), {
    Firstname: 'Léa',
    EstimatedVolume: 50_000,
    BirthdayAt: '1990-02-03T00:00:00Z',
    VAT: 0,
  })
  assert.deepEqual((await call('GET', `myprofile/${before.ID}`)).body, changed.body)
  assertEmpty(await call('PUT', 'myprofile', changes), 304)
  assertEmpty(await call('PUT', `myprofile/${before.ID}`, {}), 304)
  assert.equal(oneOf(await call('PUT', 'myprofile', { Firstname: '' })).Firstname, '')

  const invalid = 'Object properties invalid'
  for (const [body, info] of [
    [
      { EstimatedVolume: '1.5' },
      'MJ08 Property EstimatedVolume is invalid: MJ04 Value must be a whole number',
    ],
    [{ EstimatedVolume: '' }, 'MJ08 Property EstimatedVolume is invalid: MJ04 Value must be a whole number'],
    [
      { BirthdayAt: 'soon' },
      'MJ08 Property BirthdayAt is invalid: MJ04 Value must be a time like 2026-01-31T12:00:00Z',
    ],
    [{ BillingEmail: 'x' }, "MJ04 'x' is not an e-mail address; write it like lea@shop.example"],
  ] as const) {
    assertRefused(await call('PUT', 'myprofile', body), 400, invalid, info)
  }
  assertRefused(await call('DELETE', 'myprofile'), 405, 'Method not allowed')
  assertRefused(await call('GET', 'myprofile/1'), 404, 'Object not found')

  const key = oneOf(await call('POST', 'apikey', { Name: 'sub' }))
  const sub = restCaller(http, basicOf(key.APIKey, key.SecretKey))
  assert.equal(oneOf(await sub('GET', 'myprofile')).EstimatedVolume, 50_000)
  assertRefused(await sub('PUT', 'myprofile', { Firstname: 'x' }), 403, forbidden)
  assertSubset(oneOf(await (await stranger(http))('GET', 'myprofile')), {
    EstimatedVolume: 0,
    BillingEmail: '',
  })
})

httpStorageTest('the user is found by id and by address', async (http) => {
  const call = restCaller(http)
  const { ID, CreatedAt, ...rest } = oneOf(await call('GET', 'user'))
  assert.match(String(CreatedAt), /Z$/)
  assert.deepEqual(rest, {
    ACL: '',
    Email: '',
    FirstIp: '',
    LastIp: '',
    LastLoginAt: '',
    Locale: 'en_US',
    MaxAllowedAPIKeys: 1000,
    Timezone: 'etc/UTC',
    Username: 'main',
    WarnedRatelimitAt: '',
  })
  assertRefused(await call('GET', 'user/lea@shop.example'), 404, 'Object not found')
  const changed = await call('PUT', `user/${ID}`, { Email: 'Lea@shop.example', Locale: 'fr_FR' })
  assertSubset(oneOf(changed), { Email: 'Lea@shop.example', Locale: 'fr_FR' })
  assert.deepEqual((await call('GET', 'user/lea%40SHOP.example')).body, changed.body)
  assert.deepEqual(rowsOf(await call('GET', 'user?UserName=other')), [])
  assert.equal(rowsOf(await call('GET', 'user?IsActivated=true')).length, 1)
  assert.deepEqual(rowsOf(await call('GET', 'user?IsActivated=false')), [])
  assert.deepEqual(rowsOf(await call('GET', 'user?NewEmail=lea@shop.example')), [])
  assertRefused(await call('PUT', 'user', { Locale: 'x' }), 405, 'Method not allowed')
  assertRefused(await (await stranger(http))('GET', 'user/lea@shop.example'), 404, 'Object not found')
})

httpStorageTest('metasenders belong to the account, and only its operator enables them', async (http) => {
  const call = restCaller(http)
  const added = await call('POST', 'metasender', {
    Email: '*@Toys.example',
    IsEnabled: true,
    Description: 'All',
  })
  assert.equal(added.status, 201)
  const { ID, CreatedAt, Filename, ...rest } = oneOf(added)
  assert.match(`${CreatedAt} ${Filename}`, /Z [0-9a-f]{32}\.txt$/)
  assert.deepEqual(rest, { Description: 'All', Email: '*@toys.example', IsEnabled: false })
  assertRefused(
    await call('POST', 'metasender', { Email: '*@toys.EXAMPLE' }),
    400,
    'MJ18 A Metasender resource with value "*@toys.example" for Email already exists.',
  )
  assert.deepEqual((await call('GET', 'metasender/*@toys.example')).body, added.body)
  assertEmpty(await call('PUT', `metasender/${ID}`, { IsEnabled: true }), 304)
  assert.equal(oneOf(await call('PUT', `metasender/${ID}`, { Description: 'None' })).Description, 'None')
  assertRefused(
    await call('PUT', `metasender/${ID}`, { Email: '*@games.example' }),
    400,
    'Not allowed to change email address',
  )
  assertRefused(await call('DELETE', `metasender/${ID}`), 405, 'Method not allowed')

  await call('POST', 'sender', { Email: 'a@toys.example' })
  for (const [domain, count] of [
    ['toys.example', 1],
    ['shop.example', 0],
  ] as const) {
    const { ID: dnsId } = oneOf(await call('GET', `dns/${domain}`))
    assert.equal(rowsOf(await call('GET', `metasender?DNS=${dnsId}`)).length, count, domain)
  }
  assert.deepEqual(rowsOf(await call('GET', 'metasender?DNS=1')), [])

  const key = oneOf(await call('POST', 'apikey', { Name: 'sub' }))
  const sub = restCaller(http, basicOf(key.APIKey, key.SecretKey))
  assert.deepEqual(
    rowsOf(await sub('GET', 'metasender')).map((row) => row.ID),
    [ID],
  )
  assertRefused(await sub('POST', 'metasender', { Email: 'a@toys.example' }), 403, forbidden)
  const theirs = await stranger(http)
  assert.deepEqual(rowsOf(await theirs('GET', 'metasender')), [])
  assertRefused(await theirs('PUT', `metasender/${ID}`, { Description: 'x' }), 404, 'Object not found')
  assert.equal((await theirs('POST', 'metasender', { Email: '*@toys.example' })).status, 201)
})

httpTest('bounces come back to the domain of the instance', async (http) => {
  const call = restCaller(http)
  assert.deepEqual(rowsOf(await call('GET', 'returnpath')), [
    { AppId: http.keyId, ReturnPathDomain: 'bounce.mail.paravion.example' },
  ])
  assertRefused(await call('PUT', 'returnpath', {}), 405, 'Method not allowed')
})

httpTest('metadata describes every resource from its table', async (http) => {
  const call = restCaller(http)
  const all = rowsOf(await call('GET', 'metadata?Limit=0'))
  const names = all.map(({ Name }) => String(Name))
  for (const name of ['apikey', 'contact', 'metadata', 'sender', 'user'])
    assert.ok(names.includes(name), name)
  for (const { Name, Properties } of all) {
    // A newer service of the original, with an order of its own.
    if (Name === 'template') continue
    const properties = (Properties as RestObject[]).map((property) => String(property.Name))
    assert.deepEqual(properties, properties.toSorted(), String(Name))
  }
  const sender = oneOf(await call('GET', 'metadata/Sender'))
  assertSubset(sender, {
    IsReadOnly: false,
    PublicOperations: 'Get, Put, Post, Delete',
    SortInfo: [{ AllowDescending: true, PropertyName: 'ID' }],
    UniqueKey: 'Email',
  })
  assert.deepEqual(
    (sender.Properties as RestObject[]).find(({ Name }) => Name === 'EmailType'),
    {
      AllowedValues: ['transactional', 'bulk', 'unknown'],
      DataType: 'AnsiString',
      DefaultValue: 'unknown',
      Description: 'What it is used for; restricts nothing.',
      IsRequired: false,
      Name: 'EmailType',
      ReadOnly: false,
    },
  )
  assert.deepEqual(
    (sender.Actions as RestObject[]).map(({ Name, PublicOperations }) => [Name, PublicOperations]),
    [['validate', 'Post']],
  )
  assert.deepEqual(
    rowsOf(await call('GET', 'metadata?ResourceName=DNS')).map(({ Name, IsReadOnly }) => [Name, IsReadOnly]),
    [['dns', true]],
  )
  const writable = rowsOf(await call('GET', 'metadata?ReadOnlyResources=false&Limit=0'))
  const writableNames = writable.map(({ Name }) => Name)
  for (const name of ['apikey', 'contact', 'sender']) assert.ok(writableNames.includes(name), name)
  for (const name of ['dns', 'message', 'metadata']) assert.ok(!writableNames.includes(name), name)
  assertRefused(await call('GET', 'metadata/nonsense'), 404, 'Object not found')
})

httpTest('bad credentials get an empty 401 on every resource', async (http) => {
  const call = restCaller(http, basicOf(http.publicKey, 'wrong'))
  for (const [method, path] of [
    ['GET', 'myprofile'],
    ['POST', 'sender'],
    ['GET', 'nonsense'],
  ] as const) {
    const answer = await call(method, path, method === 'POST' ? {} : undefined)
    assertEmpty(answer, 401)
    assert.equal(answer.headers['www-authenticate'], 'Basic realm="Provide an apiKey and secretKey"')
  }
})
