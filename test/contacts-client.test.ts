/** node-mailjet, unmodified: a list, properties, contacts one and many, a CSV file, a segment, an erasure. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startTestApp } from './app.ts'

const run = promisify(execFile)

const script = `
const { HOST, KEY, SECRET } = process.env
const mailjet = require('node-mailjet').apiConnect(KEY, SECRET, { config: { host: HOST, version: 'v3' } })
const said = {}
const first = async (call) => (await call).body.Data[0]
/** Asks for a job until it has ended. */
const ended = async (ask) => {
  for (;;) {
    const job = await first(ask())
    if (['Completed', 'Error', 'Abort'].includes(job.Status)) return job
  }
}
;(async () => {
  said.list = await first(mailjet.post('contactslist').request({ Name: 'Readers' }))
  const list = said.list.ID
  for (const [Name, Datatype] of [['age', 'int'], ['city', 'str'], ['born', 'datetime']]) {
    await mailjet.post('contactmetadata').request({ Name, Datatype, NameSpace: 'static' })
  }
  said.contact = await first(mailjet.post('contact').request({ Email: 'ana@a.test', Name: 'Ana' }))
  said.twice = await mailjet.post('contact').request({ Email: 'ana@a.test' }).catch((error) => error.message)
  said.managed = await first(
    mailjet.post('contactslist').id(list).action('managecontact').request({
      Email: 'ana@a.test', Action: 'addnoforce', Properties: { age: 34, city: 'Lyon' },
    }),
  )
  said.lists = await first(mailjet.get('contact').id('ana@a.test').action('getcontactslists').request())
  await mailjet.put('contactdata').id(said.contact.ID).request({ Data: [{ Name: 'born', Value: '1991-03-12' }] })
  said.data = await first(mailjet.get('contactdata').id('ana@a.test').request())
  const many = await first(
    mailjet.post('contactslist').id(list).action('managemanycontacts').request({
      Action: 'addforce',
      Contacts: Array.from({ length: 300 }, (_, n) => ({ Email: 'm' + n + '@a.test', Properties: { age: n } })),
    }),
  )
  said.many = await ended(() =>
    mailjet.get('contactslist').id(list).action('managemanycontacts/' + many.JobID).request(),
  )
  const upload = await mailjet.post('contactslist').id(list).action('csvdata')
    .request('email,city\\ncsv@a.test,Nice\\nbroken,Nice\\n')
  const started = await first(
    mailjet.post('csvimport').request({ ContactsListID: list, DataID: upload.body.ID, Method: 'addnoforce' }),
  )
  said.imported = await ended(() => mailjet.get('csvimport').id(started.ID).request())
  said.errors = (await mailjet.get('batchjob').id(started.ID).action('csverror').request()).response.status
  said.segment = await first(mailjet.post('contactfilter').request({ Name: 'Under 35', Expression: '(age<35)' }))
  said.found = await first(mailjet.get('contactfilter').id(said.segment.ID).request())
  said.count = (await mailjet.get('listrecipient').request({}, { ContactsList: list, countOnly: 1 })).body.Count
  console.log(JSON.stringify(said))
})().catch((error) => {
  console.log(JSON.stringify({ problem: error.message, url: error.config?.url }))
})`

type Row = Record<string, unknown>

test('node-mailjet manages contacts', async (t) => {
  const app = await startTestApp(t)
  const { stdout } = await run(process.execPath, ['-e', script], {
    env: {
      KEY: app.credentials.apiKey,
      SECRET: app.credentials.secretKey,
      HOST: new URL(app.ready.httpsUrl ?? '').host,
      NODE_EXTRA_CA_CERTS: app.ready.ca,
    },
    cwd: new URL('..', import.meta.url).pathname,
  })
  const said = JSON.parse(stdout) as Record<string, Row>
  assert.equal(said.problem, undefined, stdout)
  const listId = said.list?.ID
  assert.match(
    String(said.twice),
    /MJ18 A Contact resource with value "ana@a\.test" for Email already exists\./,
  )
  assert.equal(said.managed?.ContactID, said.contact?.ID)
  assert.equal(said.lists?.ListID, listId)
  assert.deepEqual(said.data?.Data, [
    { Name: 'age', Value: '34' },
    { Name: 'city', Value: 'Lyon' },
    { Name: 'born', Value: '1991-03-12T00:00:00Z' },
  ])
  assert.deepEqual([said.many?.Status, said.many?.Count, said.many?.ErrorFile], ['Completed', 300, ''])
  assert.deepEqual([said.imported?.Count, said.imported?.Errcount], [2, 1])
  // The client asks for the file, and throws away what is no JSON.
  assert.equal(said.errors, 200)
  const file = await app.mailjet('GET', `/v3/DATA/batchjob/${said.imported?.ID}/csverror/text:csv`)
  assert.equal(file.text, 'email,city,error\nbroken,Nice,###Invalid email address###email\n')
  assert.deepEqual(said.found, said.segment)
  assert.equal(said.count, 302)

  // The client has no way to say this one.
  assert.equal((await app.mailjet('DELETE', `/v4/contacts/${said.contact?.ID}`)).status, 200)
  assert.equal((await app.mailjet('GET', '/v3/REST/contact/ana@a.test')).status, 404)

  const preview = await app.admin('POST', '/api/segments/preview', { expression: '(age<35)', listId })
  assert.equal((preview.body as { count: number }).count, 35, 'those of the many, without the erased one')
})
