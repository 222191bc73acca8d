/** Several clients that create the same thing at the same moment: one of them does, the others are told. */
import assert from 'node:assert/strict'
import { httpStorageTest } from '../../../../test/http-server.ts'
import { assertRefused, assertSubset, oneOf, restCaller } from '../../../../test/rest-calls.ts'

const clients = Array.from({ length: 10 }, (_, number) => number)

httpStorageTest('of clients that create one contact at once, one does', async (http) => {
  const call = restCaller(http)
  const wishes = clients.map((number) => ({
    Email: 'ana@shop.test',
    Name: `Ana ${number}`,
    IsExcludedFromCampaigns: number % 2 === 0,
  }))
  const answers = await Promise.all(wishes.map((wish) => call('POST', 'contact', wish)))
  const [created, ...others] = answers.toSorted((a, b) => a.status - b.status)
  assert.ok(created)
  assert.equal(created.status, 201, created.text)
  const taken = 'MJ18 A Contact resource with value "ana@shop.test" for Email already exists.'
  assert.equal(others.length, 9)
  for (const other of others) assertRefused(other, 400, taken)
  const { Name, IsExcludedFromCampaigns } = oneOf(created)
  assertSubset(oneOf(await call('GET', 'contact/ana@shop.test')), { Name, IsExcludedFromCampaigns })
})

httpStorageTest('a membership that is created a second time stays as the first made it', async (http) => {
  const call = restCaller(http)
  const list = oneOf(await call('POST', 'contactslist', { Name: 'all' }))
  const ana = oneOf(await call('POST', 'contact', { Email: 'ana@shop.test' }))
  const answers = await Promise.all(
    clients.map((number) =>
      call('POST', 'listrecipient', {
        ContactID: ana.ID,
        ListID: list.ID,
        IsUnsubscribed: number % 2 === 0,
      }),
    ),
  )
  const [created, ...others] = answers.toSorted((a, b) => a.status - b.status)
  assert.ok(created)
  assert.equal(created.status, 201, created.text)
  assert.equal(others.length, 9)
  for (const other of others) assertRefused(other, 400, 'MJ18 A duplicate ListRecipient already exists.')
  const { ID, IsUnsubscribed } = oneOf(created)
  assertSubset(oneOf(await call('GET', `listrecipient/${ID}`)), { IsUnsubscribed })
  assert.equal(oneOf(await call('GET', `contactslist/${list.ID}`)).SubscriberCount, 1)

  await call('PUT', `listrecipient/${ID}`, { IsUnsubscribed: true })
  const again = { ContactID: ana.ID, ListID: list.ID }
  assert.equal((await call('POST', 'listrecipient', again)).status, 400)
  assertSubset(oneOf(await call('GET', `listrecipient/${ID}`)), { IsUnsubscribed: true })
})
