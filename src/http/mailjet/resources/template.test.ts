/** template and its detailcontent. */
import assert from 'node:assert/strict'
import { type HttpAnswer, httpStorageTest, httpTest, type TestHttp } from '../../../../test/http-server.ts'
import {
  assertEmpty,
  assertSubset,
  basicOf,
  oneOf,
  type RestCall,
  restCaller,
  rowsOf,
  stranger,
} from '../../../../test/rest-calls.ts'
import { createApiKey } from '../../../accounts/api-keys.ts'
import { keptVersions } from '../../../templates/template-content.ts'

async function subKey(http: TestHttp): Promise<RestCall> {
  const { key, secret } = await createApiKey(http.storage, { name: 'sub', now: Date.now() })
  assert.equal(key.isMaster, false)
  return restCaller(http, basicOf(key.publicKey, secret))
}

function assertNewerError(answer: HttpAnswer, status: number, message: RegExp, others: object = {}): void {
  const { ErrorIdentifier, ErrorMessage, ...rest } = answer.body as Record<string, unknown>
  assert.match(String(ErrorIdentifier), /^[0-9a-f-]{36}$/, answer.text)
  assert.match(String(ErrorMessage), message)
  assert.deepEqual(rest, { StatusCode: status, ...others })
  assert.equal(answer.status, status)
  assert.match(String(answer.headers['x-mj-request-guid']), /^[0-9a-f-]{36}$/)
}

const idsOf = (answer: HttpAnswer) => rowsOf(answer).map(({ ID }) => ID)

httpStorageTest('a template is made, found by number and name, changed and deleted', async (http) => {
  const call = restCaller(http)
  const answer = await call('POST', 'template', {
    name: 'Order | confirmation',
    Author: 'Ana',
    Categories: ['e-commerce', 'invoice'],
    Purposes: ['transactional', 'marketing'],
    EditMode: 'mjml',
    IsTextPartGenerationEnabled: 'true',
  })
  assert.equal(answer.status, 201, answer.text)
  assert.match(String(answer.headers['x-mj-request-guid']), /^[0-9a-f-]{36}$/)
  const made = oneOf(answer)
  const { CreatedAt, LastUpdatedAt, ID, ...rest } = made
  assert.match(String(CreatedAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.equal(LastUpdatedAt, CreatedAt)
  assert.deepEqual(rest, {
    Name: 'Order | confirmation',
    Author: 'Ana',
    OwnerId: http.keyId,
    OwnerType: 'apikey',
    Presets: '{}',
    Categories: ['e-commerce', 'invoice'],
    Copyright: '',
    Description: '',
    EditMode: 4,
    IsStarred: false,
    IsTextPartGenerationEnabled: true,
    Locale: 'en_US',
    LocaleList: ['en_US'],
    Previews: [],
    Purposes: ['transactional'],
  })
  for (const path of [
    `template/${ID}`,
    'template/apikey|Order | confirmation',
    'template/apikey%7COrder%20%7C%20confirmation',
  ]) {
    assert.deepEqual(oneOf(await call('GET', path)), made)
  }
  assertEmpty(
    await call('PUT', `template/${ID}`, { Author: 'Ana', Categories: ['e-commerce', 'invoice'] }),
    304,
  )
  const changed = oneOf(
    await call('PUT', `template/${ID}`, {
      IsStarred: true,
      Purposes: ['marketing', 'automation'],
      EditMode: 2,
    }),
  )
  assertSubset(changed, {
    IsStarred: true,
    Purposes: ['marketing', 'automation'],
    EditMode: 2,
    Author: 'Ana',
  })
  assertEmpty(await call('DELETE', `template/${ID}`), 204)
  const gone = /^The resource with the specified ID you are trying to reach does not exist\.$/
  assertNewerError(await call('GET', `template/${ID}`), 404, gone)
  assertNewerError(await call('GET', `template/${ID}/detailcontent`), 404, gone)
  assert.equal((await call('POST', 'template', { Name: 'Order | confirmation' })).status, 201)
})

httpStorageTest('a name that is taken is refused with ps-0015', async (http) => {
  const call = restCaller(http)
  await call('POST', 'template', { Name: 'Welcome' })
  const other = oneOf(await call('POST', 'template', { Name: 'Other' }))
  const taken = { ErrorCode: 'ps-0015', ErrorRelatedTo: ['Name'] }
  assertNewerError(await call('POST', 'template', { Name: 'Welcome' }), 400, /'Welcome'/, taken)
  assertNewerError(await call('PUT', `template/${other.ID}`, { Name: 'Welcome' }), 400, /'Welcome'/, taken)
  const users = await call('POST', 'template', { Name: 'Welcome', OwnerType: 'user' })
  assert.equal(users.status, 201)
})

httpTest('what is wrong with a template is told in the shape of the newer services', async (http) => {
  const call = restCaller(http)
  assertNewerError(await call('POST', 'template', {}), 400, /^MJ08 Property Name is invalid/)
  assertNewerError(await call('POST', 'template', { Name: 'x', EditMode: 5 }), 400, /EditMode/)
  assertNewerError(await call('POST', 'template', { Name: 'x', Purposes: ['fun'] }), 400, /'fun' is none of/)
  assertNewerError(await call('POST', 'template', { Name: 'x', Locale: 'en' }), 400, /'en' is no locale/)
  assertNewerError(await call('POST', 'template', { Name: 'x', OwnerType: 'global' }), 400, /OwnerType/)
  assertNewerError(await call('GET', 'template/global|x'), 404, /does not exist/)
  const { ID } = oneOf(await call('POST', 'template', { Name: 'x' }))
  for (const body of [{ Headers: 'x' }, { 'Html-part': 5 }, { Headers: { 'X-A': 'a\r\nBcc: b' } }]) {
    assert.equal((await call('POST', `template/${ID}/detailcontent`, body)).status, 400, JSON.stringify(body))
  }
})

httpStorageTest('templates are filtered by words, editor, owner and name', async (http) => {
  const call = restCaller(http)
  const add = async (body: object) => oneOf(await call('POST', 'template', body)).ID
  const one = await add({ Name: 'One', Categories: ['basic'], EditMode: 1 })
  const two = await add({ Name: 'Two', Categories: ['basic', 'newsletter'], Purposes: ['marketing'] })
  const three = await add({ Name: 'Three', OwnerType: 'user', EditMode: 4 })

  for (const [query, expected] of [
    ['', [one, two, three]],
    ['Sort=ID+DESC', [three, two, one]],
    ['Limit=1&Offset=1', [two]],
    ['Name=Two', [two]],
    ['EditMode=tool', [one]],
    ['EditMode=2', [two]],
    ['EditMode=nonsense', []],
    ['OwnerType=user', [three]],
    ['OwnerType=global', []],
    [`APIKey=${http.keyId}`, [one, two]],
    ['Purposes=marketing,automation', [two]],
    ['Purposes=marketing,automation&PurposesSelectionMethod=containsall', []],
    ['Categories=basic,newsletter&CategoriesSelectionMethod=containsall', [two]],
    ['Categories=basic&CategoriesSelectionMethod=containsany', [one, two]],
    ['Categories=basic&CategoriesSelectionMethod=issubset', [one, three]],
  ] as const) {
    assert.deepEqual(idsOf(await call('GET', `template?${query}`)), expected, query)
  }
  assert.deepEqual((await call('GET', 'template?countOnly=1')).body, { Count: 3, Data: [], Total: 3 })
})

httpStorageTest(
  'each key has its own templates; those of the user are read by all, changed by the master key',
  async (http) => {
    const master = restCaller(http)
    const sub = await subKey(http)
    const own = oneOf(await sub('POST', 'template', { Name: 'Own' }))
    const users = oneOf(await master('POST', 'template', { Name: 'Of all', OwnerType: 'user' }))
    await master('POST', `template/${users.ID}/detailcontent`, { 'Text-part': 'Hi' })

    assert.deepEqual(idsOf(await master('GET', 'template')), [users.ID])
    assert.deepEqual(idsOf(await sub('GET', 'template')), [own.ID, users.ID])
    assert.equal(oneOf(await sub('GET', `template/${users.ID}/detailcontent`))['Text-part'], 'Hi')
    assertNewerError(await master('GET', `template/${own.ID}`), 404, /does not exist/)
    assertNewerError(await sub('POST', 'template', { Name: 'x', OwnerType: 'user' }), 400, /master key/)
    for (const [method, path, body] of [
      ['PUT', `template/${users.ID}`, { Name: 'Mine' }],
      ['DELETE', `template/${users.ID}`, undefined],
      ['POST', `template/${users.ID}/detailcontent`, { 'Text-part': 'x' }],
      ['PUT', `template/${users.ID}/detailcontent`, { 'Text-part': 'x' }],
    ] as const) {
      assertNewerError(await sub(method, path, body), 403, /master API key/)
    }
    const others = await stranger(http)
    assert.deepEqual(idsOf(await others('GET', 'template')), [])
    assertNewerError(await others('GET', `template/${users.ID}/detailcontent`), 404, /does not exist/)
  },
)

httpStorageTest('the content: POST empties what it does not name, PUT keeps it', async (http) => {
  const call = restCaller(http)
  const { ID } = oneOf(await call('POST', 'template', { Name: 'x' }))
  const path = `template/${ID}/detailcontent`
  const nothing = { MJMLContent: null, 'Html-part': null, 'Text-part': null, Headers: {} }
  assert.deepEqual(oneOf(await call('GET', path)), nothing)

  const posted = await call('POST', path, {
    'html-part': '<p>Hello {{var:name:"you"}} ☺</p>',
    'Text-Part': 'Hello',
    Headers: { Subject: 'Your order', 'Reply-to': 'help@shop.test' },
  })
  assert.equal(posted.status, 201)
  const expected = {
    ...nothing,
    'Html-part': '<p>Hello {{var:name:"you"}} ☺</p>',
    'Text-part': 'Hello',
    Headers: { Subject: 'Your order', 'Reply-to': 'help@shop.test' },
  }
  assert.deepEqual(oneOf(posted), expected)
  assert.deepEqual(Object.keys(oneOf(posted)), ['MJMLContent', 'Html-part', 'Text-part', 'Headers'])

  const put = await call('PUT', path, { 'Text-part': 'Hello again' })
  assert.equal(put.status, 200)
  assert.deepEqual(oneOf(put), { ...expected, 'Text-part': 'Hello again' })
  assert.deepEqual(oneOf(await call('POST', path, { 'Text-part': 'Hi' })), { ...nothing, 'Text-part': 'Hi' })
  assert.deepEqual(oneOf(await call('GET', path)), { ...nothing, 'Text-part': 'Hi' })
})

httpTest('the tree of a visual editor comes back as it was sent', async (http) => {
  const call = restCaller(http)
  const { ID } = oneOf(await call('POST', 'template', { Name: 'x', EditMode: 1 }))
  const tree = { tagName: 'mjml', attributes: { version: '4' }, children: [{ tagName: 'mj-body', id: 1 }] }
  await call('POST', `template/${ID}/detailcontent`, { MJMLContent: tree, 'Html-part': '<p>x</p>' })
  assert.deepEqual(oneOf(await call('GET', `template/${ID}/detailcontent`)), {
    MJMLContent: tree,
    'Html-part': '<p>x</p>',
    'Text-part': null,
    Headers: {},
  })
})

httpStorageTest('MJML without HTML is compiled, and text is made where it is asked for', async (http) => {
  const call = restCaller(http)
  const { ID } = oneOf(
    await call('POST', 'template', { Name: 'x', EditMode: 4, IsTextPartGenerationEnabled: true }),
  )
  const path = `template/${ID}/detailcontent`
  const mjml = (words: string) =>
    `<mjml>\n<mj-body><mj-section><mj-column>\n<mj-text>${words}</mj-text>\n</mj-column></mj-section></mj-body>\n</mjml>`
  const first = oneOf(await call('POST', path, { MJMLContent: mjml('Hi {{var:a}} é') }))
  assert.equal(first.MJMLContent, mjml('Hi {{var:a}} é'))
  assert.match(String(first['Html-part']), /<table.*Hi \{\{var:a\}\} é/s)
  assert.equal(first['Text-part'], 'Hi {{var:a}} é')

  // What was made follows what it was made from.
  const second = oneOf(await call('PUT', path, { MJMLContent: mjml('Bye') }))
  assert.match(String(second['Html-part']), /Bye/)
  assert.equal(second['Text-part'], 'Bye')
  // What somebody wrote stays.
  const third = oneOf(await call('PUT', path, { 'Html-part': '<p>Own</p>', 'Text-part': 'Own text' }))
  const fourth = oneOf(await call('PUT', path, { MJMLContent: mjml('More') }))
  assert.deepEqual([fourth['Html-part'], fourth['Text-part']], [third['Html-part'], third['Text-part']])

  const faulty = mjml('x').replace('mj-text>x', 'mj-text colour="red">x')
  assertNewerError(await call('POST', path, { MJMLContent: faulty }), 400, /line 3: mj-text: .*colour/)
  const including = mjml('x').replace('<mj-text>', '<mj-include path="/etc/passwd" type="html" /><mj-text>')
  assertNewerError(await call('POST', path, { MJMLContent: including }), 400, /line 3: mj-include/)
  assert.deepEqual(oneOf(await call('GET', path)), fourth)
})

httpStorageTest('the latest versions are kept', async (http) => {
  const call = restCaller(http)
  const { ID } = oneOf(await call('POST', 'template', { Name: 'x' }))
  for (let round = 1; round <= keptVersions + 2; round++) {
    await call('POST', `template/${ID}/detailcontent`, { 'Text-part': `Round ${round}` })
  }
  const versions = await http.storage.db
    .selectFrom('template_versions')
    .select(['number', 'text'])
    .orderBy('number')
    .execute()
  assert.equal(versions.length, keptVersions)
  assert.deepEqual(versions[0], { number: 3, text: 'Round 3' })
})
