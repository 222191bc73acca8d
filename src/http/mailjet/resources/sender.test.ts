import assert from 'node:assert/strict'
import { httpStorageTest, httpTest, type TestHttp } from '../../../../test/http-server.ts'
import {
  assertEmpty,
  assertRefused,
  assertSubset,
  oneOf,
  type RestCall,
  type RestObject,
  restCaller,
  rowsOf,
  stranger,
} from '../../../../test/rest-calls.ts'

const inactive =
  'There is an already existing inactive sender with the same email. You can use "validate" action in order to activate it.'
const invalid = 'Object properties invalid'

const noErrors = { DNSValidationError: '', FileValidationError: '' }

/** The result of `validate`, which stands bare and in an envelope. */
async function validate(call: RestCall, id: unknown): Promise<RestObject> {
  const answer = await call('POST', `sender/${id}/validate`, {})
  assert.equal(answer.status, 200, answer.text)
  const { Count, Data, Total, ...bare } = answer.body as RestObject
  assert.deepEqual([Count, Data, Total], [1, [bare], 1])
  return bare
}

async function click(http: TestHttp, email: string): Promise<void> {
  const token = http.world.tokenFor(email)
  assert.ok(token)
  const page = await http.call({ method: 'POST', path: `/activate/${token}` })
  assert.equal(page.status, 200)
}

httpStorageTest('a new address is inactive, has a domain, and gets one mail', async (http) => {
  const call = restCaller(http)
  const body = {
    email: 'News@Toys.example',
    NAME: 'Toy news',
    EmailType: 'Transactional',
    IsDefaultSender: 'true',
  }
  const added = await call('POST', 'sender', body)
  assert.equal(added.status, 201)
  const { CreatedAt, DNSID, ID, ...rest } = oneOf(added)
  assert.deepEqual(rest, {
    Email: 'news@toys.example',
    EmailType: 'transactional',
    Filename: '',
    IsDefaultSender: true,
    Name: 'Toy news',
    Status: 'Inactive',
  })
  assert.match(String(CreatedAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.deepEqual(Object.keys(oneOf(added)), Object.keys(oneOf(added)).toSorted())
  assert.equal(oneOf(await call('GET', `dns/${DNSID}`)).Domain, 'toys.example')

  assertRefused(await call('POST', 'sender', body), 400, inactive)
  for (const path of [`sender/${ID}`, 'sender/news@toys.example', 'SENDER/NEWS%40TOYS.EXAMPLE']) {
    assert.deepEqual((await call('GET', path)).body, added.body, path)
  }
  const mailed = { ValidationMethod: 'ActivationEmail', Errors: noErrors, GlobalError: '' }
  assert.deepEqual(await validate(call, ID), mailed)
  assert.deepEqual(await validate(call, 'news@toys.example'), mailed)
  assert.equal(http.world.mails.length, 1)

  await click(http, 'news@toys.example')
  assert.equal(oneOf(await call('GET', `sender/${ID}`)).Status, 'Active')
  assertRefused(
    await call('POST', 'sender', body),
    400,
    'There is an already existing active sender with the same email.',
  )
  assertRefused(await call('POST', `sender/${ID}/validate`), 400, 'news@toys.example is active already')
})

httpStorageTest('a domain is proved by its record, and then all its addresses are', async (http) => {
  const call = restCaller(http)
  const early = oneOf(await call('POST', 'sender', { Email: 'early@toys.example' }))
  const added = await call('POST', 'sender', { Email: '*@Toys.example' })
  assert.equal(added.status, 201)
  const { ID, DNSID, Filename } = oneOf(added)
  assert.match(String(Filename), /^[0-9a-f]{32}\.txt$/)
  const domain = oneOf(await call('GET', `dns/${DNSID}`))
  assert.deepEqual(oneOf(await call('GET', 'dns/TOYS.example')), domain)
  const token = String(domain.OwnerShipToken)
  const recordName = `mailjet._${token.slice(0, 8)}.toys.example`
  assertSubset(domain, { OwnerShipTokenRecordName: `${recordName}.`, Domain: 'toys.example' })
  assert.equal(Filename, `${token}.txt`)

  const failed = await validate(call, ID)
  const errors = failed.Errors as Record<string, string>
  assert.equal(failed.ValidationMethod, '')
  assert.ok(errors.DNSValidationError && errors.FileValidationError && failed.GlobalError)

  http.world.txt.set(recordName, [token])
  const proved = await validate(call, ID)
  assert.deepEqual(proved, { ValidationMethod: 'DNS', Errors: noErrors, GlobalError: '' })
  assert.equal((await call('POST', `sender/${ID}/validate`)).status, 400)

  assert.equal((await validate(call, early.ID)).ValidationMethod, 'Domain')
  const later = await call('POST', 'sender', { Email: 'later@toys.example' })
  assert.equal(oneOf(later).Status, 'Active')
})

httpStorageTest('PUT changes only what is given, and nothing is a 304', async (http) => {
  const call = restCaller(http)
  const { ID } = oneOf(await call('POST', 'sender', { Email: 'a@toys.example', Name: 'A' }))
  await call('POST', 'sender', { Email: 'b@toys.example', IsDefaultSender: true })

  const changed = await call('PUT', `sender/${ID}`, { EmailType: 'bulk', isdefaultsender: 1 })
  assert.equal(changed.status, 200)
  assertSubset(oneOf(changed), { Name: 'A', EmailType: 'bulk', IsDefaultSender: true })
  assert.equal(oneOf(await call('GET', 'sender/b@toys.example')).IsDefaultSender, false)

  const same = { Id: ID, Email: 'A@toys.example', Name: 'A', EmailType: 'BULK', CreatedAt: 'x', DNSID: '7' }
  for (const body of [same, {}, undefined, { Name: null }, { IsDefaultSender: '1', Unknown: [] }]) {
    assertEmpty(await call('PUT', 'sender/a@toys.example', body), 304)
  }
  const cases: [unknown, string, string?][] = [
    [{ Email: 'c@toys.example' }, 'Not allowed to change email address'],
    [{ Status: 'Active' }, 'MJ19 Setting a value for property "Status" is not allowed'],
    [
      { EmailType: 'other' },
      invalid,
      'MJ08 Property EmailType is invalid: MJ04 Value must be one of: "transactional", "bulk", "unknown"',
    ],
    [
      { IsDefaultSender: 'maybe' },
      invalid,
      'MJ08 Property IsDefaultSender is invalid: MJ04 Value must be true or false',
    ],
    [{ Name: {} }, invalid, 'MJ08 Property Name is invalid: MJ04 Value must be a text'],
    [
      { Name: 'a\0b' },
      invalid,
      'MJ08 Property Name is invalid: MJ04 Value must not contain control characters',
    ],
    [
      { Name: 'Shop\r\nBcc: eve@a.test' },
      invalid,
      'MJ08 Property Name is invalid: MJ04 Value must not contain control characters',
    ],
    [
      { Name: 'x'.repeat(201) },
      invalid,
      'MJ08 Property Name is invalid: MJ04 Value must have at most length 200',
    ],
    ['[]', 'Malformed JSON, please review the syntax and properties types.'],
    ['{', 'Malformed JSON, please review the syntax and properties types.'],
  ]
  for (const [body, message, info] of cases) {
    assertRefused(await call('PUT', `sender/${ID}`, body), 400, message, info)
  }
  assertRefused(await call('PUT', 'sender/nobody@toys.example', { Name: 'x' }), 404, 'Object not found')
})

httpTest('what cannot be a sender is refused', async (http) => {
  const call = restCaller(http)
  const required = 'MJ08 Property Email is invalid: MJ03 A non-empty value is required'
  const cases: [unknown, string, string?][] = [
    [{}, invalid, required],
    [undefined, invalid, required],
    [{ Email: null }, invalid, required],
    [{ Email: ' ' }, invalid, 'MJ08 Property Email is invalid: MJ04 Value must have at least length 1'],
    [
      { Email: 'nobody' },
      invalid,
      "MJ08 Property Email is invalid: MJ04 'nobody' is not an e-mail address; write it like news@shop.example",
    ],
    [
      { Email: '*@nothing' },
      invalid,
      "MJ08 Property Email is invalid: MJ04 'nothing' is not a domain name; write it like shop.example, without @ or http://",
    ],
    [
      { Email: 'a@toys.example', Name: 'a\r\nb' },
      invalid,
      'MJ08 Property Name is invalid: MJ04 Value must not contain control characters',
    ],
    [
      { Email: 'a@toys.example', Status: 'Active' },
      'MJ19 Setting a value for property "Status" is not allowed',
    ],
  ]
  for (const [body, message, info] of cases) {
    assertRefused(await call('POST', 'sender', body), 400, message, info)
  }
  const answer = await call('PATCH', 'sender/1', {})
  assertRefused(answer, 405, 'Method not allowed')
  assert.equal(answer.headers.allow, 'GET, PUT, DELETE')
  assert.equal((await call('DELETE', 'sender')).headers.allow, 'GET, POST')
  assert.equal((await call('GET', 'sender/1/validate')).headers.allow, 'POST')
  assertRefused(await call('POST', 'sender/1/validate'), 404, 'Object not found')
  assertRefused(await call('POST', 'sender/a@toys.example/validate'), 404, 'Object not found')
  assertRefused(
    await call('POST', 'sender/1/approve'),
    400,
    'Unknown resource: "sender/approve"',
    'Bad Request',
  )
})

httpStorageTest('as the Terraform provider calls it', async (http) => {
  const call = restCaller(http)
  const email = 'terraform@toys.example'
  const wanted = { Email: email, Name: 'Terraform', EmailType: 'transactional', IsDefaultSender: false }
  await call('POST', 'sender', wanted)

  // Another run does not know of it, and takes over what is there.
  const again = await call('POST', 'sender', wanted)
  assert.equal(again.status, 400)
  assert.ok(again.text.includes('There is an already existing inactive sender'))
  const taken = await call('PUT', `sender/${email}`, { Name: 'Terraform 2', EmailType: 'transactional' })
  const { ID } = oneOf(taken)
  for (let second = 0; second < 5; second++) {
    assert.equal((await validate(call, ID)).ValidationMethod, 'ActivationEmail')
  }
  assert.equal(http.world.mails.length, 1)
  await click(http, email)
  assert.equal(oneOf(await call('GET', `sender/${ID}`)).Status, 'Active')

  assertEmpty(await call('DELETE', `sender/${ID}`), 204)
  assert.equal(oneOf(await call('GET', `sender/${email}`)).Status, 'Deleted')
  assert.equal(oneOf(await call('GET', `sender/${ID}`)).Status, 'Deleted')
  assertRefused(await call('POST', `sender/${ID}/validate`), 404, 'Object not found')
  assertRefused(
    await call('POST', 'sender', wanted),
    400,
    'There is an already existing inactive sender with the same email. It was deleted: bring it back with an update (PUT). Then you can use "validate" action in order to activate it.',
  )

  const revived = await call('PUT', `sender/${email}`, { Name: 'Terraform 2', EmailType: 'transactional' })
  assert.equal(revived.status, 200)
  assertSubset(oneOf(revived), { ID, Status: 'Inactive', Name: 'Terraform 2' })
  assertEmpty(await call('PUT', `sender/${email}`, { Name: 'Terraform 2' }), 304)
})

httpStorageTest('as the WordPress plugin calls it, and every filter', async (http) => {
  const call = restCaller(http)
  const added: RestObject[] = []
  for (const Email of ['*@toys.example', 'one@toys.example', 'two@games.example', 'gone@toys.example']) {
    added.push(oneOf(await call('POST', 'sender', { Email })))
  }
  await call('DELETE', 'sender/gone@toys.example')
  const list = 'sender?Limit=0&Sort=ID DESC'.replace(' ', '%20')
  const rows = rowsOf(await call('GET', list))
  assert.deepEqual(
    rows.map(({ Email, Status }) => [Email, Status]),
    [
      ['two@games.example', 'Inactive'],
      ['one@toys.example', 'Inactive'],
      ['*@toys.example', 'Inactive'],
      ['*@shop.example', 'Active'],
    ],
  )
  assert.deepEqual(rowsOf(await call('GET', 'sender?limit=0&sort=ID+desc')), rows)

  const cases: [string, string[]][] = [
    ['Status=Active', ['*@shop.example']],
    ['Status=deleted', ['gone@toys.example']],
    ['Status=nonsense', []],
    ['ShowDeleted=true&Domain=toys.example', ['*@toys.example', 'one@toys.example', 'gone@toys.example']],
    ['Domain=TOYS.example', ['*@toys.example', 'one@toys.example']],
    ['LocalPart=Two', ['two@games.example']],
    ['Email=One@toys.example', ['one@toys.example']],
    ['IsDomainSender=1', ['*@shop.example', '*@toys.example']],
    ['isdomainsender=false', ['one@toys.example', 'two@games.example']],
    [`DNSID=1&DnsID=2`, []],
    [`dnsid=${added[2]?.DNSID}`, ['two@games.example']],
    ['Limit=1&Offset=2', ['one@toys.example']],
    ['Sort=,ID+DESC&Limit=1', ['two@games.example']],
  ]
  for (const [query, expected] of cases) {
    const found = rowsOf(await call('GET', `sender?${query}`))
    assert.deepEqual(
      found.map(({ Email }) => Email),
      expected,
      query,
    )
  }
  const counted = { Count: 4, Data: [], Total: 4 }
  assert.deepEqual((await call('GET', 'sender?countOnly=1')).body, counted)
  const { Count, Total } = (await call('GET', 'sender?countRecords=1&Limit=2')).body as RestObject
  assert.deepEqual([Count, Total], [2, 4])
})

httpStorageTest('another account neither sees nor changes it', async (http) => {
  const ours = restCaller(http)
  const theirs = await stranger(http)
  const { ID, DNSID } = oneOf(await ours('POST', 'sender', { Email: 'a@toys.example' }))
  const before = (await ours('GET', `sender/${ID}`)).body

  for (const [method, path, body] of [
    ['GET', `sender/${ID}`],
    ['GET', 'sender/a@toys.example'],
    ['PUT', `sender/${ID}`, { Name: 'x' }],
    ['PUT', 'sender/a@toys.example', { Name: 'x' }],
    ['DELETE', `sender/${ID}`],
    ['POST', `sender/${ID}/validate`, {}],
    ['GET', `dns/${DNSID}`],
    ['GET', 'dns/toys.example'],
    ['POST', `dns/${DNSID}/check`, {}],
    ['POST', 'dns/toys.example/check', {}],
  ] as const) {
    assertRefused(await theirs(method, path, body), 404, 'Object not found')
  }
  const none = { Count: 0, Data: [], Total: 0 }
  for (const path of ['sender', 'sender?ShowDeleted=1', `sender?DnsID=${DNSID}`, 'dns']) {
    assert.deepEqual((await theirs('GET', path)).body, none, path)
  }
  assert.deepEqual((await ours('GET', `sender/${ID}`)).body, before)

  // The same address, added by both: two senders, two tokens.
  const other = oneOf(await theirs('POST', 'sender', { Email: '*@toys.example' }))
  const mine = oneOf(await ours('POST', 'sender', { Email: '*@toys.example' }))
  assert.notEqual(other.Filename, mine.Filename)
  const { OwnerShipToken, OwnerShipTokenRecordName } = oneOf(await ours('GET', `dns/${mine.DNSID}`))
  http.world.txt.set(String(OwnerShipTokenRecordName).slice(0, -1), [String(OwnerShipToken)])
  assert.equal((await validate(theirs, other.ID)).ValidationMethod, '')
  assert.equal((await validate(ours, mine.ID)).ValidationMethod, 'DNS')
})

httpStorageTest('what no database can hold is found nowhere', async (http) => {
  const call = restCaller(http)
  for (const path of [
    'sender/%00@toys.example',
    'dns/%00.example',
    'apikey/%00',
    'user/%00',
    'metasender/%00',
  ]) {
    assertRefused(await call('GET', path), 404, 'Object not found')
  }
  assert.equal((await call('GET', 'sender?Email=%00&Domain=%00&LocalPart=%00')).status, 400)
  assert.equal((await call('GET', 'message?CustomID=%00&From=%00')).status, 400)
  assertRefused(await call('GET', '%zz'), 400, 'The address of the request is not well-formed')
  assertRefused(
    await call('POST', 'sender', { Email: 'a\0b@toys.example' }),
    400,
    invalid,
    'MJ08 Property Email is invalid: MJ04 Value must not contain control characters',
  )
})
