/** Nobody sends as somebody else: the tricks with From and Sender that a client could try, over SMTP and the Send API. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { startTestApp, type TestApp } from './app.ts'
import { openSmtp } from './smtp-dialogue.ts'

async function logIn(t: TestContext, app: TestApp) {
  const smtp = await openSmtp(app.ready.submission.starttls ?? 0)
  t.after(() => smtp.close())
  await smtp.say('EHLO client.example')
  const { apiKey, secretKey } = app.credentials
  const login = Buffer.from(`\0${apiKey}\0${secretKey}`).toString('base64')
  assert.match(await smtp.say(`AUTH PLAIN ${login}`), /^235/)
  return smtp
}

/** shop.example is proved; news@other.example, gone@other.example and late@other.example are single addresses. */
async function start(t: TestContext) {
  const app = await startTestApp(t, 'sqlite', { env: { PARAVION_SMTP_PLAIN_AUTH_ON_LOOPBACK: 'true' } })
  const add = (email: string, trust: boolean) => app.admin('POST', '/api/senders', { email, trust })
  for (const email of ['news@other.example', 'gone@other.example'])
    assert.equal((await add(email, true)).status, 201)
  assert.equal((await add('late@other.example', false)).status, 201)
  assert.equal((await app.admin('DELETE', '/api/senders/gone@other.example')).status, 200)
  return app
}

const encodedWord = (text: string) => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`

test('over SMTP only validated senders are taken, whatever the header looks like', async (t) => {
  const app = await start(t)
  const smtp = await logIn(t, app)
  async function send(header: string): Promise<string> {
    const replies = await smtp.send({
      from: 'hello@shop.example',
      to: ['ok@inbox.test'],
      data: `${header}\r\nSubject: x\r\n\r\nx`,
    })
    await smtp.say('RSET')
    return replies.at(-1) ?? ''
  }

  const good = [
    'From: hello@shop.example',
    'From: Any Body <any.body@SHOP.example>',
    'From: "news@evil.example" <news@other.example>',
    'From: (comment) hello@shop.example (boss@elsewhere.example)',
    'From: hello@shop.example\r\nSender: news@other.example',
    `From: ${encodedWord('boss@elsewhere.example')} <hello@shop.example>`,
  ]
  for (const header of good) assert.match(await send(header), /^250 /, header)

  const refused: [header: string, reply: RegExp][] = [
    [
      'From: boss@elsewhere.example',
      /^550 5\.7\.1 .*boss@elsewhere\.example.*paravion domain add elsewhere\.example/,
    ],
    ['From: late@other.example', /^550 5\.7\.1 .*late@other\.example/],
    ['From: gone@other.example', /^550 5\.7\.1 .*gone@other\.example/],
    ['From: other@other.example', /^550 5\.7\.1 .*other@other\.example/],
    // A sub-domain, a domain above, a longer one.
    ['From: a@mail.shop.example', /^550 5\.7\.1 .*a@mail\.shop\.example/],
    ['From: a@example.com', /^550 5\.7\.1 /],
    ['From: a@myshop.example', /^550 5\.7\.1 .*a@myshop\.example/],
    ['From: a@shop.example.evil.test', /^550 5\.7\.1 .*a@shop\.example\.evil\.test/],
    // Look-alikes: Cyrillic о, Greek ο, and their A-label form. (A full-width letter is the same name: IDNA maps it.)
    ['From: a@sh\u043ep.example', /^550 5\.[67]\.\d /],
    [`From: a@${new URL('http://sh\u03bfp.example').hostname}`, /^550 5\.7\.1 .*a@xn--/],
    // The display name, comments and encoded words do not count.
    ['From: "hello@shop.example" <boss@elsewhere.example>', /^550 5\.7\.1 .*boss@elsewhere\.example/],
    [`From: ${encodedWord('hello@shop.example')} <boss@elsewhere.example>`, /^550 5\.7\.1 /],
    ['From: hello@shop.example, boss@elsewhere.example', /^5\d\d /],
    ['From: hello@shop.example\r\nFrom: boss@elsewhere.example', /^5\d\d /],
    ['From: boss@elsewhere.example\r\nFrom: hello@shop.example', /^5\d\d /],
    ['From: Friends: hello@shop.example, boss@elsewhere.example;', /^5\d\d /],
    ['From: Nobody:;', /^5\d\d /],
    ['From: ', /^5\d\d /],
    ['From: <hello@shop.example> <boss@elsewhere.example>', /^5\d\d /],
    ['From: hello@shop.example <boss@elsewhere.example>', /^5\d\d /],
    ['From: @shop.example:boss@elsewhere.example', /^5\d\d /],
    [`From: ${encodedWord('hello@shop.example')}`, /^5\d\d /],
    ['From: *@shop.example, x@y.example', /^5\d\d /],
    ['From : boss@elsewhere.example', /^5\d\d /],
    ['From: *@shop.example', /^550 5\.7\.1 /],
    ['From: hello@shop.example\r\nSender: boss@elsewhere.example, x@y.example', /^5\d\d /],
  ]
  for (const [header, reply] of refused) assert.match(await send(header), reply, header)
})

test('who stands in Sender does not decide, and is shown only where the key may send as them', async (t) => {
  const app = await start(t)
  const smtp = await logIn(t, app)
  for (const [sender, to, isShown] of [
    ['news@other.example', 'own@inbox.test', true],
    ['boss@elsewhere.example', 'foreign@inbox.test', false],
  ] as const) {
    const replies = await smtp.send({
      from: 'hello@shop.example',
      to: [to],
      data: `From: hello@shop.example\r\nSender: ${sender}\r\nSubject: x\r\n\r\nx`,
    })
    assert.match(replies.at(-1) ?? '', /^250 /, sender)
    await smtp.say('RSET')
    const [arrived] = await app.received(to)
    const { body } = await app.admin('GET', `/api/lab/inbox/${arrived?.id}`)
    assert.equal(JSON.stringify(body).includes(`Sender: ${sender}`), isShown, sender)
  }
})

test('the Send API takes the same senders, and blocks or refuses the others', async (t) => {
  const app = await start(t)
  async function send(email: string, advanced: boolean) {
    const { status, body } = await app.mailjet('POST', '/v3.1/send', {
      AdvanceErrorHandling: advanced,
      Messages: [
        {
          From: { Email: email, Name: 'hello@shop.example' },
          To: [{ Email: 'ok@inbox.test' }],
          TextPart: 'x',
        },
      ],
    })
    const [message] = (
      body as {
        Messages: {
          Status: string
          To?: { MessageID: number }[]
          Errors?: { ErrorCode: string; StatusCode: number }[]
        }[]
      }
    ).Messages
    return { status, message }
  }
  for (const email of ['hello@shop.example', 'news@other.example']) {
    const { message } = await send(email, true)
    assert.equal(message?.Status, 'success', email)
  }
  const foreign = [
    'boss@elsewhere.example',
    'late@other.example',
    'gone@other.example',
    'a@mail.shop.example',
    'a@myshop.example',
    'a@sh\u043ep.example',
    '*@shop.example',
  ]
  for (const email of foreign) {
    const refused = await send(email, true)
    assert.deepEqual(
      refused.message?.Errors?.map(({ ErrorCode, StatusCode }) => [ErrorCode, StatusCode]),
      [['send-0008', 403]],
      email,
    )
    const blocked = await send(email, false)
    assert.equal(blocked.message?.Status, 'success', email)
    assert.deepEqual(await app.eventKinds(blocked.message?.To?.[0]?.MessageID ?? 0), ['accepted', 'blocked'])
  }
})

test('a metasender of the account covers both doors once it is enabled', async (t) => {
  const app = await start(t)
  const smtp = await logIn(t, app)
  const send = async () =>
    (
      await smtp.send({
        from: 'x@shop.example',
        to: ['ok@inbox.test'],
        data: 'From: any@group.example\r\n\r\nx',
      })
    ).at(-1)
  assert.match((await send()) ?? '', /^550 5\.7\.1/)
  const made = await app.admin('POST', '/api/metasenders', { email: '*@group.example' })
  const { id } = (made.body as { metasender: { id: number } }).metasender
  await smtp.say('RSET')
  assert.match((await send()) ?? '', /^550 5\.7\.1/)
  await app.admin('POST', `/api/metasenders/${id}`, { isEnabled: true })
  await smtp.say('RSET')
  assert.match((await send()) ?? '', /^250/)
  const { messageId } = await app.send({ from: 'any@group.example', to: 'group@inbox.test' })
  await app.idle()
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'delivered'])
})
