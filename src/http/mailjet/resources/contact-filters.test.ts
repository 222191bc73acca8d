/** Filters of contacts, memberships, values, jobs and sign-ups (reference/rest-conventions.md §3, resources.json). */
import assert from 'node:assert/strict'
import { runJobs } from '../../../../test/contact-jobs.ts'
import { httpStorageTest, httpTest, type TestHttp } from '../../../../test/http-server.ts'
import {
  assertRefused,
  oneOf,
  type RestCall,
  type RestObject,
  restCaller,
  rowsOf,
} from '../../../../test/rest-calls.ts'
import type { CampaignId, ContactId, ContactListId, MailingId, SignupId } from '../../../mail/ids.ts'

async function makeList(call: RestCall, name: string, members: readonly string[] = []): Promise<number> {
  const { ID } = oneOf(await call('POST', 'contactslist', { Name: name }))
  for (const member of members) {
    const wish = { Email: `${member}@a.test`, Action: 'addforce' }
    assert.equal((await call('POST', `contactslist/${ID}/managecontact`, wish)).status, 201)
  }
  return Number(ID)
}

/** The number of the campaign that it was sent under. */
async function sendCampaign(http: TestHttp, name: string, to: readonly string[]): Promise<number> {
  const answer = await http.send({
    Messages: [
      {
        From: { Email: 'hello@shop.example' },
        To: to.map((who) => ({ Email: `${who}@A.test` })),
        Subject: 'Hello',
        TextPart: 'x',
        CustomCampaign: name,
      },
    ],
  })
  assert.equal(answer.status, 200, answer.text)
  const { id } = await http.storage.db
    .selectFrom('campaigns')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return id
}

httpStorageTest('contacts are filtered by list and campaign, under either name', async (http) => {
  const call = restCaller(http)
  const list = await makeList(call, 'one', ['ana', 'ben'])
  await makeList(call, 'two', ['carl'])
  const spring = await sendCampaign(http, 'spring', ['ben', 'carl', 'nobody'])
  const summer = await sendCampaign(http, 'summer', ['ana'])
  await http.storage.db
    .updateTable('campaigns')
    .set({ mailing_id: 7 as MailingId })
    .where('id', '=', spring as CampaignId)
    .execute()
  const found = async (path: string) =>
    rowsOf(await call('GET', path)).map(({ Email }) => String(Email).split('@')[0])
  const cases: [string, string[]][] = [
    [`ContactsList=${list}`, ['ana', 'ben']],
    [`ContactsListID=${list}`, ['ana', 'ben']],
    [`contactslistid=${list}&Campaign=${spring}`, ['ben']],
    [`CampaignID=${summer}`, ['ana']],
    ['Campaign=999', []],
  ]
  for (const [query, expected] of cases) assert.deepEqual(await found(`contact?${query}`), expected, query)
  for (const query of [`CampaignID=${spring}`, 'Campaign=7']) {
    const some = await found(`contact?${query}`)
    assert.ok(some.includes('ben') && some.includes('carl') && !some.includes('ana'), query)
  }
  assert.equal(rowsOf(await call('GET', `contactdata?CampaignID=${summer}`)).length, 1)
})

httpStorageTest('memberships are filtered by whether mail to the list was opened', async (http) => {
  const call = restCaller(http)
  const [one, two] = [await makeList(call, 'one', ['ana', 'ben']), await makeList(call, 'two', ['ana'])]
  const ana = Number(oneOf(await call('GET', 'contact/ana@a.test')).ID)
  const none = { sent: 1, blocked: 0, soft_bounced: 0, hard_bounced: 0, deferred: 0, clicked: 0 }
  await http.storage.db
    .insertInto('member_counts')
    .values({
      ...{ contact_id: ana as ContactId, list_id: one, last_at: 0 },
      ...{ ...none, opened: 1, unsubscribed: 0, complained: 0 },
    })
    .execute()
  const found = async (query: string) =>
    rowsOf(await call('GET', `listrecipient?${query}`)).map(({ ContactID, ListID }) => [ContactID, ListID])
  assert.deepEqual(await found('Opened=true'), [[ana, one]])
  assert.deepEqual(await found(`Opened=true&ContactsListID=${two}`), [])
  assert.equal((await found('Opened=0')).length, 2)
})

httpTest('a filter that cannot be answered is refused with why', async (http) => {
  const call = restCaller(http)
  const status =
    'The filter "Status" is not supported: filter by IsExcludedFromCampaigns and IsUnsubscribed, or Unsub and Blocked in listrecipient'
  const cases: [string, string][] = [
    ['contact?Status=x', status],
    ['listrecipient?status=x', status],
    ['contactdata?Status=x', status],
    [
      'contactdata?DateFormat=yyyy',
      'The filter "DateFormat" is not supported: dates are shown like 2026-01-31T12:00:00Z',
    ],
    ['contactdata?TimeZone=CET', 'The filter "TimeZone" is not supported: dates are shown in UTC'],
    [
      'contact?IsExcludedFromCampaigns=maybe',
      'Invalid value for filter "IsExcludedFromCampaigns": "maybe" is not true or false',
    ],
    [
      'listrecipient?ContactsList=abc',
      'Invalid value for filter "ContactsList": "abc" is not a whole number',
    ],
    ['contact?ContactsListID=abc', 'Invalid value for filter "ContactsList": "abc" is not a whole number'],
    [
      'contact?LastActivityAt=rubbish',
      'Invalid value for filter "LastActivityAt": "rubbish" is not Unix seconds or a time like 2026-01-31T12:00:00Z',
    ],
  ]
  for (const [path, message] of cases) assertRefused(await call('GET', path), 400, message)
})

httpStorageTest('jobs are filtered, stopped and started as batchjob', async (http, t) => {
  const call = restCaller(http)
  const list = await makeList(call, 'all')
  const uploaded = await http.call({
    method: 'POST',
    path: `/v3/DATA/contactslist/${list}/CSVData/text:plain`,
    headers: { authorization: http.basic, 'content-type': 'text/plain' },
    body: 'email\nana@a.test\n',
  })
  const DataID = (uploaded.body as RestObject).ID
  const wish = { JobType: 'Contact list import csv', Method: 'addforce', Data: DataID, RefId: list }
  const job = oneOf(await call('POST', 'batchjob', wish))
  assert.deepEqual([job.DataID, job.RefId, job.Method, job.Status], [DataID, list, 'addforce', 'Upload'])
  const other = oneOf(
    await call('POST', `contact/managemanycontacts`, { Contacts: [{ Email: 'ben@a.test' }] }),
  )
  const found = async (query: string) => rowsOf(await call('GET', `batchjob?${query}`)).map(({ ID }) => ID)
  const cases: [string, unknown[]][] = [
    ['', [job.ID, other.JobID]],
    [`RefID=${list}`, [job.ID]],
    ['RefID=999', []],
    [`Data=${DataID}`, [job.ID]],
    [`DataID=${DataID}`, [job.ID]],
    [`APIKey=${http.keyId}&Sort=ID+DESC`, [other.JobID, job.ID]],
    ['APIKeyID=999', []],
    ['MinRequestAt=2020-01-01&MaxRequestAt=4000000000', [job.ID, other.JobID]],
    ['MaxRequestAt=2020-01-01', []],
    ['MinJobEnd=2020-01-01', []],
    ['MaxJobStart=4000000000', []],
  ]
  for (const [query, expected] of cases) assert.deepEqual(await found(query), expected, query)

  const stopped = oneOf(await call('PUT', `batchjob/${job.ID}`, { Status: 'Abort' }))
  assert.equal(stopped.Status, 'Abort')
  assert.deepEqual(await found('MinJobEnd=2020-01-01'), [job.ID])
  const wrong = 'Invalid value for Status'
  assertRefused(await call('PUT', `batchjob/${job.ID}`, { Status: 'Completed' }), 400, wrong)
  assertRefused(await call('POST', 'batchjob', { ...wish, Status: 'Abort' }), 400, wrong)
  runJobs(t, http)
  await call('PUT', `batchjob/${job.ID}`, { Status: 'Upload' })
  const deadline = Date.now() + 20_000
  for (;;) {
    const { Status, Current } = oneOf(await call('GET', `batchjob/${job.ID}`))
    if (Status === 'Completed') {
      assert.equal(Current, 1)
      break
    }
    assert.ok(Date.now() < deadline, String(Status))
  }
  const age = oneOf(await call('POST', 'contactmetadata', { Name: 'age', Datatype: 'int' }))
  await call('PUT', 'contactdata/ana@a.test', { Data: [{ Name: 'age', Value: 3 }] })
  assert.equal((await call('DELETE', `contactmetadata/${age.ID}`)).status, 204)
  assert.deepEqual(await found(''), [job.ID, other.JobID], 'what is cleaned up behind it is not shown')
})

httpStorageTest('sign-ups are filtered by the parts of their address', async (http) => {
  const call = restCaller(http)
  const emails = ['ana@a.test', 'ana@b.test', 'a_a@a.test']
  await http.storage.db
    .insertInto('contact_signups')
    .values(
      emails.map((email, number) => ({
        ...{ id: (number + 1) as SignupId, key_id: http.keyId, list_id: 1 as ContactListId },
        ...{
          contact_id: 1 as ContactId,
          email,
          token_hash: email,
          details: '{}',
          source: 'x',
          source_id: null,
        },
        ...{ signed_up_at: 0, signed_up_from: '192.0.2.7', expires_at: 0 },
        ...{ confirmed_at: null, confirmed_from: null },
      })),
    )
    .execute()
  const found = async (query: string) =>
    rowsOf(await call('GET', `contactslistsignup?${query}`)).map(({ Email }) => Email)
  assert.deepEqual(await found('Domain=A.test'), ['ana@a.test', 'a_a@a.test'])
  assert.deepEqual(await found('LocalPart=ana'), ['ana@a.test', 'ana@b.test'])
  assert.deepEqual(await found('LocalPart=a_a&Domain=a.test'), ['a_a@a.test'])
  assert.deepEqual(await found('LocalPart=a%25'), [])
  assert.deepEqual(await found('APIKey=999'), [])
})
