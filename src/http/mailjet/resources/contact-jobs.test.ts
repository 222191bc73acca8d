/** managemanycontacts, importlist, the upload of CSV, csvimport, batchjob and their error files. */
import assert from 'node:assert/strict'
import { endedJob, runJobs } from '../../../../test/contact-jobs.ts'
import { httpStorageTest, type TestHttp } from '../../../../test/http-server.ts'
import {
  assertRefused,
  assertSubset,
  oneOf,
  type RestCall,
  type RestObject,
  restCaller,
  rowsOf,
  stranger,
} from '../../../../test/rest-calls.ts'
import { startJobs } from '../../../contacts/run-jobs.ts'

async function makeList(call: RestCall, name: string): Promise<number> {
  return Number(oneOf(await call('POST', 'contactslist', { Name: name })).ID)
}

async function upload(http: TestHttp, listId: number, csv: string): Promise<unknown> {
  const answer = await http.call({
    method: 'POST',
    path: `/v3/DATA/contactslist/${listId}/CSVData/text:plain`,
    headers: { authorization: http.basic, 'content-type': 'text/plain' },
    body: csv,
  })
  assert.equal(answer.status, 200, answer.text)
  return (answer.body as { ID: number }).ID
}

const data = (http: TestHttp, path: string) =>
  http.call({ path: `/v3/DATA/${path}`, headers: { authorization: http.basic } })

async function emailsOf(call: RestCall, listId: number): Promise<string[]> {
  const rows = rowsOf(await call('GET', `contact?ContactsList=${listId}&Limit=0`))
  return rows.map(({ Email }) => String(Email)).toSorted()
}

httpStorageTest('many contacts are managed by a job of a list', async (http, t) => {
  const call = restCaller(http)
  runJobs(t, http)
  const list = await makeList(call, 'all')
  await call('POST', 'contactmetadata', { Name: 'age', Datatype: 'int' })
  await call('POST', 'contactmetadata', { Name: 'city' })
  const path = `contactslist/${list}/managemanycontacts`
  const started = await call('POST', path, {
    Action: 'addnoforce',
    Contacts: [
      { Email: 'Ana@a.test', Name: 'Ana', Properties: { age: 34, city: 'Lyon' } },
      { Email: 'ben@a.test', IsExcludedFromCampaigns: 'true' },
      { Email: 'ana@a.test', Properties: { city: null, age: '35' } },
      { Email: 'nonsense' },
      { Email: 'carl@a.test', Properties: { age: 'old' } },
      { Email: 'dora@a.test', Properties: { town: 'x' } },
    ],
  })
  assert.equal(started.status, 201)
  const { JobID } = oneOf(started)
  await endedJob(http, JobID)
  const job = oneOf(await call('GET', `${path}/${JobID}`))
  assertSubset(job, {
    ContactsLists: [{ ListID: list, Action: 'addnoforce' }],
    Count: 6,
    Error: '',
    Status: 'Completed',
  })
  assert.deepEqual([job.JobStart !== '', job.JobEnd !== ''], [true, true])
  assert.match(
    String(job.ErrorFile),
    new RegExp(`/v3/DATA/batchjob/${JobID}/JSONError/application:json/LAST$`),
  )
  const file = await data(http, `batchjob/${JobID}/JSONError/application:json/LAST`)
  assert.deepEqual(
    (file.body as RestObject[]).map((one) => [one.Entry, one.Error, one.Field]),
    [
      [4, 'Invalid email address', 'Email'],
      [5, 'Property type does not match definition', 'age'],
      [6, 'Property not defined', 'town'],
    ],
  )
  assert.deepEqual(await emailsOf(call, list), ['ana@a.test', 'ben@a.test'])
  assert.equal(oneOf(await call('GET', 'contact/ben@a.test')).IsExcludedFromCampaigns, true)
  assert.deepEqual(oneOf(await call('GET', 'contactdata/ana@a.test')).Data, [{ Name: 'age', Value: '35' }])

  assertRefused(await call('GET', `contact/managemanycontacts/${JobID}`), 404, 'Object not found')
  assertRefused(await (await stranger(http))('GET', `batchjob/${JobID}`), 404, 'Object not found')
  assert.deepEqual(rowsOf(await call('GET', 'batchjob?JobType=nonsense')), [])
  const none = await call('POST', path, { Action: 'addforce', Contacts: [] })
  const needed = 'MJ08 Property Contacts is invalid: MJ03 A non-empty value is required'
  assertRefused(none, 400, 'Object properties invalid', needed)
  assertSubset(oneOf(await call('GET', `batchjob/${JobID}`)), {
    Count: 6,
    Errcount: 3,
    JobType: 'Contact list import free format',
    RefId: list,
    Status: 'Completed',
  })
})

httpStorageTest('many contacts are managed in many lists, or only stored', async (http, t) => {
  const call = restCaller(http)
  runJobs(t, http)
  const [one, two] = [await makeList(call, 'one'), await makeList(call, 'two')]
  const Contacts = Array.from({ length: 600 }, (_, n) => ({ Email: `c${n}@a.test` }))
  const stored = oneOf(await call('POST', 'contact/ManageManyContacts', { Contacts }))
  await endedJob(http, stored.JobID)
  assert.deepEqual((await call('GET', 'contact?countOnly=1')).body, { Count: 600, Data: [], Total: 600 })
  const ContactsLists = [
    { ListID: one, Action: 'addforce' },
    { ListID: two, Action: 'unsub' },
  ]
  const { JobID } = oneOf(await call('POST', 'contact/managemanycontacts', { Contacts, ContactsLists }))
  await endedJob(http, JobID)
  assertSubset(oneOf(await call('GET', `contact/managemanycontacts/${JobID}`)), { ContactsLists, Count: 600 })
  for (const list of [one, two]) {
    assert.equal(oneOf(await call('GET', `contactslist/${list}`)).SubscriberCount, 600)
  }
  const left = await call('GET', `listrecipient?ContactsList=${two}&Unsub=true&countOnly=1`)
  assert.equal((left.body as RestObject).Count, 600)
  const wrong = await call('POST', 'contact/managemanycontacts', {
    Contacts,
    ContactsLists: [{ ListID: 5, Action: 'addforce' }],
  })
  assert.equal(wrong.status, 400)
})

httpStorageTest('a list is copied into another', async (http, t) => {
  const call = restCaller(http)
  runJobs(t, http)
  const source = await makeList(call, 'source')
  const manage = (list: number, who: string, Action: string) =>
    call('POST', `contactslist/${list}/managecontact`, { Email: `${who}@a.test`, Action })
  for (const who of ['stays', 'known']) await manage(source, who, 'addforce')
  await manage(source, 'left', 'unsub')
  const cases: [string, Record<string, boolean>][] = [
    ['addforce', { stays: false, known: false, left: false }],
    ['addnoforce', { stays: false, known: true, left: false }],
    ['unsub', { stays: true, known: true, left: true }],
    ['duplicate-override', { stays: false, known: false, left: true }],
    ['duplicate-no-override', { stays: false, known: true, left: true }],
  ]
  for (const [Action, expected] of cases) {
    const target = await makeList(call, Action)
    await manage(target, 'known', 'unsub')
    const path = `contactslist/${target}/ImportList`
    const { JobID } = oneOf(await call('POST', path, { ListID: source, Action }))
    await endedJob(http, JobID)
    assertSubset(oneOf(await call('GET', `${path}/${JobID}`)), { JobID, Action, ListID: source })
    const rows = rowsOf(await call('GET', `listrecipient?ContactsList=${target}&Style=Full`))
    const left = rows.map((row) => [String(row.ContactALT).split('@')[0], row.IsUnsubscribed])
    assert.deepEqual(Object.fromEntries(left), expected, Action)
    assert.equal(oneOf(await call('GET', `contactslist/${target}`)).SubscriberCount, 3)
  }
  const itself = await call('POST', `contactslist/${source}/importlist`, { ListID: source, Action: 'unsub' })
  assert.equal(itself.status, 400)
})

const csv = `\u{feff}email,First name,born,name
ana@a.test,Ana,05/03/1990 10:30,A
"ben@a.test","Ben, the ""old""
one",,B

nonsense,X,,
ana@a.test,Again,,
carl@a.test,Carl
dora@a.test,Dora,31/02/1990 10:00,D
eve@a.test,Eve,1990-03-05T10:30:00Z,E
`

httpStorageTest('a CSV file is uploaded and imported, and its faulty lines come back', async (http, t) => {
  const call = restCaller(http)
  runJobs(t, http)
  const list = await makeList(call, 'all')
  await call('POST', 'contactmetadata', { Name: 'born', Datatype: 'datetime' })
  const DataID = await upload(http, list, csv)
  const started = await call('POST', 'csvimport', {
    ContactsListID: list,
    DataID,
    Method: 'addnoforce',
    ImportOptions: JSON.stringify({ DateTimeFormat: 'dd/mm/yyyy hh:nn', TimezoneOffset: 2 }),
  })
  assert.equal(started.status, 201, started.text)
  const row = oneOf(started)
  assertSubset(row, { ContactsListID: list, DataID, ErrTreshold: 0, Method: 'addnoforce' })
  assert.deepEqual(Object.keys(row), Object.keys(row).toSorted())
  await endedJob(http, row.ID)
  assertSubset(oneOf(await call('GET', `csvimport/${row.ID}`)), {
    Count: 7,
    Errcount: 4,
    Status: 'Completed',
  })
  assert.deepEqual(await emailsOf(call, list), ['ana@a.test', 'ben@a.test', 'eve@a.test'])
  const born = await call('GET', 'contactdata/ana@a.test')
  assert.deepEqual(oneOf(born).Data, [
    { Name: 'born', Value: '1990-03-05T08:30:00Z' },
    { Name: 'First_name', Value: 'Ana' },
    { Name: 'name', Value: 'A' },
  ])
  assert.equal(oneOf(await call('GET', 'contact/ana@a.test')).Name, '', 'a column name is a property')
  const file = await data(http, `BatchJob/${row.ID}/CSVError/text:csv`)
  assert.equal(
    file.text,
    `email,First name,born,name,error
nonsense,X,,,###Invalid email address###email
ana@a.test,Again,,,###Duplicated email###email
carl@a.test,Carl,###Too few columns at line 8###
dora@a.test,Dora,31/02/1990 10:00,D,###Property type does not match definition###born
`,
  )
  const none = await data(http, 'BatchJob/999/CSVError/text:csv')
  assertRefused({ ...none, body: JSON.parse(none.text) }, 404, 'Source object not found')
  assert.equal(none.headers['content-type'], 'text/csv')
})

httpStorageTest('every method of an import does what it says', async (http, t) => {
  const call = restCaller(http)
  runJobs(t, http)
  const list = await makeList(call, 'all')
  const run = async (body: object, content = 'email;city\nana@a.test;Lyon\n') => {
    const DataID = await upload(http, list, content)
    const answer = await call('POST', 'csvimport', { DataID, ...body })
    assert.equal(answer.status, 201, answer.text)
    return endedJob(http, oneOf(answer).ID)
  }
  const member = async () => rowsOf(await call('GET', `listrecipient?ContactsList=${list}`))[0]
  await run({ ContactsListID: list, Method: 'unsub' })
  assert.equal((await member())?.IsUnsubscribed, true)
  await run({ ContactsListID: list, Method: 'addnoforce' })
  assert.equal((await member())?.IsUnsubscribed, true)
  await run({ ContactsListID: list, Method: 'AddForce' })
  assert.equal((await member())?.IsUnsubscribed, false)
  await run({ Method: 'excludemarketing' })
  assert.equal(oneOf(await call('GET', 'contact/ana@a.test')).IsExcludedFromCampaigns, true)
  await run({ Method: 'includemarketing', ContactsListID: 0 })
  assert.equal(oneOf(await call('GET', 'contact/ana@a.test')).IsExcludedFromCampaigns, false)
  await run({ ContactsListID: list, Method: 'remove' }, 'email\nana@a.test\nnew@a.test\n')
  assert.equal(await member(), undefined)
  assert.equal((await call('GET', 'contact/new@a.test')).status, 404)
  const named = { ImportOptions: JSON.stringify({ FieldNames: ['city', 'email'] }) }
  await run({ ContactsListID: list, Method: 'addforce', ...named }, 'Nice,ben@a.test\n')
  assert.deepEqual(oneOf(await call('GET', 'contactdata/ben@a.test')).Data, [{ Name: 'city', Value: 'Nice' }])

  const problems: [string, string][] = [
    ['name\nx\n', 'the file has no column email; its columns are: name'],
    ['', 'the file is empty; its first line names the columns, one of them email'],
    ['email,a,A\nx@a.test,1,2\n', 'the column A is there twice'],
  ]
  for (const [content, problem] of problems) {
    const job = await run({ ContactsListID: list, Method: 'addforce' }, content)
    assert.deepEqual([job.status, job.problem], ['Error', problem])
    const [header] = content.split('\n', 1)
    const file = await data(http, `batchjob/${job.id}/CSVError/text:csv`)
    const line = problem.includes(',') ? `"###${problem}###"` : `###${problem}###`
    assert.equal(file.text, header === '' ? `error\n${line}\n` : `${header},error\n,${line}\n`)
    const json = await data(http, `batchjob/${job.id}/JSONError/application:json`)
    assert.deepEqual(json.body, [{ Entry: 0, Error: problem, Field: '', Contact: '' }])
  }
  const many = `email\n${'nonsense\n'.repeat(300)}`
  const limited = await run({ ContactsListID: list, Method: 'addforce', ErrTreshold: 20 }, many)
  assert.deepEqual([limited.status, limited.processed], ['Abort', 250])
})

httpStorageTest('an import that cannot be is refused, and one that runs is stopped', async (http, t) => {
  const call = restCaller(http)
  const list = await makeList(call, 'all')
  const DataID = await upload(http, list, 'email\nana@a.test\n')
  const right = { ContactsListID: list, DataID, Method: 'addforce' }
  const wrong: [object, string][] = [
    [{ ...right, Method: 'dance' }, 'MJ08 Property Method is invalid: MJ04'],
    [{ ...right, ContactsListID: 999 }, 'MJ08 Property ContactsList is invalid: List ID 999'],
    [{ DataID, Method: 'addforce' }, 'MJ08 Property ContactsListID is invalid: MJ03'],
    [{ ...right, DataID: 999 }, 'MJ08 Property DataID is invalid: MJ04'],
    [
      { ...right, Method: 'excludemarketing' },
      'MJ08 Property ContactsList is invalid: Exclusion of contacts from',
    ],
    [{ ...right, ContactsListID: 0 }, 'MJ08 Property ContactsListID is invalid: MJ03'],
    [{ ...right, ImportOptions: '{' }, 'MJ08 Property ImportOptions is invalid: MJ04'],
    [{ ...right, ImportOptions: '{"DateTimeFormat":"mm"}' }, 'MJ08 Property ImportOptions is invalid: MJ04'],
  ]
  for (const [body, info] of wrong) {
    const answer = await call('POST', 'csvimport', body)
    assert.equal(answer.status, 400, answer.text)
    assert.ok(String((answer.body as RestObject).ErrorInfo).startsWith(info), answer.text)
  }
  assertRefused(
    await call('POST', 'csvimport', { ...right, Status: 'Abort' }),
    400,
    'Invalid value for Status',
  )
  assert.deepEqual(rowsOf(await call('GET', 'csvimport')), [])
  const named = { ContactsList: list, Data: DataID, Method: 'addforce', Status: 'Upload' }
  const { ID } = oneOf(await call('POST', 'csvimport', named))
  assertRefused(
    await call('PUT', `csvimport/${ID}`, { Status: 'Completed' }),
    400,
    'Invalid value for Status',
  )
  assert.equal(oneOf(await call('PUT', `csvimport/${ID}`, { Status: 'Abort' })).Status, 'Abort')
  runJobs(t, http)
  assert.deepEqual(await emailsOf(call, list), [])
  // It may have begun, or be through, before the answer is read.
  assert.notEqual(oneOf(await call('PUT', `csvimport/${ID}`, { Status: 'Upload' })).Status, 'Abort')
  await endedJob(http, ID)
  assert.deepEqual(await emailsOf(call, list), ['ana@a.test'])

  await call('DELETE', `contactslist/${list}`)
  for (const absent of [999, list]) {
    const missing = await http.call({
      method: 'POST',
      path: `/v3/DATA/contactslist/${absent}/csvdata/text:plain`,
      headers: { authorization: http.basic, 'content-type': 'text/plain' },
      body: 'email\n',
    })
    assert.equal(missing.status, 404)
    assert.equal(JSON.parse(missing.text).ErrorMessage, 'Source object not found')
  }
  assert.equal((await http.call({ path: '/v3/DATA/batchjob/1/CSVError/text:csv' })).status, 401)
})

httpStorageTest('a job that was stopped and resumed at once is done once', async (http, t) => {
  const call = restCaller(http)
  const list = await makeList(call, 'all')
  const lines = Array.from({ length: 2_000 }, (_, n) => `c${n}@a.test`)
  const DataID = await upload(http, list, `email\n${lines.join('\n')}\n`)
  const { ID } = oneOf(await call('POST', 'csvimport', { ContactsListID: list, DataID, Method: 'addforce' }))
  // Each time new work begins, and what began before does not know it yet.
  for (let i = 0; i < 3; i++) {
    await call('PUT', `csvimport/${ID}`, { Status: 'Abort' })
    await call('PUT', `csvimport/${ID}`, { Status: 'Upload' })
  }
  const lanes = await http.queue.counts()
  assert.equal(lanes.find(({ lane }) => lane === 'import')?.due, 4)
  runJobs(t, http)
  const job = await endedJob(http, ID)
  assert.deepEqual([job.status, job.processed, job.refused], ['Completed', 2_000, 0])
})

httpStorageTest(
  'an import that was cut off goes on where it was, and takes nobody twice',
  async (http, t) => {
    const call = restCaller(http)
    const list = await makeList(call, 'all')
    const lines = Array.from({ length: 2_000 }, (_, n) => `c${n % 1_900}@a.test,${n}`)
    const DataID = await upload(http, list, `email,number\n${lines.join('\n')}\n`)
    const { ID } = oneOf(
      await call('POST', 'csvimport', { ContactsListID: list, DataID, Method: 'addforce' }),
    )
    // Each process comes as far as one step, and stops; the next one takes the work over.
    const positions: number[] = []
    for (let n = 0; n < 3; n++) {
      const runner = startJobs(http.contacts, { queue: http.queue })
      for (;;) {
        const { Current } = oneOf(await call('GET', `csvimport/${ID}`))
        if (Number(Current) > (positions.at(-1) ?? 0)) break
      }
      await runner.stop()
      positions.push(Number(oneOf(await call('GET', `csvimport/${ID}`)).Current))
    }
    assert.ok((positions[0] ?? 0) < (positions[2] ?? 0), String(positions))
    runJobs(t, http)
    const job = await endedJob(http, ID)
    assert.deepEqual([job.status, job.processed, job.refused], ['Completed', 2_000, 100])
    assert.equal(oneOf(await call('GET', `contactslist/${list}`)).SubscriberCount, 1_900)
    const counted = await call('GET', `listrecipient?ContactsList=${list}&countOnly=1`)
    assert.equal((counted.body as RestObject).Count, 1_900)
  },
)
