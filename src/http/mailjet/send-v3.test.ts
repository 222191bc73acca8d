import assert from 'node:assert/strict'
import { simpleParser } from 'mailparser'
import { httpTest, type TestHttp } from '../../../test/http-server.ts'

const send = (http: TestHttp, body: unknown) => http.send(body, { path: '/v3/send' })

function message(changes: Record<string, unknown> = {}) {
  return {
    FromEmail: 'hello@shop.example',
    FromName: 'Shop',
    To: 'lea@example.net',
    Subject: 'Hello',
    'Text-part': 'It works.',
    ...changes,
  }
}

async function bodies(http: TestHttp) {
  const rows = await http.storage.db.selectFrom('bodies').select('content').orderBy('message_id').execute()
  return Promise.all(rows.map((row) => simpleParser(Buffer.from(row.content))))
}

httpTest('the answer is formatted as recorded', async (http) => {
  const answer = await send(
    http,
    message({ To: '"Doe, Lea" <lea@example.net>, b@example.net', CC: 'c@example.net' }),
  )
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.headers['content-type'], 'application/json')
  const entry = (email: string) =>
    String.raw`\{ "Email" : "${email}", "MessageID" : \d{12,15}, "MessageUUID" : "[0-9a-f-]{36}" \}`
  assert.match(
    answer.text,
    new RegExp(
      String.raw`^\{ "Sent" : \[${['lea@example\\.net', 'b@example\\.net', 'c@example\\.net'].map(entry).join(', ')}\] \}\n$`,
    ),
  )
  const [mail] = await bodies(http)
  assert.equal(
    mail?.headers.get('to') && (mail.headers.get('to') as { text: string }).text,
    '"Doe, Lea" <lea@example.net>, b@example.net',
  )
})

httpTest('Recipients get a copy each, with their own variables over the common ones', async (http) => {
  const answer = await send(http, {
    FromEmail: '"Shop" <hello@shop.example>',
    recipients: [
      { email: 'a@example.net', vars: { name: 'A' } },
      { Email: 'b@example.net', Name: 'B' },
    ],
    Subject: 'Hi',
    'Text-Part': 'Hi [[var:name]] of [[var:city]]',
    Vars: { name: 'nobody', city: 'Lyon' },
  })
  assert.equal(answer.status, 200, answer.text)
  const mails = await bodies(http)
  assert.deepEqual(
    mails.map((mail) => [(mail.to as { text: string }).text, mail.text?.trim()]),
    [
      ['a@example.net', 'Hi A of Lyon'],
      ['"B" <b@example.net>', 'Hi nobody of Lyon'],
    ],
  )
})

httpTest('features have the names and numbers of this dialect', async (http) => {
  const answer = await send(
    http,
    message({
      'Mj-CustomID': 'c-1',
      'Mj-EventPayLoad': 'p',
      'Mj-campaign': 'Spring',
      'Mj-deduplicatecampaign': 1,
      'Mj-trackopen': 2,
      'Mj-trackclick': '1',
      'Mj-prio': '3',
      'Mj-TemplateLanguage': 'True',
      'Mj-TemplateErrorDeliver': 'deliver',
      'Mj-TemplateErrorReporting': 'dev@shop.example',
      Headers: { 'Reply-To': 'help@shop.example', Subject: 'Other', 'X-A': 'b' },
      Attachments: [{ 'Content-Type': 'text/plain', Filename: 'a.txt', Content: 'SGVsbG8=' }],
      Inline_attachments: [{ 'Content-type': 'image/png', Filename: 'a.png', content: 'SGVsbG8=' }],
      'Html-part': '<img src="cid:a.png">',
    }),
  )
  assert.equal(answer.status, 200, answer.text)
  const [row] = await http.storedMessages()
  assert.equal(row?.custom_id, 'c-1')
  const { campaignId, ...options } = JSON.parse(row?.options ?? '')
  assert.ok(campaignId > 0)
  assert.deepEqual(options, {
    trackOpens: 'enabled',
    trackClicks: 'disabled',
    bulk: true,
    individual: true,
  })
  const [mail] = await bodies(http)
  assert.equal(mail?.subject, 'Other')
  assert.equal(mail?.replyTo?.text, 'help@shop.example')
  assert.equal(mail?.headers.get('x-a'), 'b')
  assert.deepEqual(mail?.attachments.map((one) => one.filename).toSorted(), ['a.png', 'a.txt'])
})

const notEnabled =
  'The "Sender" property is not enabled for your API key. Give the address in "FromEmail" alone.'

const refused: [name: string, body: unknown, text: string, status?: number][] = [
  ['no JSON', '{', 'Malformed JSON, please review the syntax and properties types.'],
  ['an array', [], 'Malformed JSON, please review the syntax and properties types.'],
  [
    'the shape of v3.1',
    { Messages: [{ From: { Email: 'hello@shop.example' }, To: [{ Email: 'a@b.example' }], TextPart: 'x' }] },
    'At least FromEmail or Sender must be provided',
  ],
  ['no From', message({ FromEmail: null }), 'At least FromEmail or Sender must be provided'],
  ['Sender', message({ Sender: true }), notEnabled, 403],
  ['Sender alone', message({ FromEmail: null, Sender: true }), notEnabled, 403],
  ['an invalid From', message({ FromEmail: 'x' }), '"x" is an invalid email address.'],
  [
    'two Froms',
    message({ FromEmail: 'a@b.example, c@d.example' }),
    '"a@b.example, c@d.example" is an invalid email address.',
  ],
  ['no recipients at all', message({ To: undefined }), 'Missing "To" or "Recipients" property'],
  ['an empty To', message({ To: '' }), 'At least 1 "to" value required'],
  ['empty Recipients', message({ To: undefined, Recipients: [] }), 'At least 1 "to" value required'],
  ['To as an array', message({ To: ['a@b.example'] }), '"To" is not string type'],
  ['no good address in To', message({ To: 'a@, b@@c.example' }), '"a@" is an invalid email address.'],
  [
    '16 MB of attachments',
    message({
      Attachments: ['a', 'b'].map((Filename) => ({
        ...{ 'Content-type': 'text/plain', Filename },
        content: 'AAAA'.repeat(2 * 1024 * 1024 + 700_000),
      })),
    }),
    'Attachments must be less than 15MB in total',
  ],
  [
    'To with Recipients',
    message({ Recipients: [{ Email: 'a@b.example' }] }),
    '"Recipients" cannot be combined with "To", "Cc" or "Bcc"',
  ],
  [
    '51 in Bcc',
    message({ Bcc: Array.from({ length: 51 }, (_, i) => `a${i}@b.example`).join(',') }),
    'Too many recipients in Bcc',
  ],
  [
    '101 Recipients',
    message({
      To: undefined,
      Recipients: Array.from({ length: 101 }, (_, i) => ({ Email: `a${i}@b.example` })),
    }),
    'Too many recipients in Recipients',
  ],
  [
    'a Recipient without Email',
    message({ To: undefined, Recipients: [{}] }),
    'Every recipient needs an "Email"',
  ],
  [
    'a Recipient with a bad Email',
    message({ To: undefined, Recipients: [{ Email: 'a b@c.example' }] }),
    '"a b@c.example" is an invalid email address.',
  ],
  [
    '101 messages',
    { Messages: Array.from({ length: 101 }, () => message()) },
    'Too many messages in Messages, at most 100 are allowed',
  ],
  [
    'no content',
    message({ 'Text-part': '' }),
    'At least "Html-part", "Text-part" or "Mj-TemplateID" must be provided.',
  ],
  ['a template', message({ 'MJ-TemplateID': 12 }), `Template id "12" doesn't exist for your account.`],
  [
    'a Subject with a line break',
    message({ Subject: 'a\r\nBcc: x@y.example' }),
    'Invalid characters detected in "Subject"',
  ],
  [
    'a FromName with a line break',
    message({ FromName: 'a\nb' }),
    'Invalid characters detected in "FromName"',
  ],
  [
    'a To with a line break',
    message({ To: 'a@b.example\r\nBcc: c@d.example' }),
    'Invalid characters detected in "To"',
  ],
  ['a CustomID with NUL', message({ 'Mj-CustomID': 'a\0' }), 'Invalid characters detected in "Mj-CustomID"'],
  [
    'a long Subject',
    message({ Subject: 'a'.repeat(256) }),
    '"Subject" is too long, at most 255 characters are allowed',
  ],
  ['Headers as text', message({ Headers: 'x' }), '"Headers" is not JSON object type'],
  ['a header that is a number', message({ Headers: { 'X-A': 1 } }), 'Header "X-A" is not string type'],
  [
    'a header with a line break',
    message({ Headers: { 'X-A': 'a\r\nB: c' } }),
    'Invalid characters detected in header "X-A"',
  ],
  [
    'a header name with a line break',
    message({ Headers: { 'X-A\r\nB': 'c' } }),
    'Invalid characters detected in header "X-A\r\nB"',
  ],
  [
    'a forbidden header',
    message({ Headers: { 'message-id': '<a@b>' } }),
    'Header "message-id" cannot be customized using "Headers"',
  ],
  ['a Reply-To that is none', message({ Headers: { 'Reply-To': 'x' } }), '"x" is an invalid email address.'],
  ['Vars as an array', message({ Vars: [] }), '"Vars" is not JSON object type'],
  ['a priority of 9', message({ 'Mj-prio': 9 }), '"Mj-prio" is invalid. Allowed values are: 0, 1, 2, 3'],
  [
    'a tracking of 3',
    message({ 'Mj-trackopen': 3 }),
    '"Mj-trackopen" is invalid. Allowed values are: 0, 1, 2',
  ],
  [
    'deduplication without campaign',
    message({ 'Mj-deduplicatecampaign': 1 }),
    '"Mj-deduplicatecampaign" needs "Mj-campaign"',
  ],
  [
    'a monitoring category',
    message({ 'Mj-MonitoringCategory': 'x' }),
    `Monitoring category "x" doesn't exist for your account.`,
  ],
  [
    'an attachment without name',
    message({ Attachments: [{ 'Content-type': 'text/plain', content: 'SGVsbG8=' }] }),
    'Attachments[0] needs "Content-type", "Filename" and "content"',
  ],
  [
    'no Base64',
    message({ Attachments: [{ 'Content-type': 'text/plain', Filename: 'a', content: '*' }] }),
    '"content" of Attachments[0] is not Base64 text',
  ],
  [
    'a megabyte of parentheses in To',
    message({ To: '('.repeat(1_000_000) }),
    `"${'('.repeat(320)}" is an invalid email address.`,
  ],
]

httpTest('one fault refuses the call, in the shape of the REST services', async (http, t) => {
  for (const [name, body, text, status = 400] of refused) {
    await t.test(name, async () => {
      const answer = await send(http, body)
      assert.equal(answer.status, status, answer.text)
      assert.deepEqual(answer.body, { ErrorInfo: '', ErrorMessage: text, StatusCode: status })
    })
  }
  assert.deepEqual(await http.storedMessages(), [])
})

httpTest('recipients whose address is none are left out, and the answer lists the others', async (http) => {
  const sent = async (body: Record<string, unknown>) => {
    const answer = await send(http, message(body))
    assert.equal(answer.status, 200, answer.text)
    return (answer.body as { Sent: { Email: string }[] }).Sent.map(({ Email }) => Email)
  }
  assert.deepEqual(
    await sent({ To: '"Lea, Shop" <lea@example.net>, b@@c.example', Cc: 'a@', Bcc: 'eve@example.net, x' }),
    ['lea@example.net', 'eve@example.net'],
  )
  const Recipients = ['a@example.net', 'a b@c.example', 'c@example.net'].map((Email) => ({ Email }))
  assert.deepEqual(await sent({ To: undefined, Recipients }), ['a@example.net', 'c@example.net'])
})
