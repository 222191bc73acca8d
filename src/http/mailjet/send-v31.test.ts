import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simpleParser } from 'mailparser'
import {
  errorsOf,
  httpStorageTest,
  httpTest,
  type V31Error,
  withoutIdentifier,
} from '../../../test/http-server.ts'
import { decodeBase64 } from './attachments.ts'

const from = { Email: 'hello@shop.example', Name: 'Shop' }
const lea = { Email: 'lea@example.net', Name: 'Léa' }

function message(changes: Record<string, unknown> = {}) {
  return { From: from, To: [lea], Subject: 'Hello', TextPart: 'It works.', ...changes }
}

type Entry = { Email: string; MessageUUID: string; MessageID: number; MessageHref: string }
type Success = { Messages: { Status: string; CustomID: string; To: Entry[]; Cc: Entry[]; Bcc: Entry[] }[] }

httpStorageTest('a message is stored and answered in the recorded shape', async (http) => {
  const answer = await http.send({
    Messages: [
      message({
        Cc: [{ Email: 'cc@example.net' }],
        Bcc: [lea],
        CustomID: 'inv-204',
        Priority: 3,
        HTMLPart: '<p>Hi',
      }),
    ],
  })
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.headers['content-type'], 'application/json; charset=UTF-8')
  assert.match(String(answer.headers['x-mj-request-guid']), /^[0-9a-f-]{36}$/)
  const [sent] = (answer.body as Success).Messages
  assert.deepEqual(sent && Object.keys(sent), ['Status', 'CustomID', 'To', 'Cc', 'Bcc'])
  assert.equal(sent?.CustomID, 'inv-204')
  const [to] = sent?.To ?? []
  assert.deepEqual(to && Object.keys(to), ['Email', 'MessageUUID', 'MessageID', 'MessageHref'])
  assert.equal(to?.MessageHref, `http://localhost:80/v3/REST/message/${to?.MessageID}`)
  const ids = [sent?.To, sent?.Cc, sent?.Bcc].flatMap((entries) =>
    (entries ?? []).map((entry) => entry.MessageID),
  )
  const rows = await http.storage.db
    .selectFrom('deliveries')
    .select(['id', 'recipient', 'recipient_kind'])
    .orderBy('id')
    .execute()
  assert.deepEqual(
    rows.map((row) => [row.id, row.recipient, row.recipient_kind]),
    [
      [ids[0], 'lea@example.net', 'to'],
      [ids[1], 'cc@example.net', 'cc'],
      [ids[2], 'lea@example.net', 'bcc'],
    ],
  )
  const body = await http.storage.db.selectFrom('bodies').select('content').executeTakeFirstOrThrow()
  const parsed = await simpleParser(Buffer.from(body.content))
  assert.equal(parsed.subject, 'Hello')
  assert.equal(parsed.text?.trim(), 'It works.')
  assert.equal(parsed.from?.text, '"Shop" <hello@shop.example>')
  assert.equal(parsed.headers.has('bcc'), false)
})

httpTest('names in any case, nulls, unknown properties and empty collections are accepted', async (http) => {
  const answer = await http.send({
    MESSAGES: [
      {
        from: { EMAIL: 'hello@shop.example', name: '' },
        TO: [{ email: 'a@example.net', Name: null }],
        subject: 'Cases',
        TextPart: null,
        HtmlPart: '<p>Hi</p>',
        Attachments: [],
        InlinedAttachments: [],
        Headers: {},
        Cc: [],
        Bcc: [],
        Variables: {},
        TrackOpen: 1,
        TemplateErrorDeliver: false,
      },
    ],
    SandBoxMode: false,
  })
  assert.equal(answer.status, 200, answer.text)
  assert.equal((await http.storedMessages())[0]?.subject, 'Cases')
})

httpTest('a repeated property counts as it stands last', async (http) => {
  const answer = await http.send(
    `{"Messages":[{"From":{"Email":"hello@shop.example"},"To":[{"Email":"a@example.net"}],"Subject":"first","subject":"second","Subject":"third","TextPart":"x"}]}`,
  )
  assert.equal(answer.status, 200)
  // JSON objects keep the place of the first `Subject`, so the last of all names is `subject`.
  assert.equal((await http.storedMessages())[0]?.subject, 'second')
})

const wholeCall: [name: string, body: string, error: Omit<V31Error, 'ErrorIdentifier'>][] = [
  ['no JSON', '{"Messages":[', malformed()],
  ['an empty body', '', malformed()],
  ['bytes that are no UTF-8 text', '"\\ud800', malformed()],
  ['an array', '[]', malformed()],
  ['null', 'null', malformed()],
  ['nesting that is too deep', `{"Messages":${'['.repeat(200)}${']'.repeat(200)}}`, malformed()],
  ['a megabyte of brackets', '['.repeat(1_000_000), malformed()],
  ['a megabyte of parentheses', '('.repeat(1_000_000), malformed()],
  [
    'no Messages',
    '{}',
    {
      ErrorCode: 'mj-0003',
      StatusCode: 400,
      ErrorMessage: 'Missing mandatory property.',
      ErrorRelatedTo: ['Messages'],
    },
  ],
  ['Messages as an object', '{"Messages":{}}', typeError('Messages', 'Messages')],
  [
    'an empty Messages',
    '{"Messages":[]}',
    {
      ErrorCode: 'mj-0007',
      StatusCode: 400,
      ErrorMessage: '"Messages" must contain at least one element.',
      ErrorRelatedTo: ['Messages'],
    },
  ],
  ['a message that is text', '{"Messages":["x"]}', typeError('Messages', 'Messages')],
  ['From as text', body({ From: 'a@b.example' }), typeError('emailIn', 'Messages.From')],
  ['To as an object', body({ To: lea }), typeError('array of emails', 'Messages.To')],
  ['To with text', body({ To: ['a@b.example'] }), typeError('emailIn', 'Messages.To')],
  ['an Email that is a number', body({ To: [{ Email: 5 }] }), typeError('string', 'Messages.To.Email')],
  ['ReplyTo as an array', body({ ReplyTo: [lea] }), typeError('emailIn', 'Messages.ReplyTo')],
  ['a TemplateID that is text', body({ TemplateID: '12' }), typeError('integer', 'Messages.TemplateID')],
  ['a Subject that is a number', body({ Subject: 5 }), typeError('string', 'Messages.Subject')],
  ['a Priority with a fraction', body({ Priority: 1.5 }), typeError('integer', 'Messages.Priority')],
  [
    'an EventPayload that is an object',
    body({ EventPayload: {} }),
    typeError('string', 'Messages.EventPayload'),
  ],
  [
    'a TemplateErrorReporting that is text',
    body({ TemplateErrorReporting: 'a@b.example' }),
    typeError('emailIn', 'Messages.TemplateErrorReporting'),
  ],
  ['a header that is a number', body({ Headers: { 'X-A': 5 } }), typeError('string', 'Messages.Headers')],
  ['Variables as an array', body({ Variables: [] }), typeError('object', 'Messages.Variables')],
  [
    'TemplateLanguage as text',
    body({ TemplateLanguage: 'true' }),
    typeError('boolean', 'Messages.TemplateLanguage'),
  ],
  ['Globals as text', '{"Globals":"x","Messages":[{}]}', typeError('object', 'Globals')],
  [
    'a wrong type in Globals',
    '{"Globals":{"Cc":5},"Messages":[{}]}',
    typeError('array of emails', 'Globals.Cc'),
  ],
  ['SandboxMode as text', '{"SandboxMode":"true","Messages":[{}]}', typeError('boolean', 'SandboxMode')],
  [
    '51 messages',
    JSON.stringify({ Messages: Array.from({ length: 51 }, () => message()) }),
    tooManyRecipients(),
  ],
  [
    '51 recipients',
    body({ To: Array.from({ length: 51 }, (_, i) => ({ Email: `a${i}@example.net` })) }),
    tooManyRecipients(),
  ],
  [
    '51 messages without recipients',
    JSON.stringify({ Messages: Array.from({ length: 51 }, () => ({})) }),
    {
      ErrorCode: 'mj-0008',
      StatusCode: 400,
      ErrorMessage: 'Number of elements exceeded. Max allowed - 50.',
      ErrorRelatedTo: ['Messages'],
    },
  ],
]

function malformed() {
  return {
    ErrorCode: 'mj-0002',
    StatusCode: 400,
    ErrorMessage: 'Malformed JSON, please review the syntax and properties types.',
  }
}
function typeError(type: string, path: string) {
  return {
    ErrorCode: 'mj-0004',
    StatusCode: 400,
    ErrorMessage: `Type mismatch. Expected type "${type}".`,
    ErrorRelatedTo: [path],
  }
}
function tooManyRecipients() {
  return {
    ErrorCode: 'send-0015',
    StatusCode: 400,
    ErrorMessage: 'Total number of recipients exceeded. Max allowed - 50.',
    ErrorRelatedTo: ['To', 'Cc', 'Bcc'],
  }
}
function body(changes: Record<string, unknown>): string {
  return JSON.stringify({ Messages: [message(changes)] })
}

httpTest('what spoils the whole call is told once, and nothing is stored', async (http, t) => {
  for (const [name, text, error] of wholeCall) {
    await t.test(name, async () => {
      const answer = await http.send(text)
      assert.equal(answer.status, 400, answer.text)
      assert.deepEqual(withoutIdentifier(answer.body as V31Error), error)
      assert.match(String(answer.headers['x-mj-request-guid']), /^[0-9a-f-]{36}$/)
    })
  }
  assert.deepEqual(await http.storedMessages(), [])
})

const invalid = (value: string, allowed: string, path: string) =>
  ['mj-0005', `Value "${value}" is invalid. Allowed values are: ${allowed}.`, [path]] as const
const headerText = 'text without line breaks (CR, LF) and NUL characters'
const email = (value: string, path: string) =>
  ['mj-0013', `"${value}" is an invalid email address.`, [path]] as const
const forbidden =
  'Header cannot be customized using the "Headers" collection. Please use the dedicated property to set this header.'
const file = { ContentType: 'text/plain', Filename: 'a.txt', Base64Content: 'SGVsbG8=' }

type Fault = readonly [code: string, text: string, relatedTo: readonly string[]]
const perMessage: [name: string, changes: Record<string, unknown>, ...faults: Fault[]][] = [
  ['no From', { From: null }, ['mj-0003', 'Missing mandatory property.', ['From']]],
  ['no To', { To: undefined }, ['mj-0003', 'Missing mandatory property.', ['To']]],
  ['an empty To', { To: [] }, ['mj-0007', '"To" must contain at least one element.', ['To']]],
  [
    'an address without Email',
    { To: [{ Name: 'x' }] },
    ['mj-0003', 'Missing mandatory property.', ['To[0].Email']],
  ],
  [
    'an empty Email',
    { Cc: [lea, { Email: '' }] },
    ['mj-0012', 'Empty string is not allowed.', ['Cc[1].Email']],
  ],
  ['two @', { To: [{ Email: 'lea@@shop' }] }, email('lea@@shop', 'To[0].Email')],
  [
    'an address with a line break',
    { To: [{ Email: 'a@b.example\r\nBcc: x@y.example' }] },
    email('a@b.example\r\nBcc: x@y.example', 'To[0].Email'),
  ],
  ['an address with a comment', { From: { Email: 'a(b)@c.example' } }, email('a(b)@c.example', 'From.Email')],
  ['an address literal', { Bcc: [{ Email: 'a@[127.0.0.1]' }] }, email('a@[127.0.0.1]', 'Bcc[0].Email')],
  [
    'two addresses in one',
    { To: [{ Email: 'a@b.example,c@d.example' }] },
    email('a@b.example,c@d.example', 'To[0].Email'),
  ],
  ['a ReplyTo without domain', { ReplyTo: { Email: 'x' } }, email('x', 'ReplyTo.Email')],
  [
    'no content',
    { TextPart: '', HTMLPart: null },
    [
      'send-0003',
      'At least "HTMLPart", "TextPart" or "TemplateID" must be provided.',
      ['TextPart', 'HTMLPart', 'TemplateID'],
    ],
  ],
  [
    'a Subject of 256',
    { Subject: 'é'.repeat(256) },
    ['mj-0006', 'Characters limit exceeded for the property. Max allowed - 255.', ['Subject']],
  ],
  [
    'URLTags of 257',
    { URLTags: 'a'.repeat(257) },
    ['mj-0006', 'Characters limit exceeded for the property. Max allowed - 256.', ['URLTags']],
  ],
  [
    'CRLF in Subject',
    { Subject: 'a\r\nBcc: x@y.example' },
    invalid('a\r\nBcc: x@y.example', headerText, 'Subject'),
  ],
  ['LF in Subject', { Subject: 'a\nb' }, invalid('a\nb', headerText, 'Subject')],
  ['CR in Subject', { Subject: 'a\rb' }, invalid('a\rb', headerText, 'Subject')],
  ['NUL in Subject', { Subject: 'a\0b' }, invalid('a\0b', headerText, 'Subject')],
  [
    'CRLF in a From name',
    { From: { ...from, Name: 'a\r\nX: y' } },
    invalid('a\r\nX: y', headerText, 'From.Name'),
  ],
  ['LF in a To name', { To: [{ ...lea, Name: 'a\nX: y' }] }, invalid('a\nX: y', headerText, 'To[0].Name')],
  [
    'LF in a ReplyTo name',
    { ReplyTo: { ...lea, Name: 'a\nX: y' } },
    invalid('a\nX: y', headerText, 'ReplyTo.Name'),
  ],
  ['LF in CustomID', { CustomID: 'a\nb' }, invalid('a\nb', headerText, 'CustomID')],
  [
    'NUL in EventPayload',
    { EventPayload: '\0' },
    invalid('\0', 'text without NUL characters', 'EventPayload'),
  ],
  ['LF in CustomCampaign', { CustomCampaign: 'a\nb' }, invalid('a\nb', headerText, 'CustomCampaign')],
  [
    'CRLF in a header value',
    { Headers: { 'X-A': 'a\r\nBcc: x@y.example' } },
    invalid('a\r\nBcc: x@y.example', headerText, 'Headers["X-A"]'),
  ],
  [
    'CRLF in a header name',
    { Headers: { 'X-A: b\r\nBcc': 'x' } },
    invalid(
      'X-A: b\r\nBcc',
      'header names of printable ASCII characters without spaces and colons (RFC 5322)',
      'Headers["X-A: b\r\nBcc"]',
    ),
  ],
  [
    'an empty header name',
    { Headers: { '': 'x' } },
    invalid(
      '',
      'header names of printable ASCII characters without spaces and colons (RFC 5322)',
      'Headers[""]',
    ),
  ],
  [
    'a forbidden header',
    { Headers: { 'Message-ID': '<a@b>' } },
    ['send-0011', forbidden, ['Headers["Message-ID"]']],
  ],
  [
    'a header of the relay',
    { Headers: { 'X-MJ-MonitoringCategory': 'x', 'x-mj-smtpguid': 'y' } },
    ['send-0011', forbidden, ['Headers["X-MJ-MonitoringCategory"]']],
    ['send-0011', forbidden, ['Headers["x-mj-smtpguid"]']],
  ],
  [
    'two forbidden headers',
    { Headers: { 'reply-to': 'a@b.example', 'X-Mailer': 'x' } },
    ['send-0011', forbidden, ['Headers["reply-to"]']],
    ['send-0011', forbidden, ['Headers["X-Mailer"]']],
  ],
  ['a Priority of 7', { Priority: 7 }, invalid('7', '0, 1, 2, 3', 'Priority')],
  [
    'an unknown TrackOpens',
    { TrackOpens: 'yes' },
    invalid('yes', 'account_default, disabled, enabled', 'TrackOpens'),
  ],
  [
    'an unknown TrackClicks',
    { TrackClicks: '' },
    invalid('', 'account_default, disabled, enabled', 'TrackClicks'),
  ],
  [
    'deduplication without campaign',
    { DeduplicateCampaign: true },
    [
      'send-0012',
      '"DeduplicateCampaign" can only be used together with "CustomCampaign".',
      ['CustomCampaign', 'DeduplicateCampaign'],
    ],
  ],
  [
    'a MonitoringCategory',
    { MonitoringCategory: 'x' },
    ['send-0013', `Monitoring category "x" doesn't exist for your account.`, ['MonitoringCategory']],
  ],
  [
    'error reporting without language',
    { TemplateErrorReporting: lea },
    [
      'send-0016',
      '"TemplateErrorReporting" can only be used when "TemplateLanguage" is true, and "TemplateErrorDeliver" when it is given.',
      ['TemplateLanguage'],
    ],
  ],
  [
    'error delivery without language',
    { TemplateErrorDeliver: true },
    [
      'send-0016',
      '"TemplateErrorReporting" can only be used when "TemplateLanguage" is true, and "TemplateErrorDeliver" when it is given.',
      ['TemplateLanguage'],
    ],
  ],
  [
    'an attachment without name',
    { Attachments: [{ ...file, Filename: '' }] },
    ['mj-0012', 'Empty string is not allowed.', ['Attachments[0].Filename']],
  ],
  [
    'an attachment without content',
    { Attachments: [file, { ...file, Base64Content: undefined }] },
    ['mj-0003', 'Missing mandatory property.', ['Attachments[1].Base64Content']],
  ],
  [
    'no Base64',
    { Attachments: [{ ...file, Base64Content: 'SGVsb*8=' }] },
    invalid('SGVsb*8=', 'Base64 text (RFC 4648); line breaks are allowed', 'Attachments[0].Base64Content'),
  ],
  [
    'a ContentType with a line break',
    { Attachments: [{ ...file, ContentType: 'text/plain\r\nX: y' }] },
    invalid('text/plain\r\nX: y', 'MIME types such as application/pdf', 'Attachments[0].ContentType'),
  ],
  [
    'a Filename with a line break',
    { InlinedAttachments: [{ ...file, Filename: 'a\r\nX: y' }] },
    invalid('a\r\nX: y', headerText, 'InlinedAttachments[0].Filename'),
  ],
  [
    'a ContentID with a line break',
    { InlinedAttachments: [{ ...file, ContentID: 'a\nb' }] },
    invalid('a\nb', headerText, 'InlinedAttachments[0].ContentID'),
  ],
  [
    'a ContentID in brackets',
    { InlinedAttachments: [{ ...file, ContentID: '<a>' }] },
    invalid('<a>', 'text without angle brackets', 'InlinedAttachments[0].ContentID'),
  ],
  [
    '101 headers',
    { Headers: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`X-${i}`, 'x'])) },
    ['mj-0008', 'Number of elements exceeded. Max allowed - 100.', ['Headers']],
  ],
  [
    '101 attachments',
    { Attachments: Array.from({ length: 101 }, () => file) },
    ['mj-0008', 'Number of elements exceeded. Max allowed - 100.', ['Attachments']],
  ],
]

httpTest('every fault of a message has its code, text and place', async (http, t) => {
  for (const [name, changes, ...faults] of perMessage) {
    await t.test(name, async () => {
      for (const AdvanceErrorHandling of [false, true]) {
        const answer = await http.send({ Messages: [message(changes)], AdvanceErrorHandling })
        assert.equal(answer.status, 400, answer.text)
        assert.deepEqual(
          errorsOf(answer),
          faults.map(([ErrorCode, ErrorMessage, ErrorRelatedTo]) => ({
            ErrorCode,
            StatusCode: 400,
            ErrorMessage,
            ErrorRelatedTo,
          })),
        )
      }
    })
  }
  assert.deepEqual(await http.storedMessages(), [])
})

httpTest(
  'Sender is not enabled for any key: told with AdvanceErrorHandling, blocked without',
  async (http) => {
    const call = { Messages: [message({ Sender: from })] }
    const told = await http.send({ ...call, AdvanceErrorHandling: true })
    assert.equal(told.status, 403)
    assert.deepEqual(errorsOf(told), [
      {
        ErrorCode: 'send-0006',
        StatusCode: 403,
        ErrorMessage: 'The "Sender" property is not enabled for your API key.',
        ErrorRelatedTo: ['Sender'],
      },
    ])
    const quiet = await http.send(call)
    assert.equal(quiet.status, 200, quiet.text)
    const row = await http.storage.db.selectFrom('deliveries').select(['state', 'class']).executeTakeFirst()
    assert.deepEqual(row && { ...row }, { state: 'blocked', class: 'sender-not-allowed' })
  },
)

httpTest('TemplateErrorDeliver asks for TemplateLanguage to be there, not to be true', async (http) => {
  const answer = await http.send({
    Messages: [message({ TemplateErrorDeliver: true, TemplateLanguage: false })],
  })
  assert.equal(answer.status, 200, answer.text)
})

httpTest(
  'a From that is nobody of ours: told with AdvanceErrorHandling, stored as blocked without',
  async (http) => {
    const stranger = { Messages: [message({ From: { Email: 'x@other.example' } })] }
    const told = await http.send({ ...stranger, AdvanceErrorHandling: true })
    assert.equal(told.status, 403)
    assert.deepEqual(errorsOf(told), [
      {
        ErrorCode: 'send-0008',
        StatusCode: 403,
        ErrorMessage: '"x@other.example" is not an authorized sender email address for your account.',
        ErrorRelatedTo: ['From'],
      },
    ])
    const quiet = await http.send(stranger)
    assert.equal(quiet.status, 200)
    const row = await http.storage.db.selectFrom('deliveries').select(['state', 'class']).executeTakeFirst()
    assert.deepEqual(row && { ...row }, { state: 'blocked', class: 'sender-not-allowed' })
  },
)

httpTest('of a mixed call the good messages are sent, and the status is 400', async (http) => {
  const answer = await http.send({
    Messages: [message({ Subject: 'one' }), message({ To: [{ Email: 'x' }] }), message({ Subject: 'three' })],
  })
  assert.equal(answer.status, 400)
  const { Messages } = answer.body as Success
  assert.deepEqual(
    Messages.map((one) => one.Status),
    ['success', 'error', 'success'],
  )
  assert.deepEqual(errorsOf(answer, 1)[0]?.ErrorRelatedTo, ['To[0].Email'])
  assert.deepEqual(
    (await http.storedMessages()).map((one) => one.subject),
    ['one', 'three'],
  )
})

httpTest('errors of both statuses together are a 400', async (http) => {
  const answer = await http.send({
    AdvanceErrorHandling: true,
    Messages: [message({ Sender: from }), message({ To: [] })],
  })
  assert.equal(answer.status, 400)
})

httpTest('the sandbox checks and stores nothing', async (http) => {
  const answer = await http.send({ SandboxMode: true, Messages: [message({ CustomID: 'c' })] })
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.body, {
    Messages: [
      {
        Status: 'success',
        CustomID: 'c',
        To: [
          {
            Email: 'lea@example.net',
            MessageUUID: '',
            MessageID: 0,
            MessageHref: 'http://localhost:80/v3/REST/message/0',
          },
        ],
        Cc: [],
        Bcc: [],
      },
    ],
  })
  const refused = await http.send({ SandboxMode: true, Messages: [message({ To: [{ Email: 'x' }] })] })
  assert.equal(refused.status, 400)
  assert.deepEqual(await http.storedMessages(), [])
})

httpTest('Globals are defaults; Headers and Variables are merged entry by entry', async (http) => {
  const answer = await http.send({
    Globals: {
      From: from,
      Subject: 'Global',
      TextPart: 'Hi {{var:name}}, {{var:city}}',
      TemplateLanguage: true,
      Headers: { 'X-One': 'global', 'X-Two': 'global' },
      Variables: { name: 'nobody', city: 'Lyon' },
      Attachments: [file],
      CustomID: 'g',
    },
    Messages: [
      { To: [lea] },
      { To: [lea], Subject: 'Own', Headers: { 'x-two': 'own' }, Variables: { name: 'Léa' }, Attachments: [] },
    ],
  })
  assert.equal(answer.status, 200, answer.text)
  const rows = await http.storage.db.selectFrom('bodies').select('content').orderBy('message_id').execute()
  const [first, second] = await Promise.all(rows.map((row) => simpleParser(Buffer.from(row.content))))
  assert.deepEqual(
    [
      first?.subject,
      first?.headers.get('x-one'),
      first?.headers.get('x-two'),
      first?.text?.trim(),
      first?.attachments.length,
    ],
    ['Global', 'global', 'global', 'Hi nobody, Lyon', 1],
  )
  assert.deepEqual(
    [
      second?.subject,
      second?.headers.get('x-one'),
      second?.headers.get('x-two'),
      second?.text?.trim(),
      second?.attachments.length,
    ],
    ['Own', 'global', 'own', 'Hi Léa, Lyon', 0],
  )
})

httpTest('options reach the message', async (http) => {
  const answer = await http.send({
    Messages: [
      message({
        CustomID: 'c-1',
        EventPayload: '{"a":\n1}',
        TrackOpens: 'enabled',
        TrackClicks: 'disabled',
        CustomCampaign: 'Spring',
        URLTags: 'utm_source=x',
        HTMLPart: '<a href="https://shop.example/">x</a>',
        InlinedAttachments: [{ ...file, ContentType: 'image/png', Base64Content: 'SGVs\r\nbG8=\n' }],
        Headers: { 'List-Unsubscribe': '<https://shop.example/u>', 'Content-Type': 'text/evil' },
      }),
    ],
  })
  assert.equal(answer.status, 200, answer.text)
  const [row] = await http.storedMessages()
  assert.equal(row?.custom_id, 'c-1')
  assert.equal(row?.lane, 'bulk')
  const { campaignId, ...options } = JSON.parse(row?.options ?? '')
  assert.ok(campaignId > 0)
  assert.deepEqual(options, {
    trackOpens: 'enabled',
    trackClicks: 'disabled',
    bulk: true,
    individual: true,
  })
  const stored = await http.storage.db.selectFrom('bodies').select('content').executeTakeFirstOrThrow()
  const parsed = await simpleParser(Buffer.from(stored.content))
  assert.match(String(parsed.html), /href="https:\/\/shop\.example\/\?utm_source=x"/)
  assert.equal(parsed.attachments[0]?.content.toString(), 'Hello')
  assert.equal(parsed.attachments[0]?.cid, 'a.txt')
})

httpTest('attachments of more than 15 MB and bodies above the limit are too large', async (http) => {
  const megabytes = Buffer.alloc(15 * 1024 * 1024 + 1).toString('base64')
  const large = await http.send({
    Messages: [message({ Attachments: [{ ...file, Base64Content: megabytes }] })],
  })
  assert.equal(large.status, 400)
  assert.deepEqual(errorsOf(large), [
    {
      ErrorCode: 'mj-0011',
      StatusCode: 400,
      ErrorMessage: 'Input payload must be less than 15MB.',
      ErrorRelatedTo: ['Attachments', 'InlinedAttachments'],
    },
  ])
  const huge = await http.send(`{"x":"${'x'.repeat(23 * 1024 * 1024)}"}`)
  assert.equal(huge.status, 400)
  assert.deepEqual(withoutIdentifier(huge.body as V31Error), {
    ErrorCode: 'mj-0011',
    StatusCode: 400,
    ErrorMessage: 'Input payload must be less than 22MB.',
  })
  const many = await http.send({
    Globals: { Attachments: [{ ...file, Base64Content: Buffer.alloc(2 * 1024 * 1024).toString('base64') }] },
    Messages: Array.from({ length: 40 }, () => message()),
  })
  assert.equal(many.status, 400)
  assert.equal((many.body as V31Error).ErrorCode, 'mj-0011')
  assert.deepEqual(await http.storedMessages(), [])
})

httpTest('prototype names are names like any other', async (http) => {
  const answer = await http.send(
    `{"__proto__":{"SandboxMode":true},"Messages":[{"__proto__":{"To":5},"From":{"Email":"hello@shop.example"},"To":[{"Email":"a@example.net"}],"TextPart":"{{var:__proto__:\\"none\\"}}","TemplateLanguage":true,"Variables":{"constructor":{"prototype":1}},"Headers":{"constructor":"x"}}]}`,
  )
  assert.equal(answer.status, 200, answer.text)
  assert.equal((await http.storedMessages()).length, 1)
  assert.equal(({} as Record<string, unknown>).SandboxMode, undefined)
})

test('Base64 is read with line breaks and without padding, and nothing else', () => {
  const cases: [string, string | undefined][] = [
    ['SGVsbG8=', 'Hello'],
    ['SGVsbG8', 'Hello'],
    ['SGVs\r\nbG8=\r\n', 'Hello'],
    ['', ''],
    ['SGVsbG8==', undefined],
    ['SGVs=bG8', undefined],
    ['S', undefined],
    ['SGVs_G8=', undefined],
    ['=', undefined],
    ['data:text/plain;base64,SGVsbG8=', undefined],
  ]
  for (const [text, expected] of cases) assert.equal(decodeBase64(text)?.toString(), expected, text)
})
