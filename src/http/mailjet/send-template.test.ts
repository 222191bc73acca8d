/** Stored templates in v3.1 and v3, and what they take from contacts. */
import assert from 'node:assert/strict'
import PostalMime from 'postal-mime'
import {
  errorsOf,
  type HttpAnswer,
  httpStorageTest,
  httpTest,
  type TestHttp,
} from '../../../test/http-server.ts'
import { basicOf, oneOf, restCaller } from '../../../test/rest-calls.ts'
import { createApiKey } from '../../accounts/api-keys.ts'
import { createProperty, propertiesByName } from '../../contacts/properties.ts'
import { readValues, saveContacts } from '../../contacts/save-contacts.ts'
import { mapTextParts } from '../../mail/text-parts.ts'

async function addTemplate(http: TestHttp, content: object, details: object = {}): Promise<number> {
  const call = restCaller(http)
  const made = await call('POST', 'template', { Name: 'Order', Copyright: 'Shop', ...details })
  const { ID } = oneOf(made)
  const saved = await call('POST', `template/${ID}/detailcontent`, content)
  assert.equal(saved.status, 201, saved.text)
  return Number(ID)
}

const order = {
  'Html-part':
    '<p>Dear {{data:firstname:"customer"}}, [[data:city:"somewhere"]], {{var:total}} ({{mj:template.name}}, {{mj:template.copyright}})</p>',
  'Text-part': 'Total {{var:total}}',
  Headers: {
    From: '"Shop" <hello@shop.example>',
    Subject: 'Order {{var:number}}',
    'Reply-to': 'help@shop.example',
    'X-Shop': 'blue',
    'X-Mailjet-Prio': '3',
  },
}

async function addContacts(http: TestHttp, people: Record<string, Record<string, string | number>>) {
  const { keyId, storage, contacts } = http
  const now = Date.now()
  await createProperty(storage, { keyId, name: 'firstname', type: 'str', now })
  await createProperty(storage, { keyId, name: 'city', type: 'str', now })
  const properties = await propertiesByName(storage.db, keyId)
  await saveContacts(contacts, {
    keyId,
    origin: 'test',
    targets: [],
    contacts: Object.entries(people).map(([email, values]) => ({
      email,
      values: readValues(Object.entries(values), properties).values,
    })),
  })
}

type Stored = { subject: string; header: string; texts: string[]; blocked: string | null }

/** Newest first. */
async function stored({ storage }: TestHttp): Promise<Stored[]> {
  const rows = await storage.db
    .selectFrom('messages')
    .innerJoin('bodies', 'bodies.message_id', 'messages.id')
    .innerJoin('deliveries', 'deliveries.message_id', 'messages.id')
    .select(['messages.id', 'messages.subject', 'bodies.content', 'deliveries.class'])
    .orderBy('messages.id', 'desc')
    .execute()
  return rows.map(({ subject, content, class: blocked }) => {
    const raw = Buffer.from(content)
    const texts: string[] = []
    mapTextParts(raw, (text) => {
      texts.push(text.trim())
      return text
    })
    const header = raw
      .subarray(0, raw.indexOf('\r\n\r\n'))
      .toString()
      .replaceAll(/\r\n\s/g, ' ')
    return { subject, header, texts, blocked }
  })
}

const to = [{ Email: 'ana@a.test' }]

function assertSent(answer: HttpAnswer): void {
  assert.equal(answer.status, 200, answer.text)
}

httpStorageTest('v3.1: a template gives parts and defaults, contacts give their data', async (http) => {
  const TemplateID = await addTemplate(http, order)
  await addContacts(http, { 'ana@a.test': { firstname: 'Ana', city: 'Lyon' } })
  const Variables = { total: '12 €', number: 7 }
  assertSent(
    await http.send({
      Messages: [
        {
          To: [...to, { Email: 'Bob@b.test' }],
          TemplateID,
          TemplateLanguage: true,
          Variables,
          HTMLPart: '<p>Not this</p>',
        },
      ],
    }),
  )
  const [bob, ana] = await stored(http)
  assert.deepEqual(ana?.texts, ['Total 12 €', '<p>Dear Ana, Lyon, 12 € (Order, Shop)</p>'])
  assert.deepEqual(bob?.texts, ['Total 12 €', '<p>Dear customer, somewhere, 12 € (Order, Shop)</p>'])
  assert.equal(ana?.subject, 'Order 7')
  assert.match(ana?.header ?? '', /^From: "?Shop"? <hello@shop\.example>$/m)
  assert.match(ana?.header ?? '', /^Reply-To: help@shop\.example$/m)
  assert.match(ana?.header ?? '', /^X-Shop: blue$/m)
  assert.doesNotMatch(ana?.header ?? '', /prio/i)
})

httpStorageTest('what the call says wins over the defaults of the template', async (http) => {
  const TemplateID = await addTemplate(http, order)
  assertSent(
    await http.send({
      Messages: [
        {
          From: { Email: 'other@shop.example', Name: 'Other' },
          To: to,
          Subject: 'Mine',
          ReplyTo: { Email: 'me@shop.example' },
          Headers: { 'x-shop': 'red' },
          TemplateID,
        },
      ],
    }),
  )
  const [message] = await stored(http)
  assert.equal(message?.subject, 'Mine')
  assert.match(message?.header ?? '', /^From: "?Other"? <other@shop\.example>$/m)
  assert.match(message?.header ?? '', /^Reply-To: me@shop\.example$/m)
  assert.match(message?.header ?? '', /^x-shop: red$/m)
  assert.doesNotMatch(message?.header ?? '', /blue/)
  // Without the template language its code stands as it is; the older placeholders are replaced always.
  assert.match(message?.texts[1] ?? '', /^<p>Dear \{\{data:firstname:"customer"\}\}, somewhere, /)
})

httpStorageTest(
  'a template that is not there, or is another key’s, refuses the message, or blocks it',
  async (http) => {
    const { key, secret } = await createApiKey(http.storage, { name: 'sub', now: Date.now() })
    const sub = basicOf(key.publicKey, secret)
    const theirs = Number(oneOf(await restCaller(http, sub)('POST', 'template', { Name: 'Theirs' })).ID)
    const users = await addTemplate(http, order, { OwnerType: 'user' })
    const send = (TemplateID: number, authorization: string, AdvanceErrorHandling = true) =>
      http.send(
        {
          AdvanceErrorHandling,
          Messages: [{ From: { Email: 'hello@shop.example' }, To: to, TemplateID, TextPart: 'Not this' }],
        },
        { headers: { authorization } },
      )
    const missing = (id: number) => [
      {
        ErrorCode: 'send-0010',
        StatusCode: 400,
        ErrorMessage: `Template id "${id}" doesn't exist for your account.`,
        ErrorRelatedTo: ['TemplateID'],
      },
    ]
    for (const id of [theirs, 999_999]) assert.deepEqual(errorsOf(await send(id, http.basic)), missing(id))
    assertSent(await send(theirs, http.basic, false))
    const [blocked] = await stored(http)
    assert.equal(blocked?.blocked, 'template-missing')
    // The master key alone uses those of the user.
    assert.deepEqual(errorsOf(await send(users, sub)), missing(users))
    assertSent(await send(users, http.basic))
  },
)

httpStorageTest('a From that neither the call nor the template gives is asked for', async (http) => {
  const TemplateID = await addTemplate(http, { 'Text-part': 'x', Headers: { From: '{{var:from}}' } })
  const answer = await http.send({ Messages: [{ To: to, TemplateID }] })
  assert.deepEqual(
    errorsOf(answer).map(({ ErrorCode, ErrorRelatedTo }) => [ErrorCode, ErrorRelatedTo]),
    [['mj-0003', ['From']]],
  )
})

httpStorageTest('strict calls may not give HTML beside that of the template', async (http) => {
  const TemplateID = await addTemplate(http, order)
  const Messages = [{ To: to, TemplateID, HTMLPart: '<p>x</p>' }]
  const answer = await http.send({ AdvanceErrorHandling: true, Messages })
  assert.deepEqual(
    errorsOf(answer).map(({ ErrorCode, ErrorRelatedTo }) => [ErrorCode, ErrorRelatedTo]),
    [['send-0004', ['HTMLPart', 'TemplateID']]],
  )
})

httpStorageTest(
  'faults in a template block the message, or let it go raw, and are reported',
  async (http) => {
    const TemplateID = await addTemplate(http, order)
    const send = (message: object) =>
      http.send({ Messages: [{ To: to, TemplateID, TemplateLanguage: true, ...message }] })
    assertSent(await send({ TemplateErrorReporting: { Email: 'ops@shop.example' } }))
    const [report, blocked] = await stored(http)
    assert.equal(blocked?.blocked, 'template-error')
    assert.match(report?.subject ?? '', /^Error while evaluating Mailjet Templating language for message "/)
    assert.match(report?.texts[0] ?? '', new RegExp(`It comes from the template ${TemplateID} \\(Order\\)`))

    assertSent(await send({ TemplateErrorDeliver: true }))
    const [raw] = await stored(http)
    assert.equal(raw?.blocked, null)
    assert.equal(raw?.texts[0], 'Total {{var:total}}')

    const empty = await addTemplate(http, {}, { Name: 'Empty' })
    assertSent(
      await http.send({ Messages: [{ From: { Email: 'hello@shop.example' }, To: to, TemplateID: empty }] }),
    )
    const [nothing] = await stored(http)
    assert.equal(nothing?.blocked, 'template-missing')
  },
)

httpStorageTest(
  'strict calls are told of a template of which nothing can be sent, rehearsals too',
  async (http) => {
    const From = { Email: 'hello@shop.example' }
    const faulty = await addTemplate(http, { 'Text-part': 'Total {{var:total}}' })
    const empty = await addTemplate(http, {}, { Name: 'Empty' })
    for (const SandboxMode of [false, true]) {
      const send = (TemplateID: number, message: object = {}) =>
        http.send({
          ...{ AdvanceErrorHandling: true, SandboxMode },
          Messages: [{ From, To: to, TemplateID, TemplateLanguage: true, ...message }],
        })
      for (const [id, words] of [
        [faulty, /total/],
        [empty, /neither an HTML nor a text part/],
      ] as const) {
        const answer = await send(id)
        assert.equal(answer.status, 400)
        const [error] = errorsOf(answer)
        assert.deepEqual([error?.ErrorCode, error?.ErrorRelatedTo], ['send-0010', ['TemplateID']])
        assert.match(error?.ErrorMessage ?? '', words)
      }
      assert.deepEqual(await stored(http), [])
    }
    const send = (message: object) =>
      http.send({
        AdvanceErrorHandling: true,
        Messages: [{ From, To: to, TemplateID: faulty, TemplateLanguage: true, ...message }],
      })
    assertSent(await send({ Variables: { total: 1 } }))
    assertSent(await send({ TemplateErrorDeliver: true }))
  },
)

httpStorageTest('a template that is saved anew is used anew', async (http) => {
  const TemplateID = await addTemplate(http, { 'Text-part': 'Old {{var:a}}' })
  const message = { From: { Email: 'hello@shop.example' }, To: to, TemplateID, TemplateLanguage: true }
  const send = () => http.send({ Messages: [{ ...message, Variables: { a: 1 } }] })
  assertSent(await send())
  await restCaller(http)('POST', `template/${TemplateID}/detailcontent`, { 'Text-part': 'New {{var:a}}' })
  assertSent(await send())
  assert.deepEqual(
    (await stored(http)).map(({ texts }) => texts),
    [['New 1'], ['Old 1']],
  )
})

httpStorageTest('v3: by number or name, each recipient with their own data', async (http) => {
  const id = await addTemplate(http, order)
  await addContacts(http, { 'ana@a.test': { firstname: 'Ana' }, 'bob@b.test': { firstname: 'Bob' } })
  for (const template of [id, String(id), 'Order']) {
    const answer = await http.send(
      {
        Recipients: [{ Email: 'ana@a.test' }, { Email: 'bob@b.test', Vars: { total: 2 } }],
        'Mj-TemplateID': template,
        'Mj-TemplateLanguage': 'true',
        Vars: { total: 1, number: 3 },
      },
      { path: '/v3/send' },
    )
    assertSent(answer)
    const [bob, ana] = await stored(http)
    assert.match(ana?.texts[1] ?? '', /^<p>Dear Ana, somewhere, 1 /)
    assert.match(bob?.texts[1] ?? '', /^<p>Dear Bob, somewhere, 2 /)
    assert.equal(bob?.subject, 'Order 3')
  }
  const missing = await http.send(
    { Recipients: to, 'Mj-TemplateID': 'None', FromEmail: 'hello@shop.example' },
    { path: '/v3/send' },
  )
  assert.equal(missing.status, 400)
  assert.match(missing.text, /Template id \\"None\\" doesn't exist for your account\./)
})

httpStorageTest(
  'data of contacts is read once for a call, and not at all where nothing asks for it',
  async (http) => {
    const TemplateID = await addTemplate(http, order)
    await addContacts(http, { 'ana@a.test': { firstname: 'Ana' } })
    let asked = 0
    const { db } = http.storage
    const original = db.selectFrom.bind(db)
    Object.defineProperty(db, 'selectFrom', {
      configurable: true,
      value: (...tables: Parameters<typeof original>) => {
        if (tables[0] === 'contacts') asked++
        return original(...tables)
      },
    })
    const one = { From: { Email: 'hello@shop.example' }, To: to }
    assertSent(
      await http.send({
        Messages: Array.from({ length: 5 }, () => ({
          ...one,
          TemplateID,
          TemplateLanguage: true,
          Variables: { total: 1, number: 1 },
        })),
      }),
    )
    assert.equal(asked, 1)
    assertSent(await http.send({ Messages: [{ ...one, Subject: 'x', TextPart: 'Hello [[var:a]]' }] }))
    assert.equal(asked, 1)
    // What is not personalised asks for nothing.
    const image = '<img src="data:image/png;base64,AAAA">'
    assertSent(await http.send({ Messages: [{ ...one, TextPart: 'Hello [[var:a]]', HTMLPart: image }] }))
    assert.equal(asked, 1)
    const copies = await http.send(
      {
        ...{ FromEmail: 'hello@shop.example', 'Text-part': 'Hello [[data:firstname]]' },
        Recipients: Array.from({ length: 20 }, (_, index) => ({ Email: `a${index}@a.test` })),
      },
      { path: '/v3/send' },
    )
    assertSent(copies)
    assert.equal(asked, 2)
  },
)

httpStorageTest('segments and activity of contacts decide', async (http) => {
  const text =
    '{% if segment:Lyonnais %}neighbour{% elseif segment:"no body" %}nobody{% else %}friend{% endif %} {{HasOpenedSince(7)}}'
  const TemplateID = await addTemplate(http, { 'Text-part': text })
  await addContacts(http, { 'ana@a.test': { city: 'Lyon' }, 'bob@b.test': { city: 'Nice' } })
  const call = restCaller(http)
  await call('POST', 'contactfilter', { Name: 'Lyonnais', Expression: 'city="Lyon"' })
  await call('POST', 'contactfilter', { Name: 'no body', Expression: 'city="Paris"' })
  await http.storage.db
    .updateTable('contacts')
    .set({ last_open_at: Date.now() - 86_400_000 })
    .where('email', '=', 'bob@b.test')
    .execute()
  const send = (message: object) =>
    http.send({
      Messages: [{ From: { Email: 'hello@shop.example' }, TemplateLanguage: true, ...message }],
    })
  const people = ['ana@a.test', 'bob@b.test', 'nobody@c.test'].map((Email) => ({ Email }))
  assertSent(await send({ To: people, TemplateID }))
  assert.deepEqual(
    (await stored(http)).map(({ texts }) => texts[0]),
    ['friend false', 'friend true', 'neighbour false'],
  )
  assertSent(await send({ To: [people[0]], TextPart: '{{segment:unknown}}' }))
  const [unknown] = await stored(http)
  assert.equal(unknown?.blocked, 'template-error')
})

httpStorageTest('a segment whose name no segment can have is unknown like any other', async (http) => {
  const message = { From: { Email: 'hello@shop.example' }, To: to, TemplateLanguage: true }
  assertSent(
    await http.send({ Messages: [{ ...message, TextPart: '{% if segment:"a\0b":false %}x{% endif %}y' }] }),
  )
  const [sent] = await stored(http)
  assert.deepEqual([sent?.texts, sent?.blocked], [['y'], null])
})

httpStorageTest('the report of a fault shows the source, and nothing of who got theirs', async (http) => {
  const TemplateID = await addTemplate(http, {
    'Text-part': '{{data:city:"nowhere"}} {% if data:city:"" = "Nice" %}{{data:firstname}}{% endif %}',
    Headers: { From: 'hello@shop.example', Subject: 'Dear {{data:city:"x"}}' },
  })
  await addContacts(http, {
    'ana@a.test': { firstname: 'Ana', city: 'Lyon' },
    'bob@b.test': { city: 'Nice' },
  })
  assertSent(
    await http.send({
      Messages: [
        {
          ...{ To: [...to, { Email: 'bob@b.test' }], TemplateID, TemplateLanguage: true },
          TemplateErrorReporting: { Email: 'ops@shop.example' },
        },
      ],
    }),
  )
  const [report, bob, ana] = await stored(http)
  assert.deepEqual([ana?.texts, ana?.blocked], [['Lyon'], null])
  assert.equal(bob?.blocked, 'template-error')
  assert.match(report?.subject ?? '', /message "Dear \{\{data:city:"x"\}\}"$/)
  const { content } = await http.storage.db
    .selectFrom('bodies')
    .select('content')
    .orderBy('message_id', 'desc')
    .executeTakeFirstOrThrow()
  const { attachments } = await PostalMime.parse(content)
  const source = await PostalMime.parse(attachments[0]?.content ?? '')
  assert.match(source.text ?? '', /^\{\{data:city:"nowhere"\}\} \{% if data:city/)
  assert.equal(source.subject, 'Dear {{data:city:"x"}}')
})

httpTest('what a call takes is counted with the parts of its template, once for each copy', async (http) => {
  const part = 'x'.repeat(1_900_000)
  const TemplateID = await addTemplate(http, {
    'Html-part': `{{mj:contact.email}}${part}`,
    'Text-part': part,
    Headers: { From: 'hello@shop.example' },
  })
  const people = Array.from({ length: 20 }, (_, index) => ({ Email: `a${index}@a.test` }))
  const v3 = (Recipients: object[]) =>
    http.send({ Recipients, 'Mj-TemplateID': TemplateID }, { path: '/v3/send' })
  const copies = await v3(people)
  assert.equal(copies.status, 400, copies.text)
  assert.match(copies.text, /texts and attachments of all copies together are larger than 64MB/)

  const message = { To: people, TemplateID, TemplateLanguage: true }
  const renderings = await http.send({ Messages: [message] })
  assert.equal(renderings.status, 400)
  assert.match(renderings.text, /"mj-0011".*less than 64MB/)
  assert.deepEqual(await http.storedMessages(), [])

  assertSent(await v3(people.slice(0, 2)))
  assertSent(await http.send({ Messages: [{ ...message, To: people.slice(0, 2) }] }))
  // As long as it is the same for all of them, one content serves them.
  assertSent(await http.send({ Messages: [{ ...message, TemplateLanguage: false }] }))
  assert.equal((await http.storedMessages()).length, 5)
})

httpTest('what values make of a few bytes is counted too', async (http) => {
  const To = Array.from({ length: 20 }, (_, index) => ({ Email: `a${index}@a.test` }))
  const message = {
    From: { Email: 'hello@shop.example' },
    TextPart: `{{mj:contact.email}}${'{{var:x}}'.repeat(90)}`,
    TemplateLanguage: true,
    Variables: { x: `${'x'.repeat(99)}\n`.repeat(1_000) },
  }
  const grown = await http.send({
    Messages: [
      { ...message, To: To.slice(0, 2) },
      { ...message, To },
    ],
  })
  assert.equal(grown.status, 400)
  assert.match(
    String(errorsOf(grown, 1)[0]?.ErrorMessage),
    /larger than 128 MB together; send to fewer at once/,
  )
  assert.equal((await http.storedMessages()).length, 2)

  const v3 = await http.send(
    {
      FromEmail: 'hello@shop.example',
      Recipients: To,
      'Text-part': message.TextPart,
      'Mj-TemplateLanguage': true,
      Vars: message.Variables,
    },
    { path: '/v3/send' },
  )
  assert.equal(v3.status, 400, v3.text)
  assert.equal((await http.storedMessages()).length, 2)
})
