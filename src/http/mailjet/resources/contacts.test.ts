/** contact, contactslist, listrecipient, contactmetadata, contactdata and the actions of few contacts. */
import assert from 'node:assert/strict'
import { httpStorageTest, httpTest } from '../../../../test/http-server.ts'
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
import { findSuppression, removeSuppression, suppress } from '../../../contacts/suppressions.ts'

const invalid = 'Object properties invalid'
const needed = (name: string) => `MJ08 Property ${name} is invalid: MJ03 A non-empty value is required`

async function add(call: RestCall, email: string): Promise<number> {
  return Number(oneOf(await call('POST', 'contact', { Email: email })).ID)
}

httpStorageTest('a contact is added, found by number and address, and changed', async (http) => {
  const call = restCaller(http)
  const added = await call('POST', 'contact', { email: 'Ana@Shop.TEST', Name: 'Ana' })
  assert.equal(added.status, 201)
  const ana = oneOf(added)
  assert.deepEqual(Object.keys(ana), Object.keys(ana).toSorted())
  assertSubset(ana, {
    Email: 'ana@shop.test',
    Name: 'Ana',
    DeliveredCount: 0,
    ExclusionFromCampaignsUpdatedAt: '',
    IsExcludedFromCampaigns: false,
    IsOptInPending: false,
    IsSpamComplaining: false,
    LastActivityAt: '',
    LastUpdateAt: '',
    UnsubscribedAt: '',
    UnsubscribedBy: '',
  })
  for (const path of [`contact/${ana.ID}`, 'contact/ANA@shop.test', 'contact/ana%40shop.test']) {
    assert.deepEqual(oneOf(await call('GET', path)), ana)
  }
  assertEmpty(await call('PUT', `contact/${ana.ID}`, { Name: 'Ana', Id: 5 }), 304)
  const renamed = oneOf(await call('PUT', 'contact/ana@shop.test', { Name: 'Ana B.' }))
  assert.equal(renamed.Name, 'Ana B.')
  assert.notEqual(renamed.LastUpdateAt, '')
  const unicode = await add(call, 'jürgen@shop.test')
  assert.equal(oneOf(await call('GET', 'contact/j%C3%BCrgen@shop.test')).ID, unicode)

  const taken = 'MJ18 A Contact resource with value "ana@shop.test" for Email already exists.'
  assertRefused(await call('POST', 'contact', { Email: 'ANA@shop.test' }), 400, taken)
  assertEmpty(await call('PUT', `contact/${ana.ID}`, { Email: 'eve@shop.test', CreatedAt: 'never' }), 304)
  const noMail = 'Invalid email address "nonsense", reason: "No @ character in mail"'
  assertRefused(await call('PUT', 'contact/nonsense', { Name: 'x' }), 400, noMail)
  assertRefused(await call('POST', 'contact', { Email: 'nonsense' }), 400, noMail)
  assertRefused(await call('POST', 'contact', {}), 400, invalid, needed('Email'))
  assertRefused(await call('GET', 'contact/nobody@shop.test'), 404, 'Object not found')
  assertRefused(await call('DELETE', `contact/${ana.ID}`), 405, 'Method not allowed')
  const theirs = await stranger(http)
  assertRefused(await theirs('GET', `contact/${ana.ID}`), 404, 'Object not found')
  assert.equal((await theirs('POST', 'contact', { Email: 'ana@shop.test' })).status, 201)
})

httpStorageTest('exclusion from campaigns and the suppression list are one thing', async (http) => {
  const call = restCaller(http)
  const { storage, keyId } = http
  const entry = { keyId, address: 'ana@shop.test' }
  const ana = oneOf(
    await call('POST', 'contact', { Email: 'ana@shop.test', IsExcludedFromCampaigns: 'true' }),
  )
  assert.equal(ana.IsExcludedFromCampaigns, true)
  assert.equal(ana.ExclusionFromCampaignsUpdatedAt, ana.CreatedAt)
  assert.equal((await findSuppression(storage, entry))?.reason, 'unsubscribe')

  const back = oneOf(await call('PUT', `contact/${ana.ID}`, { IsExcludedFromCampaigns: false }))
  assert.equal(back.IsExcludedFromCampaigns, false)
  assert.notEqual(back.ExclusionFromCampaignsUpdatedAt, '')
  assert.equal(await findSuppression(storage, entry), undefined)

  // The person unsubscribes; later the mailbox is gone, and comes back: what they said is not forgotten.
  const at = Date.now()
  await storage.commit({ writes: suppress({ ...entry, reason: 'unsubscribe', origin: 'mail', at }) })
  await storage.commit({ writes: suppress({ ...entry, reason: 'hard-bounce', origin: '550', at }) })
  assert.equal((await findSuppression(storage, entry))?.reason, 'hard-bounce')
  assert.equal(oneOf(await call('GET', `contact/${ana.ID}`)).IsExcludedFromCampaigns, true)
  await call('PUT', `contact/${ana.ID}`, { IsExcludedFromCampaigns: false })
  const left = await findSuppression(storage, entry)
  assert.deepEqual([left?.reason, left?.optedOutAt], ['hard-bounce', null])
  await call('PUT', `contact/${ana.ID}`, { IsExcludedFromCampaigns: true })
  assert.equal((await findSuppression(storage, entry))?.reason, 'hard-bounce')
  await removeSuppression(storage, entry)
  assert.equal(oneOf(await call('GET', `contact/${ana.ID}`)).IsExcludedFromCampaigns, false)

  await storage.commit({ writes: suppress({ ...entry, reason: 'complaint', origin: 'report', at }) })
  assertSubset(oneOf(await call('GET', `contact/${ana.ID}`)), {
    IsSpamComplaining: true,
    IsExcludedFromCampaigns: false,
  })
})

httpStorageTest('a list is made, renamed, deleted and brought back', async (http) => {
  const call = restCaller(http)
  const spring = oneOf(await call('POST', 'contactslist', { Name: 'Spring readers' }))
  assert.match(String(spring.Address), /^[a-z0-9]{9}$/)
  assertSubset(spring, { IsDeleted: false, Name: 'Spring readers', SubscriberCount: 0 })
  assert.deepEqual(oneOf(await call('GET', `contactslist/${spring.Address}`)), spring)
  assertEmpty(await call('PUT', `contactslist/${spring.ID}`, {}), 304)
  const short = 'MJ08 Property Name is invalid: MJ04 Value must have at least length 1'
  assertRefused(await call('POST', 'contactslist', { Name: '' }), 400, invalid, short)
  const taken = 'MJ18 A Contactslist resource with value "Spring readers" for Name already exists.'
  assertRefused(await call('POST', 'contactslist', { Name: 'Spring readers' }), 400, taken)

  assertEmpty(await call('DELETE', `contactslist/${spring.ID}`), 204)
  assert.equal(oneOf(await call('GET', `contactslist/${spring.ID}`)).IsDeleted, true)
  const next = oneOf(await call('POST', 'contactslist', { Name: 'Spring readers' }))
  assertRefused(await call('PUT', `contactslist/${spring.ID}`, { IsDeleted: false }), 400, taken)
  const back = await call('PUT', `contactslist/${spring.ID}`, { IsDeleted: false, Name: 'Autumn' })
  assertSubset(oneOf(back), { IsDeleted: false, Name: 'Autumn' })

  const found = async (query: string) =>
    rowsOf(await call('GET', `contactslist?${query}`)).map(({ ID }) => ID)
  assert.deepEqual(await found('Limit=0&Sort=Name ASC'.replace(' ', '+')), [spring.ID, next.ID])
  assert.deepEqual(await found('Sort=ID+DESC'), [next.ID, spring.ID])
  assert.deepEqual(await found('Name=Autumn'), [spring.ID])
  assert.deepEqual(await found(`ExcludeID=${spring.ID}`), [next.ID])
  await call('DELETE', `contactslist/${next.ID}`)
  assert.deepEqual(await found('IsDeleted=true'), [next.ID])
  const sort = 'Invalid sort specification: Cannot sort on field "SubscriberCount"'
  assertRefused(await call('GET', 'contactslist?Sort=SubscriberCount'), 400, sort)
  assertRefused(await (await stranger(http))('GET', `contactslist/${spring.ID}`), 404, 'Object not found')
})

/** What each action makes of somebody who is not in the list, is in it, or has left it. */
const actions: [string, { absent: string; subscribed: string; left: string }][] = [
  ['addforce', { absent: 'subscribed', subscribed: 'subscribed', left: 'subscribed' }],
  ['addnoforce', { absent: 'subscribed', subscribed: 'subscribed', left: 'left' }],
  ['unsub', { absent: 'left', subscribed: 'left', left: 'left' }],
  ['remove', { absent: 'absent', subscribed: 'absent', left: 'absent' }],
]

httpStorageTest('list actions do what their table says, and the list counts its members', async (http) => {
  const call = restCaller(http)
  for (const [action, outcomes] of actions) {
    const { ID } = oneOf(await call('POST', 'contactslist', { Name: action }))
    const manage = (who: string, what: string) =>
      call('POST', `contactslist/${ID}/managecontact`, { Email: `${who}@a.test`, Action: what })
    await manage('subscribed', 'addforce')
    await manage('left', 'unsub')
    for (const who of ['absent', 'subscribed', 'left']) {
      assert.equal((await manage(who, action.toUpperCase())).status, 201)
    }
    const rows = rowsOf(await call('GET', `listrecipient?ContactsList=${ID}&Style=full`))
    const states = Object.fromEntries(
      rows.map(({ ContactALT, IsUnsubscribed }) => [
        String(ContactALT).split('@')[0],
        IsUnsubscribed ? 'left' : 'subscribed',
      ]),
    )
    const members = Object.entries(outcomes).filter(([, outcome]) => outcome !== 'absent')
    assert.deepEqual(states, Object.fromEntries(members), action)
    const list = oneOf(await call('GET', `contactslist/${ID}`))
    assert.equal(list.SubscriberCount, members.length, action)
  }
})

httpStorageTest('managecontactslists changes many lists at once, or tells every fault', async (http) => {
  const call = restCaller(http)
  const one = oneOf(await call('POST', 'contactslist', { Name: 'one' }))
  const two = oneOf(await call('POST', 'contactslist', { Name: 'two' }))
  const id = await add(call, 'ana@shop.test')
  const wish = [
    { ListID: one.ID, Action: 'addnoforce' },
    { ListID: String(two.ID), Action: 'unsub' },
  ]
  const done = await call('POST', 'contact/ana@shop.test/ManageContactsLists', { ContactsLists: wish })
  assert.equal(done.status, 201)
  assert.deepEqual(oneOf(done).ContactsLists, [wish[0], { ListID: two.ID, Action: 'unsub' }])
  const lists = rowsOf(await call('GET', `contact/${id}/getcontactslists`))
  assert.deepEqual(
    lists.map(({ ListID, IsUnsub, IsActive }) => [ListID, IsUnsub, IsActive]),
    [
      [one.ID, false, true],
      [two.ID, true, true],
    ],
  )
  const faulty = await call('POST', `contact/${id}/managecontactslists`, {
    ContactsLists: [
      { ListID: 999, Action: 'addforce' },
      { ListID: one.ID, Action: 'remove' },
      { ListID: two.ID, Action: 'dance' },
    ],
  })
  assert.deepEqual(faulty.body, {
    ErrorInfo: {
      ContactsLists: [
        { ListID: 999, Action: 'addforce', Error: 'List ID 999 is invalid or deleted' },
        { ListID: two.ID, Action: 'dance', Error: 'action missing or not valid' },
      ],
    },
    ErrorMessage: invalid,
    StatusCode: 400,
  })
  const unreadable = await call('POST', `contact/${id}/managecontactslists`, {
    ContactsLists: [{ ListID: one.Address, Action: 'addforce' }, { Action: 'unsub' }, { ListID: one.ID }],
  })
  assert.deepEqual((unreadable.body as RestObject).ErrorInfo, {
    ContactsLists: [
      { ListID: one.Address, Action: 'addforce', Error: `List ID ${one.Address} is invalid or deleted` },
      { Action: 'unsub', Error: 'listID missing or not valid' },
      { ListID: one.ID, Error: 'action missing or not valid' },
    ],
  })
  assert.equal(rowsOf(await call('GET', `contact/${id}/getcontactslists`)).length, 2)
  const missing = await call('POST', 'contact/nobody@shop.test/managecontactslists', { ContactsLists: wish })
  assertRefused(missing, 404, 'Object not found')
  assertRefused(await call('GET', 'contact/999/getcontactslists'), 404, 'Object not found')
  const theirs = await stranger(http)
  await add(theirs, 'eve@shop.test')
  const foreign = await theirs('POST', 'contact/eve@shop.test/managecontactslists', { ContactsLists: wish })
  assert.equal(foreign.status, 400, 'a list of another key is no list')
})

httpStorageTest('managecontact stores a contact with its properties', async (http) => {
  const call = restCaller(http)
  const list = oneOf(await call('POST', 'contactslist', { Name: 'all' }))
  for (const [Name, Datatype] of [
    ['City', 'str'],
    ['age', 'int'],
    ['vip', 'bool'],
  ]) {
    assert.equal((await call('POST', 'contactmetadata', { Name, Datatype, NameSpace: 'static' })).status, 201)
  }
  const path = `contactslist/${list.ID}/managecontact`
  const wish = { Email: 'Ana@shop.test', Action: 'addnoforce', Name: 'Ana' }
  const done = await call('POST', path, { ...wish, Properties: { city: 'Lyon', age: '34', VIP: true } })
  const { ContactID, ...rest } = oneOf(done)
  assert.equal(typeof ContactID, 'number')
  assert.deepEqual(rest, {
    Email: 'ana@shop.test',
    Action: 'addnoforce',
    Name: 'Ana',
    Properties: { City: 'Lyon', age: 34, vip: true },
  })
  const again = await call('POST', path, { Email: wish.Email, Action: 'addforce', Properties: { age: null } })
  assert.deepEqual([oneOf(again).Properties, oneOf(again).Name], [{ City: 'Lyon', vip: true }, 'Ana'])
  assert.equal(oneOf(await call('GET', 'contact/ana@shop.test')).Name, 'Ana')

  const odd = {
    Email: 'odd@shop.test',
    Action: 'addforce',
    Name: 'A\0B\n\ud800',
    Properties: { city: 'x\ud800' },
  }
  assert.equal((await call('POST', path, odd)).status, 201)
  assert.equal(oneOf(await call('GET', 'contact/odd@shop.test')).Name, 'A B \ufffd')

  const emptied = oneOf(await call('POST', path, { Email: odd.Email, Action: 'unsub', Name: '' }))
  assert.equal(emptied.Name, '')
  const nobody = oneOf(await call('POST', path, { Email: 'nobody@shop.test', Action: 'remove' }))
  assert.deepEqual(nobody, { Email: 'nobody@shop.test', Action: 'remove', Name: '', Properties: {} })

  const wrong = await call('POST', path, { ...wish, Properties: { town: 'x', age: 'old' } })
  assert.deepEqual((wrong.body as RestObject).ErrorInfo, {
    Properties: [{ town: 'Property not defined' }, { age: 'Property type does not match definition' }],
  })
  assertRefused(await call('POST', path, { Email: 'a@b.test' }), 400, invalid, needed('Action'))
  assertRefused(await call('POST', path, { Action: 'addforce' }), 400, invalid, needed('Email'))
  await call('DELETE', `contactslist/${list.ID}`)
  assert.equal((await call('POST', path, wish)).status, 400)
})

httpStorageTest('properties are defined, and their values read and changed', async (http) => {
  const call = restCaller(http)
  const age = oneOf(await call('POST', 'contactmetadata', { Name: 'Age', Datatype: 'int' }))
  assertSubset(age, { Name: 'Age', Datatype: 'int', NameSpace: 'static' })
  assert.deepEqual(oneOf(await call('GET', 'contactmetadata/static|age')), age)
  const born = oneOf(await call('POST', 'contactmetadata', { Name: 'born', Datatype: 'datetime' }))
  const taken = 'MJ18 A Contactmetadata resource with value "AGE" for Name already exists.'
  assertRefused(await call('POST', 'contactmetadata', { Name: 'AGE' }), 400, taken)
  for (const [Name, reason] of [
    ['with space', "MJ04 'with space' is no name of a property; it begins with a letter and holds letters"],
    ['two\r\nlines', 'MJ04 Value must not contain control characters'],
  ]) {
    const refused = (await call('POST', 'contactmetadata', { Name })).body as RestObject
    assert.ok(String(refused.ErrorInfo).startsWith(`MJ08 Property Name is invalid: ${reason}`))
  }
  assert.equal((await call('POST', 'contactmetadata', { Name: 'x', Datatype: 'blob' })).status, 400)

  const id = await add(call, 'ana@shop.test')
  const empty = { ContactID: id, Data: [], ID: id, MethodCollection: '' }
  assert.deepEqual(oneOf(await call('GET', 'contactdata/ana@shop.test')), empty)
  const data = [
    { Name: 'age', Value: 34 },
    { name: 'Born', value: '1990-05-17' },
  ]
  const shown = [
    { Name: 'Age', Value: '34' },
    { Name: 'born', Value: '1990-05-17T00:00:00Z' },
  ]
  assert.deepEqual(oneOf(await call('PUT', `contactdata/${id}`, { Data: data })).Data, shown)
  const posted = await call('POST', 'contactdata', { ContactID: id, Data: [{ Name: 'age', Value: '35' }] })
  assert.equal(posted.status, 201)
  const older = [{ Name: 'Age', Value: '35' }, shown[1]]
  assert.deepEqual(oneOf(await call('GET', `contactdata?ContactEmail=ana@shop.test`)).Data, older)
  assert.deepEqual(oneOf(await call('GET', `contactdata/${id}?Fields=born`)).Data, [shown[1]])
  for (const same of [[{ Name: 'age', Value: 35 }], [{ Name: 'Age', Value: '35' }], older, []]) {
    assertEmpty(await call('PUT', `contactdata/${id}`, { Data: same }), 304)
  }
  const wrong = await call('PUT', `contactdata/${id}`, { Data: [{ Name: 'age', Value: '3.5' }] })
  assert.deepEqual((wrong.body as RestObject).ErrorInfo, {
    Properties: [{ age: 'Property type does not match definition' }],
  })
  const retyped = await call('PUT', `contactmetadata/${age.ID}`, { Datatype: 'str' })
  assert.equal(retyped.status, 400, 'it has values')
  assert.equal(oneOf(await call('PUT', `contactmetadata/${born.ID}`, { Name: 'birthday' })).Name, 'birthday')
  assertEmpty(await call('DELETE', `contactmetadata/${age.ID}`), 204)
  assert.deepEqual(oneOf(await call('GET', `contactdata/${id}`)).Data, [{ ...shown[1], Name: 'birthday' }])
  assertEmpty(await call('DELETE', `contactdata/${id}`), 204)
  assert.deepEqual(oneOf(await call('GET', `contactdata/${id}`)), empty)
})

httpStorageTest('memberships are added, changed, filtered and removed', async (http) => {
  const call = restCaller(http)
  const one = oneOf(await call('POST', 'contactslist', { Name: 'one' }))
  const two = oneOf(await call('POST', 'contactslist', { Name: 'two' }))
  const ana = await add(call, 'ana@shop.test')
  await add(call, 'ben@shop.test')
  const added = await call('POST', 'listrecipient', { ContactID: ana, ListID: one.ID })
  assert.equal(added.status, 201)
  const row = oneOf(added)
  assertSubset(row, {
    ContactID: ana,
    ListID: one.ID,
    ListName: 'one',
    IsActive: true,
    IsUnsubscribed: false,
  })
  assert.deepEqual([row.UnsubscribedAt, row.SubscribedAt !== ''], ['', true])
  const alt = { ContactALT: 'BEN@shop.test', ListALT: two.Address, IsUnsubscribed: 'true' }
  const ben = oneOf(await call('POST', 'listrecipient', alt))
  assertSubset(ben, { ListName: 'two', IsUnsubscribed: true, SubscribedAt: '' })
  const named = { Contact: ben.ContactID, List: String(one.ID) }
  assertSubset(oneOf(await call('POST', 'listrecipient', named)), { ListName: 'one', IsUnsubscribed: false })
  const alternate = { ContactAlt: 'ben@shop.test', ListAlt: 'one' }
  assertRefused(
    await call('POST', 'listrecipient', alternate),
    400,
    'MJ18 A duplicate ListRecipient already exists.',
  )
  const twice = await call('POST', 'listrecipient', { ContactID: ana, ListID: one.ID })
  assertRefused(twice, 400, 'MJ18 A duplicate ListRecipient already exists.')
  for (const wrong of [
    { ContactID: ana, ListID: 999 },
    { ContactID: 999, ListID: one.ID },
    { ContactALT: 'x', ListID: one.ID },
    { ContactID: ana },
  ]) {
    assert.equal((await call('POST', 'listrecipient', wrong)).status, 400, JSON.stringify(wrong))
  }
  const found = async (query: string) =>
    rowsOf(await call('GET', `listrecipient?${query}`)).map(({ ContactID, ListID }) => [ContactID, ListID])
  const inOne = [ana, one.ID]
  const [benInTwo, benInOne] = [
    [ben.ContactID, two.ID],
    [ben.ContactID, one.ID],
  ]
  const cases: [string, unknown[]][] = [
    ['', [inOne, benInTwo, benInOne]],
    ['Unsub=true', [benInTwo]],
    [`ContactsList=${one.ID}&Unsub=false`, [inOne, benInOne]],
    ['ContactEmail=ben@shop.test', [benInTwo, benInOne]],
    ['ContactEmail=nobody@shop.test', []],
    ['ContactEmail=nonsense', []],
    [`Contact=${ana}`, [inOne]],
    ['ListName=two', [benInTwo]],
    ['Limit=1&Offset=1', [benInTwo]],
    ['IsExcludedFromCampaigns=true', []],
    ['Blocked=false&Active=true', [inOne, benInTwo, benInOne]],
  ]
  for (const [query, expected] of cases) assert.deepEqual(await found(query), expected, query)
  assert.deepEqual((await call('GET', 'listrecipient?countOnly=1')).body, { Count: 3, Data: [], Total: 3 })

  const left = oneOf(await call('PUT', `listrecipient/${row.ID}`, { IsUnsubscribed: true }))
  assert.notEqual(left.UnsubscribedAt, '')
  assertEmpty(await call('PUT', `listrecipient/${row.ID}`, { IsUnsubscribed: true }), 304)
  const back = oneOf(await call('PUT', `listrecipient/${row.ID}`, { IsUnsubscribed: false }))
  assert.equal(back.IsUnsubscribed, false)
  assertEmpty(await call('DELETE', `listrecipient/${row.ID}`), 204)
  assertRefused(await call('DELETE', `listrecipient/${row.ID}`), 404, 'Object not found')
  assert.equal(oneOf(await call('GET', `contactslist/${one.ID}`)).SubscriberCount, 1)
  await call('DELETE', `contactslist/${one.ID}`)
  assert.deepEqual(await found('IgnoreDeleted=true'), [benInTwo])
})

httpTest('contacts are filtered, sorted, paged and counted', async (http) => {
  const call = restCaller(http)
  const list = oneOf(await call('POST', 'contactslist', { Name: 'all' }))
  for (const name of ['carla', 'ana', 'ben']) {
    await call('POST', `contactslist/${list.ID}/managecontact`, {
      Email: `${name}@shop.test`,
      Action: name === 'ben' ? 'unsub' : 'addforce',
    })
  }
  await add(call, 'dora@shop.test')
  await call('PUT', 'contact/ana@shop.test', { IsExcludedFromCampaigns: true })
  const cases: [string, string[]][] = [
    ['', ['carla', 'ana', 'ben', 'dora']],
    ['Sort=Email', ['ana', 'ben', 'carla', 'dora']],
    ['Sort=Email+DESC&Limit=2', ['dora', 'carla']],
    ['Sort=CreatedAt+desc&Limit=1&Offset=1', ['ben']],
    ['Sort=DeliveredCount', ['carla', 'ana', 'ben', 'dora']],
    [`ContactsList=${list.ID}`, ['carla', 'ana', 'ben']],
    [`contactslist=${list.ID}&Sort=Email`, ['ana', 'ben', 'carla']],
    [`ContactsList=${list.ID}&IsUnsubscribed=1`, ['ben']],
    [`ContactsList=${list.ID}&IsUnsubscribed=false&Limit=1&Offset=1`, ['ana']],
    ['IsUnsubscribed=true', ['ben']],
    ['IsUnsubscribed=false', ['carla', 'ana', 'dora']],
    ['IsExcludedFromCampaigns=true', ['ana']],
    ['IsExcludedFromCampaigns=false', ['carla', 'ben', 'dora']],
    ['LastActivityAt=2020-01-01', []],
    ['ContactsList=999', []],
    ['Unknown=1&Limit=0', ['carla', 'ana', 'ben', 'dora']],
  ]
  for (const [query, expected] of cases) {
    const rows = rowsOf(await call('GET', `contact?${query}`))
    assert.deepEqual(
      rows.map(({ Email }) => String(Email).split('@')[0]),
      expected,
      query,
    )
  }
  const counted = { Count: 3, Data: [], Total: 3 }
  assert.deepEqual((await call('GET', `contact?ContactsList=${list.ID}&countOnly=1`)).body, counted)
  const page = (await call('GET', 'contact?countrecords=1&limit=1')).body as RestObject
  assert.deepEqual([page.Count, page.Total], [1, 4])
  const data = rowsOf(await call('GET', `contactdata?ContactsList=${list.ID}&Limit=2`))
  assert.equal(data.length, 2)
  assertRefused(
    await call('GET', 'contact/1/nonsense'),
    400,
    'Unknown resource: "contact/nonsense"',
    'Bad Request',
  )
})
