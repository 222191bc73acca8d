/** Templates from end to end: node-mailjet makes and sends them, SMTP names them, the lab receives. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import nodemailer from 'nodemailer'
import PostalMime from 'postal-mime'
import { scenario, startTestApp, type TestApp } from './app.ts'
import { hungryMjml } from './hungry-template.ts'

const run = promisify(execFile)

const script = `
const { HOST, KEY, SECRET, FROM } = process.env
const mailjet = require('node-mailjet').apiConnect(KEY, SECRET, { config: { host: HOST, version: 'v3' } })
const said = {}
const first = async (call) => (await call).body.Data[0]
;(async () => {
  said.made = await first(
    mailjet.post('template').request({ Name: 'Order', EditMode: 4, Purposes: ['transactional'] }),
  )
  const { ID } = said.made
  said.twice = await mailjet.post('template').request({ Name: 'Order' })
    .catch((error) => ({ status: error.statusCode, message: error.message, code: error.response.data.ErrorCode }))
  said.content = await first(
    mailjet.post('template').id(ID).action('detailcontent').request({
      MJMLContent: '<mjml><mj-body><mj-section><mj-column><mj-text>Dear {{data:firstname:"customer"}}, {{var:total}}</mj-text></mj-column></mj-section></mj-body></mjml>',
      'Text-part': 'Dear {{data:firstname:"customer"}}, {{var:total}}',
      Headers: { From: 'Shop <' + FROM + '>', Subject: 'Order {{var:number}}' },
    }),
  )
  said.changed = await first(mailjet.put('template').id(ID).request({ IsStarred: true }))
  said.read = await first(mailjet.get('template').id(ID).action('detailcontent').request())
  said.starred = (await mailjet.get('template').request({}, { Name: 'Order' })).body.Data.map((one) => one.IsStarred)
  await mailjet.post('contactmetadata').request({ Name: 'firstname', Datatype: 'str', NameSpace: 'static' })
  await mailjet.post('contact').request({ Email: 'ok@ana.test' })
  await mailjet.put('contactdata').id('ok@ana.test').request({ Data: [{ Name: 'firstname', Value: 'Ana' }] })
  said.sent = (await mailjet.post('send', { version: 'v3.1' }).request({
    Messages: [{
      To: [{ Email: 'ok@ana.test' }], TemplateID: ID, TemplateLanguage: true, Variables: { total: '12 €', number: 7 },
    }],
  })).body
  said.deleted = (await mailjet.delete('template').id(ID).request()).response.status
  said.gone = await mailjet.get('template').id(ID).request().catch((error) => error.statusCode)
  console.log(JSON.stringify(said))
})().catch((error) => console.log(JSON.stringify({ problem: error.message, url: error.config?.url })))`

test('node-mailjet makes a template and sends with it', async (t) => {
  const app = await startTestApp(t)
  const { stdout } = await run(process.execPath, ['-e', script], {
    env: {
      KEY: app.credentials.apiKey,
      SECRET: app.credentials.secretKey,
      FROM: app.ready.from,
      HOST: new URL(app.ready.httpsUrl ?? '').host,
      NODE_EXTRA_CA_CERTS: app.ready.ca,
    },
    cwd: new URL('..', import.meta.url).pathname,
  })
  const said = JSON.parse(stdout) as Record<string, Record<string, unknown>>
  assert.equal(said.problem, undefined, stdout)
  assert.equal(said.made?.EditMode, 4)
  assert.equal(said.twice?.status, 400)
  assert.equal(said.twice?.code, 'ps-0015')
  assert.match(String(said.content?.['Html-part']), /Dear \{\{data:firstname:"customer"\}\}/)
  assert.deepEqual(said.read, said.content)
  assert.equal(said.changed?.IsStarred, true)
  assert.deepEqual(said.starred, [true])
  assert.deepEqual([said.deleted, said.gone], [204, 404])

  const mail = await read(app, 'ok@ana.test')
  assert.equal(mail.subject, 'Order 7')
  assert.equal(mail.from?.address, app.ready.from)
  assert.equal(mail.text?.trim(), 'Dear Ana, 12 €')
  assert.match(mail.html ?? '', /Dear Ana, 12 €/)
})

async function read(app: TestApp, to: string) {
  const [message] = await app.received(to)
  assert.ok(message !== undefined, to)
  const answer = await app.admin('GET', `/api/lab/inbox/${message.id}`)
  const { message: shown } = answer.body as { message: { content: string } }
  return PostalMime.parse(shown.content)
}

function smtp(app: TestApp) {
  return nodemailer.createTransport({
    host: 'localhost',
    port: app.ready.submission?.tls,
    secure: true,
    auth: { user: app.credentials.apiKey, pass: app.credentials.secretKey },
    tls: { ca: readFileSync(app.ready.ca ?? '') },
  })
}

async function addTemplate(app: TestApp, name: string, content: object): Promise<number> {
  const made = await app.mailjet('POST', '/v3/REST/template', { Name: name })
  const { Data } = made.body as { Data: { ID: number }[] }
  const id = Data[0]?.ID ?? 0
  const saved = await app.mailjet('POST', `/v3/REST/template/${id}/detailcontent`, content)
  assert.equal(saved.status, 201, saved.text)
  return id
}

scenario('a message over SMTP takes its body from a template', async (_t, app) => {
  const id = await addTemplate(app, 'Order of the shop', {
    'Html-part': '<p>Dear {{var:name}}, [[var:name]] &eacute;</p>',
    'Text-part': 'Dear {{var:name}}',
    Headers: { Subject: 'Order {{var:number}}', 'Reply-to': 'help@shop.example', From: 'no@shop.example' },
  })
  const transport = smtp(app)
  const features = {
    'X-MJ-TemplateLanguage': '1',
    'X-MJ-Vars': JSON.stringify({ name: 'Zoë', number: 7 }),
  }
  const attachments = [
    { filename: 'order.pdf', content: Buffer.from('%PDF-'), contentType: 'application/pdf' },
  ]

  await transport.sendMail({
    from: app.ready.from,
    to: 'ok@one.test',
    text: 'Not this',
    html: '<p>Not this</p>',
    attachments,
    headers: { 'X-MJ-TemplateID': String(id), ...features },
  })
  const one = await read(app, 'ok@one.test')
  assert.equal(one.subject, 'Order 7')
  assert.equal(one.from?.address, app.ready.from)
  assert.deepEqual(
    one.replyTo?.map(({ address }) => address),
    ['help@shop.example'],
  )
  assert.equal(one.text?.trim(), 'Dear Zoë')
  assert.equal(one.html?.trim(), '<p>Dear Zoë, Zoë &eacute;</p>')
  assert.deepEqual(
    one.attachments.map(({ filename }) => filename),
    ['order.pdf'],
  )
  assert.ok(one.headers.every(({ key }) => !key.startsWith('x-mj-template')))

  await transport.sendMail({
    from: app.ready.from,
    to: 'ok@two.test',
    subject: 'My own',
    text: 'Not this',
    headers: { 'X-MJ-TemplateID': 'Order of the shop', ...features },
  })
  const two = await read(app, 'ok@two.test')
  assert.equal(two.subject, 'My own')
  assert.equal(two.text?.trim(), 'Dear Zoë')
})

scenario('tags of a template over SMTP are replaced however its parts are encoded', async (_t, app) => {
  const russian = 'Уважаемый покупатель, ваш заказ собран и ждёт вас в нашем магазине. '.repeat(9)
  const tags = '[[var:name]] [[ data:city:"nowhere"]] [[UNSUB_LINK_EN]] [[email_to]]'
  const id = await addTemplate(app, 'Заказ', {
    'Text-part': `${russian}\n${tags}`,
    'Html-part': `<p>${russian}</p><p>${tags}</p>`,
    Headers: { Subject: 'Заказ' },
  })
  const send = async (to: string, changes: object) => {
    await smtp(app).sendMail({ from: app.ready.from, to, subject: 'x', ...changes })
    return read(app, to)
  }

  const plain = await send('ok@ana.test', { text: 'x', headers: { 'X-MJ-TemplateID': String(id) } })
  assert.match(plain.text ?? '', /^ ?nowhere https:\/\/[^\s[\]]+ ok@ana\.test/m)
  assert.match(plain.html ?? '', /<p> nowhere https:\/\/[^\s[\]]+ ok@ana\.test<\/p>/)

  const own = { text: `${russian}\n${tags}`, headers: { 'X-MJ-Vars': '{"name":"friend"}' } }
  const friend = await send('ok@bob.test', own)
  assert.match(friend.text ?? '', /^friend nowhere https:\/\/[^\s[\]]+ ok@bob\.test/m)
})

scenario('tags in mail over SMTP that stands as text are replaced', async (_t, app) => {
  let sent = 0
  const send = async (body: string, encoding = '7bit') => {
    const to = `ok@${sent++}.test`
    await smtp(app).sendMail({
      envelope: { from: app.ready.from, to },
      raw: `From: ${app.ready.from}\r\nTo: ${to}\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`,
    })
    return (await read(app, to)).text?.trim()
  }
  assert.equal(await send('To [[EMAIL_TO]]'), 'To ok@0.test')
  assert.equal(await send('In [[ data:city:"Lyon"]]'), 'In Lyon')
  assert.match((await send('See [[PERMALINK]]')) ?? '', /^See https?:\/\/[^\s[\]]+$/)
  // Quoted-printable may break a line within a tag, and between its brackets.
  assert.equal(
    await send('To [[EMA=\r\nIL_TO]] and [=\r\n[var:x:"you"]]', 'quoted-printable'),
    'To ok@3.test and you',
  )
  assert.equal(await send('[[not a tag]] [[]'), '[[not a tag]] [[]')
})

scenario('a small message over SMTP does not become gigabytes by its template', async (_t, app) => {
  const id = await addTemplate(app, 'Catalogue', {
    'Text-part': `{{mj:contact.email}}${`${'x'.repeat(99)}\n`.repeat(19_000)}`,
    'Html-part': 'x'.repeat(1_900_000),
  })
  const send = (count: number) =>
    smtp(app).sendMail({
      from: app.ready.from,
      to: Array.from({ length: count }, (_, index) => `a${index}@one.test`),
      subject: 'Catalogue',
      text: 'x',
      headers: { 'X-MJ-TemplateID': String(id), 'X-MJ-TemplateLanguage': '1' },
    })
  await assert.rejects(send(40), /552 5\.3\.4 .*larger than 128 MB together/)
  await send(1)
})

scenario('contact data in mail over SMTP, and templates that are not there', async (_t, app) => {
  const property = { Name: 'firstname', Datatype: 'str', NameSpace: 'static' }
  await app.mailjet('POST', '/v3/REST/contactmetadata', property)
  await app.mailjet('POST', '/v3/REST/contact', { Email: 'ok@ana.test' })
  const data = { Data: [{ Name: 'firstname', Value: 'Ana' }] }
  assert.equal((await app.mailjet('PUT', '/v3/REST/contactdata/ok@ana.test', data)).status, 200)
  const transport = smtp(app)
  await transport.sendMail({
    from: app.ready.from,
    to: ['ok@ana.test', 'ok@bob.test'],
    subject: 'Hello',
    text: 'Dear [[data:firstname:"friend"]]',
  })
  assert.equal((await read(app, 'ok@ana.test')).text?.trim(), 'Dear Ana')
  assert.equal((await read(app, 'ok@bob.test')).text?.trim(), 'Dear friend')

  await transport.sendMail({
    from: app.ready.from,
    to: 'ok@none.test',
    subject: 'Lost',
    text: 'x',
    headers: { 'X-MJ-TemplateID': 'No such' },
  })
  const answer = await app.admin('GET', '/api/messages?search=none.test')
  const { messages } = answer.body as { messages: { state: string; class: string }[] }
  assert.deepEqual(
    messages.map((one) => [one.state, one.class]),
    [['blocked', 'template-missing']],
  )

  const message = { from: app.ready.from, to: 'ok@nul.test', subject: 'Lost', text: 'x' }
  await transport.sendMail({ ...message, headers: { 'X-MJ-TemplateID': '=?utf-8?Q?a=00b?=' } })
  const nul = await app.admin('GET', '/api/messages?search=nul.test')
  assert.deepEqual(
    (nul.body as { messages: { class: string }[] }).messages.map((one) => one.class),
    ['template-missing'],
  )
})

scenario('a template that asks for too much is refused, and all else goes on', async (_t, app) => {
  const id = await addTemplate(app, 'Hungry', { 'Text-part': 'Hi' })
  const saved = await app.mailjet('PUT', `/v3/REST/template/${id}/detailcontent`, { MJMLContent: hungryMjml })
  assert.equal(saved.status, 400, saved.text)
  assert.match(saved.text, /the MJML could not be compiled: it /)
  const compiled = await app.admin('POST', '/api/templates/compile', { mjml: hungryMjml })
  assert.match(compiled.text, /"html":"","problems":\[\{"part":"mjml","message":"the MJML could not be/)
  const preview = await app.admin('POST', '/api/templates/preview', { content: { mjml: hungryMjml } })
  assert.match(preview.text, /"message":"the MJML could not be compiled: it /)
  const { messageId } = await app.send({ to: 'ok@ana.test' })
  await app.idle()
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'delivered'])
})
