/** /api/contacts, contact-lists, contact-properties, contact-jobs, segments. */
import assert from 'node:assert/strict'
import { endedJob, runJobs } from '../../../test/contact-jobs.ts'
import { httpStorageTest, httpTest, type TestHttp } from '../../../test/http-server.ts'

function admin(http: TestHttp, method: string, path: string, body?: unknown) {
  return http.call({ method, path: `/api${path}`, body, headers: { authorization: http.bearer } })
}

async function read<T>(http: TestHttp, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await admin(http, method, path, body)
  assert.ok(answer.status < 300, answer.text)
  return answer.body as T
}

type Contact = {
  id: number
  email: string
  name: string
  isExcluded: boolean
  blockedBecause: string | null
  properties: object
  lists: { id: number; isUnsubscribed: boolean }[]
}
type List = { id: number; name: string; memberCount: number }

async function makeList(http: TestHttp, name: string): Promise<List> {
  return (await read<{ list: List }>(http, 'POST', '/contact-lists', { name })).list
}

httpTest('a contact is added, shown, changed and erased', async (http) => {
  const list = await makeList(http, 'all')
  await read(http, 'POST', '/contact-properties', { name: 'age', type: 'int' })
  const wish = {
    email: 'Ana@a.test',
    name: 'Ana',
    isExcluded: true,
    properties: { age: 34 },
    lists: [{ id: list.id, action: 'addforce' }],
  }
  const { contact } = await read<{ contact: Contact }>(http, 'POST', '/contacts', wish)
  assert.deepEqual(
    [contact.email, contact.isExcluded, contact.blockedBecause, contact.properties, contact.lists.length],
    ['ana@a.test', true, null, { age: 34 }, 1],
  )
  await read(http, 'POST', '/suppressions', { address: 'ana@a.test' })
  const changes = { isExcluded: false, properties: { age: null }, lists: [{ id: list.id, action: 'unsub' }] }
  const changed = await read<{ contact: Contact }>(http, 'PATCH', `/contacts/${contact.id}`, changes)
  assert.deepEqual(
    [changed.contact.isExcluded, changed.contact.blockedBecause, changed.contact.properties],
    [false, 'manual', {}],
  )
  assert.equal(changed.contact.lists[0]?.isUnsubscribed, true)
  const wrong = await admin(http, 'PATCH', '/contacts/ana@a.test', { properties: { age: 'old' } })
  assert.deepEqual(wrong.body, {
    error: { code: 'bad-value', message: 'age has another type', field: 'properties.age' },
  })
  assert.equal((await admin(http, 'POST', '/contacts', { email: 'nonsense' })).status, 400)
  const found = await read<{ contacts: Contact[] }>(http, 'GET', `/contacts?list=${list.id}&search=AN`)
  assert.deepEqual(
    found.contacts.map(({ email }) => email),
    ['ana@a.test'],
  )
  await read(http, 'DELETE', '/contacts/ana@a.test')
  assert.equal((await admin(http, 'GET', '/contacts/ana@a.test')).status, 404)
})

httpTest('contacts come in pages', async (http) => {
  const emails = ['c', 'a', 'b'].map((name) => `${name}@a.test`)
  for (const email of emails) await read(http, 'POST', '/contacts', { email })
  const pages: string[] = []
  for (let after = 0; pages.length < 3; ) {
    const path = `/contacts?limit=1&after=${after}`
    const [contact] = (await read<{ contacts: Contact[] }>(http, 'GET', path)).contacts
    assert.ok(contact)
    pages.push(contact.email)
    after = contact.id
  }
  assert.deepEqual(pages, emails)
})

httpTest('lists are made, renamed, deleted and brought back', async (http) => {
  const list = await makeList(http, 'one')
  const taken = await admin(http, 'POST', '/contact-lists', { name: 'one' })
  assert.equal(taken.status, 409)
  const path = `/contact-lists/${list.id}`
  assert.equal((await read<{ list: List }>(http, 'PATCH', path, { name: 'two' })).list.name, 'two')
  await read(http, 'PATCH', path, { isDeleted: true })
  assert.deepEqual((await read<{ lists: List[] }>(http, 'GET', '/contact-lists')).lists, [])
  assert.equal((await read<{ lists: List[] }>(http, 'GET', '/contact-lists?deleted=true')).lists.length, 1)
  assert.equal((await admin(http, 'GET', `${path}/export`)).status, 404)
  await read(http, 'PATCH', path, { isDeleted: false })
  assert.equal((await read<{ lists: List[] }>(http, 'GET', '/contact-lists')).lists.length, 1)
})

httpStorageTest('a file is uploaded, imported, watched, and exported again', async (http, t) => {
  const list = await makeList(http, 'all')
  await read(http, 'POST', '/contact-properties', { name: 'age', type: 'int' })
  const csv =
    'email;contact;age;note\nana@a.test;Ana;34;=1+1\nbroken;X;1;\nben@a.test;Ben;old;\ncleo@a.test;Cleo;17;\n'
  const { uploadId } = await read<{ uploadId: number }>(http, 'POST', '/contact-uploads', csv)
  const wish = { uploadId, method: 'addforce', nameColumn: 'Contact' }
  const started = await admin(http, 'POST', `/contact-lists/${list.id}/import`, wish)
  assert.equal(started.status, 202, started.text)
  const { job } = started.body as { job: { id: number; status: string } }
  assert.equal(job.status, 'Upload')
  const stopped = await read<{ job: { status: string } }>(http, 'POST', `/contact-jobs/${job.id}/abort`)
  assert.equal(stopped.job.status, 'Abort')
  assert.equal((await admin(http, 'POST', `/contact-jobs/${job.id}/abort`)).status, 400)
  await read(http, 'POST', `/contact-jobs/${job.id}/resume`)
  runJobs(t, http)
  await endedJob(http, job.id)
  const { jobs } = await read<{ jobs: { processed: number; refused: number; status: string }[] }>(
    http,
    'GET',
    '/contact-jobs',
  )
  assert.deepEqual(
    jobs.map(({ processed, refused, status }) => [processed, refused, status]),
    [[4, 2, 'Completed']],
  )
  const errors = await admin(http, 'GET', `/contact-jobs/${job.id}/errors`)
  assert.equal(
    errors.text,
    'email;contact;age;note;error\nbroken;X;1;;###Invalid email address###email\nben@a.test;Ben;old;;###Property type does not match definition###age\n',
  )
  const exported = await admin(http, 'GET', `/contact-lists/${list.id}/export`)
  assert.equal(exported.headers['content-type'], 'text/csv; charset=utf-8')
  assert.equal(
    exported.text,
    "email,contact_name,list_status,age,note\nana@a.test,Ana,subscribed,34,'=1+1\ncleo@a.test,Cleo,subscribed,17,\n",
  )
  const young = await admin(
    http,
    'GET',
    `/contact-lists/${list.id}/export?formula=${encodeURIComponent('age<18')}`,
  )
  assert.match(young.text, /\ncleo@a\.test,Cleo,subscribed,17,\n$/)
  const wrong = await admin(http, 'GET', `/contact-lists/${list.id}/export?formula=age`)
  assert.equal(wrong.status, 400)
  const missing = await admin(http, 'POST', `/contact-lists/${list.id}/import`, { uploadId: 999 })
  assert.equal(missing.status, 400)
})

type EndedJob = {
  status: string
  problem: string
  processed: number
  refused: number
  newProperties: { name: string; type: string }[]
}

async function importCsv(http: TestHttp, list: List, csv: string, options: object = {}) {
  const { uploadId } = await read<{ uploadId: number }>(http, 'POST', '/contact-uploads', csv)
  const wish = { uploadId, ...options }
  const { job } = await read<{ job: { id: number } }>(http, 'POST', `/contact-lists/${list.id}/import`, wish)
  await endedJob(http, job.id)
  const ended = await read<{ job: EndedJob }>(http, 'GET', `/contact-jobs/${job.id}`)
  const errors = await admin(http, 'GET', `/contact-jobs/${job.id}/errors`)
  return { ...ended.job, errors: errors.text }
}

httpStorageTest('an import makes properties of the type that all values are of', async (http, t) => {
  runJobs(t, http)
  const list = await makeList(http, 'all')
  const csv = [
    'email,age,score,vip,seen,zip,price,born,note,joined',
    'ana@a.test,9,1.5,true,2026-03-08T12:00:00Z,01000,19.90,05/03/1990,,2026-01-02',
    'ben@a.test,34,-2,false,2026-03-13T23:59:59Z,75001,5,06/03/1990,,2026-01-03',
    'nobody,unknown,x,x,x,x,x,x,x,x',
    'cleo@a.test,100,3,,,69000,7,,,',
  ].join('\n')
  const types = { joined: 'datetime' }
  const job = await importCsv(http, list, csv, { types, dateTimeFormat: 'yyyy-mm-dd' })
  assert.deepEqual([job.status, job.processed, job.refused], ['Completed', 4, 1])
  assert.deepEqual(
    job.newProperties.map(({ name, type }) => `${name}:${type}`),
    [
      ...[
        'age:int',
        'score:float',
        'vip:bool',
        'seen:datetime',
        'zip:str',
        'price:str',
        'born:str',
        'note:str',
      ],
      'joined:datetime',
    ],
  )
  const young = await read<{ contacts: { email: string }[] }>(http, 'POST', '/segments/preview', {
    expression: '(age<35)',
    listId: list.id,
  })
  assert.deepEqual(
    young.contacts.map(({ email }) => email),
    ['ana@a.test', 'ben@a.test'],
  )
  const { contact } = await read<{ contact: Contact }>(http, 'GET', '/contacts/ana@a.test')
  assert.deepEqual(contact.properties, {
    ...{ age: 9, score: 1.5, vip: true, seen: '2026-03-08T12:00:00Z' },
    ...{ zip: '01000', price: '19.90', born: '05/03/1990', joined: '2026-01-02T00:00:00Z' },
  })
  const again = await importCsv(http, list, 'email,age\nana@a.test,10\n', { types: { age: 'int' } })
  assert.deepEqual([again.status, again.newProperties], ['Completed', []])
})

httpStorageTest(
  'an import that names what the file has not, or has otherwise, is refused',
  async (http, t) => {
    runJobs(t, http)
    const list = await makeList(http, 'all')
    await read(http, 'POST', '/contact-properties', { name: 'age', type: 'str' })
    const csv = 'email,full,age\nana@a.test,Ana,9\n'
    const cases: [object, string][] = [
      [
        { nameColumn: 'ful' },
        "the file has no column 'ful' for the names of contacts; its columns are: email, full, age",
      ],
      [
        { types: { ag: 'int' } },
        "the file has no column 'ag' to make a property of; its columns are: email, full, age",
      ],
      [
        { types: { age: 'int' } },
        'the property age is of type str already, not int; delete it with its values first, or name the column otherwise',
      ],
    ]
    for (const [options, problem] of cases) {
      const job = await importCsv(http, list, csv, options)
      assert.deepEqual([job.status, job.problem, job.processed], ['Error', problem, 0])
    }
    const { properties } = await read<{ properties: { name: string }[] }>(http, 'GET', '/contact-properties')
    assert.deepEqual(
      properties.map(({ name }) => name),
      ['age'],
    )
  },
)

httpStorageTest(
  'a line with a quote that is never closed is refused, and the others are taken',
  async (http, t) => {
    runJobs(t, http)
    const list = await makeList(http, 'all')
    for (const end of ['\n', '\r\n']) {
      const lines = [
        'email,note',
        `ana@a.test,"two${end}lines"`,
        '',
        'short@a.test',
        'ben@a.test,"open',
        'cleo@a.test,x',
        'nonsense,y',
        'dora@a.test,"open too',
        'emil@a.test,"z, ""the"" last"',
        'gina@a.test,"""Hi"" in',
        'two lines"',
        'hans@a.test,5" long',
        'finn@a.test,"open again',
        'ivan@a.test,last',
      ]
      const job = await importCsv(http, list, lines.join(end))
      assert.deepEqual([job.status, job.processed, job.refused], ['Completed', 11, 5], job.problem)
      assert.equal(
        job.errors,
        `email,note,error
short@a.test,###Too few columns at line 5###
ben@a.test,"open,###Quote opened in line 6 is never closed###
nonsense,y,###Invalid email address###email
dora@a.test,"open too,###Quote opened in line 9 is never closed###
finn@a.test,"open again,###Quote opened in line 14 is never closed###
`,
      )
    }
    const { contacts } = await read<{ contacts: Contact[] }>(http, 'GET', `/contacts?list=${list.id}`)
    assert.deepEqual(
      contacts.map(({ email }) => email),
      ['ana@a.test', 'cleo@a.test', 'emil@a.test', 'gina@a.test', 'hans@a.test', 'ivan@a.test'],
    )
  },
)

httpStorageTest('what stands before a place where a file cannot be read on is taken', async (http, t) => {
  runJobs(t, http)
  const list = await makeList(http, 'all')
  const long = `email,note\nana@a.test,x\nben@a.test,"${'long\n'.repeat(250_000)}`
  const job = await importCsv(http, list, long)
  assert.deepEqual(
    [job.status, job.processed, job.newProperties],
    ['Error', 1, [{ name: 'note', type: 'str' }]],
  )
  assert.match(
    job.problem,
    /^the record that begins in line 3 of the file is longer than 1048576 bytes; perhaps a quote/,
  )
  const open = `email,note\n${'ben@a.test,"open\n'.repeat(2 * 101)}`
  const hopeless = await importCsv(http, list, open)
  assert.equal(hopeless.status, 'Error')
  assert.match(
    hopeless.problem,
    /^the record that begins in line \d+ of the file has a quote that is never closed, as 100/,
  )
  const header = await importCsv(http, list, 'email,"note\nana@a.test,x\n')
  assert.match(header.problem, /^the line with the names of the columns has a quote that is never closed/)
})

httpStorageTest('who has left a list is told from its members', async (http) => {
  const list = await makeList(http, 'all')
  const other = await makeList(http, 'other')
  const lists = [list, other].map(({ id }) => ({ id, action: 'addforce' }))
  for (const email of ['ana@a.test', 'ben@a.test']) await read(http, 'POST', '/contacts', { email, lists })
  const leaving = { lists: [{ id: list.id, action: 'unsub' }] }
  await read(http, 'PATCH', '/contacts/ben@a.test', leaving)
  const found = await read<{ contacts: { email: string; leftListAt: number | null }[] }>(
    http,
    'GET',
    `/contacts?list=${list.id}`,
  )
  assert.deepEqual(
    found.contacts.map(({ email, leftListAt }) => [email, typeof leftListAt]),
    [
      ['ana@a.test', 'object'],
      ['ben@a.test', 'number'],
    ],
  )
  const ofOther = await read<{ contacts: { leftListAt: number | null }[] }>(
    http,
    'GET',
    `/contacts?list=${other.id}`,
  )
  assert.deepEqual(
    ofOther.contacts.map(({ leftListAt }) => leftListAt),
    [null, null],
  )
  const counted = await read<{ lists: (List & { leftCount: number })[] }>(http, 'GET', '/contact-lists')
  assert.deepEqual(
    counted.lists.map(({ name, memberCount, leftCount }) => [name, memberCount, leftCount]),
    [
      ['all', 2, 1],
      ['other', 2, 0],
    ],
  )
  const renamed = await read<{ list: { leftCount: number } }>(http, 'PATCH', `/contact-lists/${list.id}`, {
    name: 'every',
  })
  assert.equal(renamed.list.leftCount, 1)
})

httpTest('a segment is made, previewed, changed and deleted', async (http) => {
  const list = await makeList(http, 'all')
  await read(http, 'POST', '/contact-properties', { name: 'age', type: 'int' })
  for (const [name, age] of [
    ['ana', 34],
    ['ben', 50],
  ] as const) {
    const lists = name === 'ana' ? [{ id: list.id, action: 'addforce' }] : []
    await read(http, 'POST', '/contacts', { email: `${name}@a.test`, properties: { age }, lists })
  }
  type Preview = { count: number; contacts: { email: string }[] }
  const preview = (body: object) => read<Preview>(http, 'POST', '/segments/preview', body)
  assert.equal((await preview({ expression: 'age>20' })).count, 2)
  const ofList = await preview({ expression: 'age>20', listId: list.id })
  assert.deepEqual([ofList.count, ofList.contacts[0]?.email], [1, 'ana@a.test'])
  const wrong = await admin(http, 'POST', '/segments/preview', { expression: 'age >' })
  assert.equal(wrong.status, 400)
  assert.match(wrong.text, /character 6 of the formula/)
  const without = await admin(http, 'POST', '/segments', { name: 'x', formula: 'age>20' })
  assert.deepEqual(without.body, {
    error: {
      code: 'bad-value',
      message: 'expression is missing; it should be the formula, a text such as (age<35) and (city="Lyon")',
      field: 'expression',
    },
  })
  const made = await admin(http, 'POST', '/segments', { name: 'grown', expression: 'age>20' })
  assert.equal(made.status, 201)
  const { segment } = made.body as { segment: { id: number } }
  assert.equal((await admin(http, 'POST', '/segments', { name: 'grown', expression: 'age>2' })).status, 409)
  await read(http, 'PATCH', `/segments/${segment.id}`, { expression: 'age>40' })
  const { segments } = await read<{ segments: { expression: string }[] }>(http, 'GET', '/segments')
  assert.deepEqual(
    segments.map((one) => one.expression),
    ['age>40'],
  )
  await read(http, 'DELETE', `/segments/${segment.id}`)
  assert.equal((await admin(http, 'DELETE', `/segments/${segment.id}`)).status, 404)
})
