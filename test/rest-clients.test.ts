/** node-mailjet, unmodified, makes every REST call of senders, domains and keys over HTTPS. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startTestApp } from './app.ts'

const run = promisify(execFile)

/** `name method resource id action body`, in order; `$name.Property` stands for what an earlier answer said. */
type Call = {
  name: string
  method: string
  resource: string
  id?: string
  action?: string
  params?: object
  body?: object
}

const calls: Call[] = [
  { name: 'profile', method: 'get', resource: 'myprofile' },
  { name: 'profile changed', method: 'put', resource: 'myprofile', body: { Firstname: 'Lea' } },
  { name: 'user', method: 'get', resource: 'user' },
  { name: 'added', method: 'post', resource: 'sender', body: { Email: 'news@toys.example', Name: 'News' } },
  { name: 'twice', method: 'post', resource: 'sender', body: { Email: 'news@toys.example' } },
  { name: 'by address', method: 'get', resource: 'sender', id: 'news@toys.example' },
  { name: 'listed', method: 'get', resource: 'sender', params: { Limit: 0, Sort: 'ID DESC' } },
  { name: 'counted', method: 'get', resource: 'sender', params: { countOnly: 1 } },
  { name: 'updated', method: 'put', resource: 'sender', id: '$added.ID', body: { EmailType: 'bulk' } },
  { name: 'unchanged', method: 'put', resource: 'sender', id: '$added.ID', body: { EmailType: 'bulk' } },
  { name: 'mailed', method: 'post', resource: 'sender', id: '$added.ID', action: 'validate', body: {} },
  { name: 'domain', method: 'post', resource: 'sender', body: { Email: '*@toys.example' } },
  { name: 'dns', method: 'get', resource: 'dns', id: '$domain.DNSID' },
  { name: 'dns by name', method: 'get', resource: 'dns', id: 'toys.example' },
  { name: 'unproved', method: 'post', resource: 'sender', id: '$domain.ID', action: 'validate' },
  { name: 'checked', method: 'post', resource: 'dns', id: 'toys.example', action: 'check', body: {} },
  { name: 'deleted', method: 'delete', resource: 'sender', id: '$added.ID' },
  { name: 'gone', method: 'get', resource: 'sender', id: 'news@toys.example' },
  { name: 'revived', method: 'put', resource: 'sender', id: 'news@toys.example', body: { Name: 'News' } },
  { name: 'unknown', method: 'get', resource: 'sender', id: '1' },
  { name: 'key', method: 'post', resource: 'apikey', body: { Name: 'Sub', IsActive: true } },
  { name: 'keys', method: 'get', resource: 'apikey', params: { Sort: 'CreatedAt DESC' } },
  { name: 'suspended', method: 'put', resource: 'apikey', id: '$key.APIKey', body: { IsActive: false } },
  { name: 'metasender', method: 'post', resource: 'metasender', body: { Email: 'all@toys.example' } },
  { name: 'return path', method: 'get', resource: 'returnpath' },
  { name: 'metadata', method: 'get', resource: 'metadata', params: { ResourceName: 'sender' } },
]

const script = `
const mailjet = require('node-mailjet').apiConnect(process.env.KEY, process.env.SECRET, {
  config: { host: process.env.HOST, version: 'v3' },
})
const answers = {}
const fill = (text) => text.replace(/^\\$(\\w+)\\.(\\w+)$/, (_, name, property) => answers[name].body.Data[0][property])
;(async () => {
  for (const { name, method, resource, id, action, params, body } of JSON.parse(process.env.CALLS)) {
    let call = mailjet[method](resource)
    if (id !== undefined) call = call.id(fill(id))
    if (action !== undefined) call = call.action(action)
    try {
      const { response, body: answer } = await call.request(body, params)
      answers[name] = { status: response.status, reason: response.statusText, body: answer }
    } catch (error) {
      if (error.response === undefined) throw error
      answers[name] = {
        status: error.response.status,
        reason: error.response.statusText,
        error: error.message,
        body: error.response.data,
      }
    }
  }
  console.log(JSON.stringify(answers))
})()`

type Answered = {
  status: number
  reason: string
  error?: string
  body: {
    Count: number
    Total: number
    ErrorMessage?: string
    ValidationMethod?: string
    Data: Record<string, unknown>[]
  }
}

test('node-mailjet, REST over HTTPS', async (t) => {
  const app = await startTestApp(t)
  const { stdout } = await run(process.execPath, ['-e', script], {
    env: {
      KEY: app.credentials.apiKey,
      SECRET: app.credentials.secretKey,
      HOST: new URL(app.ready.httpsUrl ?? '').host,
      NODE_EXTRA_CA_CERTS: app.ready.ca,
      CALLS: JSON.stringify(calls),
    },
    cwd: new URL('..', import.meta.url).pathname,
  })
  const answers = new Map(Object.entries(JSON.parse(stdout) as Record<string, Answered>))
  const of = (name: string): Answered => answers.get(name) ?? assert.fail(`no answer of ${name}`)
  const row = (name: string) => of(name).body.Data[0] ?? assert.fail(`no object in ${name}`)

  assert.deepEqual(
    calls.map(({ name }) => [name, of(name).status]),
    [
      ['profile', 200],
      ['profile changed', 200],
      ['user', 200],
      ['added', 201],
      ['twice', 400],
      ['by address', 200],
      ['listed', 200],
      ['counted', 200],
      ['updated', 200],
      ['unchanged', 304],
      ['mailed', 200],
      ['domain', 201],
      ['dns', 200],
      ['dns by name', 200],
      ['unproved', 200],
      ['checked', 200],
      ['deleted', 204],
      ['gone', 200],
      ['revived', 200],
      ['unknown', 404],
      ['key', 201],
      ['keys', 200],
      ['suspended', 200],
      ['metasender', 201],
      ['return path', 200],
      ['metadata', 200],
    ],
  )
  assert.match(of('twice').body.ErrorMessage ?? '', /^There is an already existing inactive sender/)
  assert.deepEqual(
    ['unchanged', 'deleted', 'unknown'].map((name) => of(name).reason),
    ['Content not changed', 'No content', 'Object not found'],
  )
  assert.match(of('unknown').error ?? '', /Object not found/)
  assert.deepEqual(
    ['added', 'updated', 'gone', 'revived'].map((name) => [
      row(name).ID === row('added').ID,
      row(name).Status,
    ]),
    [
      [true, 'Inactive'],
      [true, 'Inactive'],
      [true, 'Deleted'],
      [true, 'Inactive'],
    ],
  )
  assert.equal(of('counted').body.Total, of('listed').body.Count)
  assert.equal(row('mailed').ValidationMethod, 'ActivationEmail')
  assert.equal(of('mailed').body.ValidationMethod, 'ActivationEmail')
  assert.equal(row('unproved').ValidationMethod, '')
  assert.deepEqual(row('dns'), row('dns by name'))
  assert.equal(row('checked').DKIMStatus, 'Error')
  assert.match(String(row('key').SecretKey), /^[0-9a-f]{32}$/)
  assert.equal(row('suspended').IsActive, false)
  assert.equal(row('metadata').Name, 'sender')

  const [mail] = await app.received('news@toys.example')
  assert.deepEqual([mail?.dkim, mail?.spf], ['pass', 'pass'])
})

test('a Terraform run proves a domain and has it signed, as the provider calls the API', async (t) => {
  const app = await startTestApp(t)
  const domain = 'terraform.example'
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await app.mailjet(method, `/v3/REST/${path}`, body)
    return { status: answer.status, text: answer.text, ...(answer.body as Partial<Answered['body']>) }
  }
  const publish = async (name: unknown, value: unknown) => {
    const answer = await app.admin('POST', '/api/lab/records', { name, type: 'TXT', value })
    assert.ok(answer.status < 300, answer.text)
  }
  const wanted = { Email: `*@${domain}`, Name: 'Shop', EmailType: 'transactional', IsDefaultSender: false }

  // mailjet_sender: what is there already is taken over.
  assert.equal((await call('POST', 'sender', wanted)).status, 201)
  const twice = await call('POST', 'sender', wanted)
  assert.equal(twice.status, 400)
  assert.match(twice.text, /There is an already existing inactive sender/)
  assert.ok([200, 304].includes((await call('PUT', `sender/${wanted.Email}`, wanted)).status))
  const [sender = {}] = (await call('GET', `sender/${wanted.Email}`)).Data ?? []
  assert.equal(sender.Status, 'Inactive')

  // The record of the ownership, then mailjet_sender_validate: asked again until its time is over.
  const [dns = {}] = (await call('GET', `dns/${sender.DNSID}`)).Data ?? []
  const validate = () => call('POST', `sender/${sender.ID}/validate`, {})
  for (let asked = 0; asked < 3; asked++) assert.equal((await validate()).ValidationMethod, '')
  await publish(dns.OwnerShipTokenRecordName, dns.OwnerShipToken)
  const proved = await validate()
  assert.deepEqual([proved.status, proved.ValidationMethod], [200, 'DNS'])
  const [active = {}] = (await call('GET', `sender/${sender.ID}`)).Data ?? []
  assert.equal(active.Status, 'Active')

  // The other records, exactly as the API gives them.
  await publish(dns.DKIMRecordName, dns.DKIMRecordValue)
  await publish(`${domain}.`, dns.SPFRecordValue)
  const [checked = {}] = (await call('POST', `dns/${sender.DNSID}/check`, {})).Data ?? []
  assert.deepEqual([checked.DKIMStatus, checked.SPFStatus], ['OK', 'OK'], JSON.stringify(checked))
  await app.send({ from: `anybody@${domain}`, to: 'terraform@inbox.test' })
  const [received] = await app.received('terraform@inbox.test')
  const shown = await app.admin('GET', `/api/lab/inbox/${received?.id}`)
  assert.equal(received?.dkim, 'pass')
  assert.match(shown.text, new RegExp(`d=${domain};`))

  assert.equal((await call('DELETE', `sender/${sender.ID}`)).status, 204)
  const { messageId } = await app.send({ from: `anybody@${domain}`, to: 'terraform@inbox.test' })
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'blocked'])
})
