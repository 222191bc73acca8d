/** The mail as a page: harmless, and bounded in what it may ask of us. */
import assert from 'node:assert/strict'
import { httpStorageTest, httpTest, type TestHttp } from '../../../test/http-server.ts'
import { slowMjml } from '../../../test/hungry-template.ts'
import { systemClock } from '../../runtime/clock.ts'
import { sharedRunner } from '../../templates/run-in-process.ts'
import { maxVisits } from './visit-limit.ts'

/** The path of the page of a mail with that HTML. */
async function pageOf(
  { send, storage, tracking }: TestHttp,
  html: string,
  more: object = {},
): Promise<string> {
  const answer = await send({
    Messages: [
      {
        From: { Email: 'hello@shop.example' },
        To: [{ Email: 'ana@a.test' }],
        Subject: 'For <Ana> at $& 5',
        HTMLPart: html,
        ...more,
      },
    ],
  })
  assert.equal(answer.status, 200, answer.text)
  const { id } = await storage.db
    .selectFrom('deliveries')
    .select('id')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  return `/v/${tracking.tokens.online(id)}`
}

const visitor = (ip: string) => ({ headers: { 'x-forwarded-for': ip } })

httpStorageTest('a mail as a page runs nothing, at the first visit and at later ones', async (http) => {
  const path = await pageOf(http, '<p onclick="x()">Dear Ana</p><script>x()</script>')
  for (const visit of [1, 2]) {
    const shown = await http.call({ path })
    assert.equal(shown.status, 200, `${visit}`)
    assert.match(shown.text, /<title>For &#60;Ana&#62; at \$&#38; 5<\/title>.*<p>Dear Ana<\/p>/s)
    assert.doesNotMatch(shown.text, /x\(\)/)
    assert.match(String(shown.headers['content-security-policy']), /^sandbox .*default-src 'none'/)
  }
})

httpStorageTest('names below mj: are links in mail of the Send API too', async (http) => {
  const html =
    '<p>{{mj:unsub_link}} {{mj:unsub_link_fr}} {{mj:permalink}} {{mj:share_twitter}} [[HEADLINE]] {{mj:nothing:"-"}}</p>'
  const shown = await http.call({ path: await pageOf(http, html, { TemplateLanguage: true }) })
  assert.match(
    shown.text,
    /<p>http\S+\/u\/\S+\?l=en http\S+\/u\/\S+\?l=fr http\S+\/v\/\S+ https:\/\/twitter\.com\S+%2Fv%2F\S+ \[\[HEADLINE\]\] -<\/p>/,
  )
})

httpStorageTest('a sender has the number of what allows it, and who is no contact has 0', async (http) => {
  const html = '<p>{{mj:sender.ID}} {{mj:contact.ID}} {{mj:contact.id:"nobody"}}</p>'
  const shown = await http.call({ path: await pageOf(http, html, { TemplateLanguage: true }) })
  const sender = await http.storage.db
    .selectFrom('senders')
    .select('id')
    .where('email', '=', '*@shop.example')
    .executeTakeFirstOrThrow()
  assert.match(shown.text, new RegExp(`<p>${sender.id} 0 nobody</p>`))
})

httpTest('a mail that is too large for a page says so', async (http) => {
  const shown = await http.call({ path: await pageOf(http, `<p>${'x'.repeat(2_000_000)}</p>`) })
  assert.equal(shown.status, 413)
  assert.match(shown.text, /<h1>This mail is too large for a page<\/h1>/)
})

httpTest(
  'a network that looks at too many has to wait, and others do not',
  async (http) => {
    const path = await pageOf(http, '<p>Hi</p>')
    for (let count = 0; count < maxVisits; count++) {
      assert.equal((await http.call({ path, ...visitor('192.0.2.1') })).status, 200)
    }
    const refused = await http.call({ path, ...visitor('192.0.2.1') })
    assert.equal(refused.status, 429)
    assert.equal(refused.headers['retry-after'], '60')
    assert.match(refused.text, /<h1>Too many visits<\/h1>/)
    assert.equal((await http.call({ path, ...visitor('192.0.2.2') })).status, 200)
  },
  { clock: { ...systemClock, now: () => 1_800_000_000_000 } },
)

httpTest('while too much is being worked on, a visitor is told to come again', async (http) => {
  const path = await pageOf(http, '<p>Hi</p>')
  const slow = sharedRunner.run({ kind: 'mjml', source: slowMjml }, { owner: 'slow' })
  const others = Array.from({ length: 40 }, (_, at) =>
    sharedRunner.run({ kind: 'text', html: '<p>Hi</p>' }, { owner: `other ${at % 4}` }),
  )
  const refused = await http.call({ path })
  assert.equal(refused.status, 503)
  assert.equal(refused.headers['retry-after'], '5')
  assert.match(refused.text, /Load the page again in a moment/)
  assert.equal((await slow).kind, 'stopped')
  assert.deepEqual(new Set((await Promise.all(others)).map(({ kind }) => kind)), new Set(['text']))
  assert.equal((await http.call({ path })).status, 200)
})
