/** contactfilter, and the erasure of a contact. */
import assert from 'node:assert/strict'
import { httpStorageTest } from '../../../../test/http-server.ts'
import {
  assertEmpty,
  assertRefused,
  oneOf,
  type RestObject,
  restCaller,
  rowsOf,
} from '../../../../test/rest-calls.ts'
import { findSuppression } from '../../../contacts/suppressions.ts'

const invalid = 'Object properties invalid'

httpStorageTest('a segment is made, changed, and deleted', async (http) => {
  const call = restCaller(http)
  await call('POST', 'contactmetadata', { Name: 'age', Datatype: 'int' })
  const wish = { Name: 'Under 35', Expression: '(age<35)', Description: 'young' }
  const added = await call('POST', 'contactfilter', wish)
  assert.equal(added.status, 201)
  const segment = oneOf(added)
  assert.deepEqual(segment, { ...wish, ID: segment.ID, Status: 'unused' })
  assert.deepEqual(oneOf(await call('GET', 'contactfilter/Under%2035')), segment)
  const taken = 'MJ18 A Contactfilter resource with value "Under 35" for Name already exists.'
  assertRefused(await call('POST', 'contactfilter', wish), 400, taken)
  const wrong = await call('PUT', `contactfilter/${segment.ID}`, { Expression: '(town=1)' })
  const info = `MJ08 Property Expression is invalid: MJ04 there is no property 'town' (character 2 of the formula)`
  assertRefused(wrong, 400, invalid, info)
  const changed = await call('PUT', `contactfilter/${segment.ID}`, { Expression: 'age<30' })
  assert.equal(oneOf(changed).Expression, 'age<30')
  assertEmpty(await call('DELETE', `contactfilter/${segment.ID}`), 204)
  assert.deepEqual(rowsOf(await call('GET', 'contactfilter')), [])
  assert.equal(rowsOf(await call('GET', 'contactfilter?ShowDeleted=true'))[0]?.Status, 'deleted')
  assertEmpty(await call('PUT', `contactfilter/${segment.ID}`, { Status: 'deleted' }), 304)
  const back = oneOf(await call('PUT', `contactfilter/${segment.ID}`, { Status: 'Used' }))
  assert.deepEqual([back.Status, back.Expression], ['used', 'age<30'])
  assert.deepEqual(oneOf(await call('GET', 'contactfilter/Under%2035')), back)
  const odd = 'MJ08 Property Status is invalid: MJ04 Value must be one of: "unused", "used", "deleted"'
  assertRefused(await call('PUT', `contactfilter/${segment.ID}`, { Status: 'gone' }), 400, invalid, odd)
  assert.equal(
    oneOf(await call('PUT', `contactfilter/${segment.ID}`, { Status: 'deleted' })).Status,
    'deleted',
  )
  assert.equal((await call('POST', 'contactfilter', wish)).status, 201)
  assertRefused(await call('PUT', `contactfilter/${segment.ID}`, { Status: 'unused' }), 400, taken)
  const named = { Name: 'Used before', Expression: 'age<40', Status: 'used' }
  assert.equal(oneOf(await call('POST', 'contactfilter', named)).Status, 'used')
  assertRefused(await call('POST', 'contactfilter', { ...named, Status: 'x' }), 400, invalid, odd)
})

httpStorageTest('a contact is erased for good; that nobody may write to it stays', async (http) => {
  const call = restCaller(http)
  const { storage, keyId } = http
  await call('POST', 'contactmetadata', { Name: 'age', Datatype: 'int' })
  const list = oneOf(await call('POST', 'contactslist', { Name: 'all' }))
  const wish = { Email: 'ana@shop.test', Name: 'Ana', Action: 'addforce', Properties: { age: 34 } }
  const { ContactID } = oneOf(await call('POST', `contactslist/${list.ID}/managecontact`, wish))
  await call('PUT', `contact/${ContactID}`, { IsExcludedFromCampaigns: true })
  const erase = (id: unknown, authorization = http.basic) =>
    http.call({ method: 'DELETE', path: `/v4/contacts/${id}`, headers: { authorization } })
  const refusal = 'A contact is erased by its numeric ID alone'
  assertRefused(await erase('ana@shop.test'), 400, refusal)
  assert.equal(oneOf(await call('GET', 'contact/ana@shop.test')).ID, ContactID)
  for (const id of [ContactID, ContactID, 999, '9'.repeat(20)]) {
    const answer = await erase(id)
    assert.deepEqual([answer.status, answer.text], [200, ''])
  }
  const refused = await erase(ContactID, 'Basic eDp5')
  assert.deepEqual([refused.status, (refused.body as RestObject).StatusCode], [401, 401])
  for (const path of [`contact/${ContactID}`, 'contact/ana@shop.test', `contactdata/${ContactID}`]) {
    assertRefused(await call('GET', path), 404, 'Object not found')
  }
  assert.deepEqual(rowsOf(await call('GET', `listrecipient?ContactsList=${list.ID}`)), [])
  assert.equal(oneOf(await call('GET', `contactslist/${list.ID}`)).SubscriberCount, 0)
  const rows = await storage.db.selectFrom('contacts').select(['email', 'name']).execute()
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['Anonymized'],
  )
  assert.match(rows[0]?.email ?? '', /^\\x[0-9a-f]{40}@domain\.invalid$/)
  assert.deepEqual(await storage.db.selectFrom('contact_values').selectAll().execute(), [])
  assert.equal((await findSuppression(storage, { keyId, address: 'ana@shop.test' }))?.reason, 'unsubscribe')
  const again = oneOf(await call('POST', 'contact', { Email: 'ana@shop.test' }))
  assert.notEqual(again.ID, ContactID)
  assert.equal(again.IsExcludedFromCampaigns, true)
})
