import assert from 'node:assert/strict'
import { type HttpAnswer, httpStorageTest, httpTest, type TestHttp } from '../../../test/http-server.ts'
import { slowMjml } from '../../../test/hungry-template.ts'
import { createApiKey } from '../../accounts/api-keys.ts'
import { eraseContact } from '../../contacts/erase.ts'
import { createProperty, propertiesByName } from '../../contacts/properties.ts'
import { readValues, saveContacts } from '../../contacts/save-contacts.ts'

type Template = { id: number; name: string; version: number; isStarred: boolean; isReadOnly: boolean }
type Content = { html: string | null; text: string | null; mjml: string | null; headers: object }
type Opened = { template: Template; content: Content }

const caller = (http: TestHttp) => (method: string, path: string, body?: unknown) =>
  http.call({ method, path: `/api/${path}`, headers: { authorization: http.bearer }, body })

function ok<T>(answer: HttpAnswer, status = 200): T {
  assert.equal(answer.status, status, answer.text)
  return answer.body as T
}

function refused(answer: HttpAnswer, status: number, message: RegExp): void {
  assert.equal(answer.status, status, answer.text)
  assert.match((answer.body as { error: { message: string } }).error.message, message)
}

const mjml = (words: string) =>
  `<mjml>\n<mj-body><mj-section><mj-column>\n<mj-text>${words}</mj-text>\n</mj-column></mj-section></mj-body>\n</mjml>`

httpStorageTest('a template lives: made, listed, changed, copied, deleted, brought back', async (http) => {
  const call = caller(http)
  const content = { mjml: mjml('Hi'), headers: { Subject: 'Hello' } }
  const made = ok<Opened>(
    await call('POST', 'templates', { name: ' Welcome ', editMode: 'mjml', makesText: true, content }),
    201,
  )
  assert.equal(made.template.name, 'Welcome')
  assert.equal(made.template.version, 1)
  assert.match(made.content.html ?? '', /Hi/)
  assert.equal(made.content.text, 'Hi')
  const { id } = made.template
  assert.deepEqual(ok(await call('GET', `templates/${id}`)), made)

  const changed = ok<Opened>(
    await call('PATCH', `templates/${id}`, { isStarred: true, content: { mjml: mjml('Ho') }, version: 1 }),
  )
  assert.equal(changed.template.version, 2)
  assert.equal(changed.content.text, 'Ho')
  assert.deepEqual(changed.content.headers, { Subject: 'Hello' })
  refused(
    await call('PATCH', `templates/${id}`, { version: 1, content: {} }),
    409,
    /changed by somebody else/,
  )

  const copy = ok<Opened>(await call('POST', `templates/${id}/duplicate`, {}), 201)
  const second = ok<Opened>(await call('POST', `templates/${copy.template.id}/duplicate`, {}), 201)
  assert.deepEqual([copy.template.name, second.template.name], ['Welcome (2)', 'Welcome (3)'])
  assert.deepEqual(copy.content, changed.content)
  assert.equal(copy.template.isStarred, false)
  refused(await call('POST', `templates/${id}/duplicate`, { name: 'Welcome' }), 409, /'Welcome' already/)

  type List = { templates: Template[]; total: number }
  const list = async (query: string) => ok<List>(await call('GET', `templates?${query}`))
  assert.deepEqual(
    (await list('order=name')).templates.map(({ name }) => name),
    ['Welcome', 'Welcome (2)', 'Welcome (3)'],
  )
  assert.deepEqual(
    (await list('starred=true')).templates.map((one) => one.id),
    [id],
  )
  const page = await list('search=WELC&limit=1&offset=1&order=name')
  assert.deepEqual([page.total, page.templates[0]?.name], [3, 'Welcome (2)'])

  assert.deepEqual(ok(await call('DELETE', `templates/${id}`)), { deleted: id })
  refused(await call('GET', `templates/${id}`), 404, /no template/)
  assert.deepEqual(
    (await list('deleted=true')).templates.map((one) => one.id),
    [id],
  )
  ok(await call('POST', `templates/${id}/undelete`, {}))
  assert.equal((await list('')).total, 3)
})

httpStorageTest('nothing is made where the content is refused', async (http) => {
  const call = caller(http)
  const content = { mjml: mjml('Hi').replace('<mj-text>', '<mj-text colour="x">') }
  refused(await call('POST', 'templates', { name: 'x', content }), 400, /line 3: mj-text/)
  refused(await call('POST', 'templates', { name: 'x', content: { headers: { 'A b': 'x' } } }), 400, /'A b'/)
  assert.equal(ok<{ total: number }>(await call('GET', 'templates')).total, 0)
})

httpStorageTest('versions are listed, read and restored', async (http) => {
  const call = caller(http)
  const { template } = ok<Opened>(
    await call('POST', 'templates', { name: 'x', content: { text: 'One' } }),
    201,
  )
  const path = `templates/${template.id}`
  ok(await call('PATCH', path, { content: { text: 'Two' } }))
  type Versions = { versions: { number: number; createdBy: string }[]; kept: number }
  const { versions, kept } = ok<Versions>(await call('GET', `${path}/versions`))
  assert.deepEqual(
    [kept, versions.map(({ number, createdBy }) => [number, createdBy])],
    [
      20,
      [
        [2, 'operator'],
        [1, 'operator'],
      ],
    ],
  )
  assert.equal(ok<{ content: Content }>(await call('GET', `${path}/versions/1`)).content.text, 'One')
  const restored = ok<Opened>(await call('POST', `${path}/versions/1/restore`, {}))
  assert.deepEqual([restored.template.version, restored.content.text], [3, 'One'])
  refused(await call('GET', `${path}/versions/9`), 404, /no version 9/)
})

httpStorageTest(
  'templates of the user are read with a sub-key, and changed with the master key',
  async (http) => {
    const call = caller(http)
    const { key } = await createApiKey(http.storage, { name: 'sub', now: Date.now() })
    const { template } = ok<Opened>(
      await call('POST', 'templates', { name: 'All', ownerType: 'user', content: { text: 'Hi' } }),
      201,
    )
    const sub = `key=${key.publicKey}`
    assert.equal(ok<Opened>(await call('GET', `templates/${template.id}?${sub}`)).template.isReadOnly, true)
    refused(await call('DELETE', `templates/${template.id}?${sub}`), 403, /master key, or make a copy/)
    const copy = ok<Opened>(
      await call('POST', `templates/${template.id}/duplicate`, { key: key.publicKey }),
      201,
    )
    assert.equal(copy.template.isReadOnly, false)
    refused(await call('GET', `templates/${copy.template.id}`), 404, /no template/)
  },
)

type Preview = {
  from: string | null
  replyTo: string
  subject: string
  html: string | null
  text: string | null
  problems: { part: string; message: string; line?: number }[]
}

httpStorageTest('a preview is what the contact would get', async (http) => {
  const { keyId, storage, contacts } = http
  await createProperty(storage, { keyId, name: 'firstname', type: 'str', now: Date.now() })
  const properties = await propertiesByName(storage.db, keyId)
  const { values } = readValues([['firstname', 'Ana']], properties)
  await saveContacts(contacts, {
    keyId,
    origin: 'test',
    targets: [],
    contacts: [{ email: 'ana@a.test', values }],
  })
  const content = {
    mjml: mjml('Dear {{data:firstname:"friend"}}, {{var:a}} {{mj:contact.email}}'),
    text: 'Dear [[data:firstname]]',
    headers: { Subject: 'For {{var:a}}', From: 'Shop <hello@shop.example>', 'Reply-to': 'help@shop.example' },
  }
  const preview = ok<Preview>(
    await caller(http)('POST', 'templates/preview', {
      content,
      variables: { a: 7 },
      contact: 'Ana@A.test',
    }),
  )
  assert.match(preview.html ?? '', /Dear Ana, 7 ana@a\.test/)
  const { html: _, ...rest } = preview
  assert.deepEqual(rest, {
    from: 'Shop <hello@shop.example>',
    replyTo: 'help@shop.example',
    subject: 'For 7',
    text: 'Dear Ana',
    problems: [],
    page: null,
  })
  const raw = ok<Preview>(
    await caller(http)('POST', 'templates/preview', { content, language: false, contact: 'x@y.test' }),
  )
  assert.equal(raw.subject, 'For {{var:a}}')
})

httpStorageTest('previews and test mails know the template that they are of', async (http) => {
  const call = caller(http)
  const content = {
    text: '{{mj:template.name}} {{mj:template.id}} {{mj:template.copyright}}',
    headers: { From: 'hello@shop.example' },
  }
  const { template } = ok<Opened>(
    await call('POST', 'templates', { name: 'Order', copyright: 'Shop', content }),
    201,
  )
  const shown = ok<Preview>(await call('POST', 'templates/preview', { content, template: template.id }))
  assert.deepEqual([shown.text, shown.problems], [`Order ${template.id} Shop`, []])
  const unsaved = ok<Preview>(await call('POST', 'templates/preview', { content }))
  assert.match(unsaved.problems[0]?.message ?? '', /^mj:template\.name has no value and no default/)
  refused(await call('POST', 'templates/preview', { content, template: 1 }), 404, /no template 1/)
  ok(await call('POST', `templates/${template.id}/test`, { to: ['ana@a.test'] }), 201)
})

httpTest('problems say in which part and line they are', async (http) => {
  const call = caller(http)
  const content = {
    mjml: mjml('Dear {{var:name}}'),
    html: null,
    text: 'One\nTwo {% for x in var:rows %}{% endfor %}',
    headers: { Subject: '{{var:b' },
  }
  const { problems } = ok<Preview>(
    await call('POST', 'templates/preview', { content, variables: { rows: 5 } }),
  )
  assert.deepEqual(
    problems.map(({ part, line }) => [part, line]),
    [
      ['subject', 1],
      ['html', 3],
      ['text', 2],
    ],
  )
  assert.match(problems[1]?.message ?? '', /^var:name has no value and no default/)
  const made = ok<Preview>(
    await call('POST', 'templates/preview', {
      content: { mjml: null, html: '<p>{% if var:a %}</p>', text: null, headers: {} },
      makesText: true,
    }),
  )
  assert.deepEqual(
    made.problems.map(({ part, message }) => [part, message]),
    [['html', 'the {% endif %} of this {% if %} is missing']],
    'text that is made of the HTML does not say it again',
  )

  const broken = mjml('x').replace('<mj-text>', '<mj-text colour="red">')
  const compiled = ok<{ html: string; problems: Preview['problems'] }>(
    await call('POST', 'templates/compile', { mjml: broken }),
  )
  assert.match(compiled.html, /<table/)
  assert.deepEqual(
    compiled.problems.map(({ part, line }) => [part, line]),
    [['mjml', 3]],
  )
})

httpStorageTest('the page of a preview looks as the mail will, and runs nothing', async (http) => {
  const call = caller(http)
  const html =
    '<style>@import url(https://fonts.example/x.css);p{color:red}</style><p style="margin:3px" onclick="x()">Hi {{var:a}}</p><script>x()</script><a href="javascript:x()">x</a><form action="/x"><iframe src="/"></iframe></form><meta http-equiv="refresh" content="0">'
  const preview = async (page: string, a: string) =>
    ok<{ page: string }>(
      await call('POST', 'templates/preview', { content: { html }, variables: { a }, page }),
    ).page
  const page = await preview('', 'one')
  const read = () =>
    http.call({ path: `/api/templates/previews/${page}?n=1`, headers: { authorization: http.bearer } })
  const shown = await read()
  assert.equal(
    shown.text,
    '<!doctype html>\n<base target="_blank"><style>p{color:red}</style><p style="margin:3px">Hi one</p><a>x</a><div></div>',
  )
  const policy = String(shown.headers['content-security-policy'])
  assert.match(policy, /^sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';/)
  assert.doesNotMatch(policy, /script/)
  const kept = await http.storage.db.selectFrom('template_previews').select('html').executeTakeFirstOrThrow()
  assert.equal(kept.html, shown.text, 'it is cleaned once')
  // The same editor has the same page.
  assert.equal(await preview(page, 'two'), page)
  assert.match((await read()).text, /Hi two/)
  assert.notEqual(await preview('unknown', 'x'), 'unknown')
  assert.equal((await http.call({ path: `/api/templates/previews/${page}` })).status, 401)
})

httpTest('a page that is too large to look at is refused, and says so', async (http) => {
  const call = caller(http)
  const preview = (rows: number) =>
    call('POST', 'templates/preview', {
      content: { html: '{% for row in var:rows %}{{row}}{% endfor %}' },
      variables: { rows: Array<string>(rows).fill('x'.repeat(50_000)) },
      page: '',
    })
  const { page } = ok<{ page: string }>(await preview(40))
  const shown = await call('GET', `templates/previews/${page}`)
  assert.ok(shown.text.length > 2_000_000)
  refused(await preview(41), 413, /^the HTML has 2050000 characters; at most 2000000 can be looked at$/)
})

httpTest('who asks for more than can be worked on is told to try again', async (http) => {
  const compile = (source: string) => caller(http)('POST', 'templates/compile', { mjml: source })
  // The first takes all the time that it may; ten wait for it.
  const answers = await Promise.all([slowMjml, ...Array<string>(11).fill(mjml('Hi'))].map(compile))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [...Array<number>(11).fill(200), 503],
  )
  const [first, second, ...others] = answers
  assert.match(first?.text ?? '', /it took longer than 5 seconds/)
  assert.match(second?.text ?? '', /"problems":\[\]/)
  const last = others.at(-1)
  assert.ok(last !== undefined)
  refused(last, 503, /^too many templates .* try again in a moment$/)
  assert.equal(last.headers['retry-after'], '5')
})

httpStorageTest('no preview shows somebody who was erased', async (http) => {
  const { keyId, storage, contacts } = http
  const call = caller(http)
  await saveContacts(contacts, {
    ...{ keyId, origin: 'test', targets: [] },
    contacts: [{ email: 'ana@a.test', values: new Map() }],
  })
  const content = { html: '<p>{{mj:contact.email}}</p>' }
  const { page } = ok<{ page: string }>(
    await call('POST', 'templates/preview', { content, contact: 'ana@a.test', page: '' }),
  )
  const path = `templates/previews/${page}`
  assert.match((await call('GET', path)).text, /ana@a\.test/)
  const { id } = await storage.db.selectFrom('contacts').select('id').executeTakeFirstOrThrow()
  await eraseContact(contacts, { keyId, id })
  assert.equal((await call('GET', path)).status, 404)
})

httpStorageTest('previews leave no trail in the audit log', async (http) => {
  const call = caller(http)
  ok(await call('POST', 'templates/preview', { content: { text: 'x' } }))
  ok(await call('POST', 'templates', { name: 'x' }), 201)
  const actions = await http.storage.db.selectFrom('audit_log').select('action').execute()
  assert.deepEqual(
    actions.map(({ action }) => action),
    ['POST /templates'],
  )
})

httpStorageTest('a test mail goes through the door of all mail', async (http) => {
  const call = caller(http)
  const content = {
    text: 'Dear {{var:name}}',
    headers: { Subject: 'Hello {{var:name}}', From: 'hello@shop.example' },
  }
  const { template } = ok<Opened>(await call('POST', 'templates', { name: 'x', content }), 201)
  const path = `templates/${template.id}/test`
  refused(await call('POST', path, { to: ['lea@a.test'] }), 400, /\(subject, line 1\): .*var:name/)
  refused(await call('POST', path, { to: [] }), 400, /./)
  assert.deepEqual(await http.storedMessages(), [])
  const sent = ok<{ recipients: { address: string; messageId: number }[] }>(
    await call('POST', path, { to: ['Lea <lea@a.test>', 'bob@b.test'], variables: { name: 'Zoë' } }),
    201,
  )
  assert.deepEqual(
    sent.recipients.map(({ address }) => address),
    ['lea@a.test', 'bob@b.test'],
  )
  assert.deepEqual(
    (await http.storedMessages()).map(({ subject }) => subject),
    ['Hello Zoë'],
  )

  const senderless = ok<Opened>(await call('POST', 'templates', { name: 'y', content: { text: 'x' } }), 201)
  const other = `templates/${senderless.template.id}/test`
  refused(await call('POST', other, { to: ['lea@a.test'] }), 400, /names no sender/)
  ok(await call('POST', other, { to: ['lea@a.test'], from: 'hello@shop.example' }), 201)
  assert.equal((await http.storedMessages()).at(-1)?.subject, 'y')
})
