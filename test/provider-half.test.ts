/** The first half of "Mailjet API" in the Odoo documentation, heading by heading, with the lab as DNS provider. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import PostalMime from 'postal-mime'
import { startTestApp, type TestApp } from './app.ts'
import { postgresMissing } from './postgres.ts'
import { cleanUp } from './storage.ts'

type Record = { purpose: string; name: string; type: string; value: string }
type Domain = {
  name: string
  isActive: boolean
  ownershipToken: string
  dkimStatus: string
  spfStatus: string
  dmarcStatus: string
  records: Record[]
}
type Check = {
  domain: Domain
  validation: { method: string; errors: { dns: string; file: string }; globalError: string } | null
  checks: { purpose: string; status: string; problems: string[] }[]
}

function onBothDatabases(name: string, run: (t: TestContext, world: World) => Promise<void>) {
  for (const kind of ['sqlite', 'postgres'] as const) {
    const skip = kind === 'postgres' && postgresMissing !== undefined ? postgresMissing : false
    test(`${name} (${kind})`, { skip }, async (t) => run(t, await startWorld(t, kind)))
  }
}

type World = Awaited<ReturnType<typeof startWorld>>

async function startWorld(t: TestContext, kind: 'sqlite' | 'postgres') {
  /** The web sites of all lab domains: `host/path` and what is there. */
  const files = new Map<string, string>()
  const site = http.createServer((request, reply) => {
    const file = files.get(`${request.headers.host}${request.url}`)
    reply.writeHead(file === undefined ? 404 : 200).end(file)
  })
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  cleanUp(t, () => void site.close())
  const { port } = site.address() as AddressInfo
  const app = await startTestApp(t, kind, { env: { PARAVION_LAB_WEB_PORT: String(port) } })

  async function admin<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await app.admin(method, `/api${path}`, body)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body as T
  }

  async function publish(records: readonly Record[], ...purposes: string[]): Promise<void> {
    for (const { purpose, name, type, value } of records) {
      if (purposes.includes(purpose)) await admin('POST', '/lab/records', { name, type, value })
    }
  }

  return { app, files, admin, publish }
}

async function textOfMailTo({ app, admin }: World, email: string): Promise<string> {
  const [received] = await app.received(email)
  assert.ok(received, `no mail to ${email}`)
  assert.deepEqual([received.dkim, received.spf, received.dmarc], ['pass', 'pass', 'pass'])
  const { message } = await admin<{ message: { content: string } }>('GET', `/lab/inbox/${received.id}`)
  return (await PostalMime.parse(message.content)).text ?? ''
}

async function verdictsOf(app: TestApp, to: string) {
  const [received] = await app.received(to)
  return { dkim: received?.dkim, spf: received?.spf, dmarc: received?.dmarc }
}

const pass = { dkim: 'pass', spf: 'pass', dmarc: 'pass' }

onBothDatabases('the page "Mailjet API" is followed as far as "Set up in Odoo"', async (_t, world) => {
  const { app, admin, publish } = world
  const domain = 'yourdomain.example'
  const show = async () => (await admin<{ domain: Domain }>('GET', `/domains/${domain}`)).domain
  const check = () => admin<Check>('POST', `/domains/${domain}/check`)

  // Create API credentials.
  assert.match(app.credentials.apiKey, /^[0-9a-f]{32}$/)
  assert.match(app.credentials.secretKey, /^[0-9a-f]{32}$/)

  // Add verified sender address(es): each is activated by the mail to it, and only by a click on its page.
  const locals = ['notifications', 'bounce', 'catchall']
  for (const local of locals) {
    await admin('POST', '/senders', { email: `${local}@${domain}`, kind: 'transactional' })
    const text = await textOfMailTo(world, `${local}@${domain}`)
    const link = /http:\/\/\S+\/activate\/\S+/.exec(text)?.[0] ?? ''
    const page = await fetch(link)
    assert.equal(page.status, 200)
    assert.match(await page.text(), new RegExp(`Allow mail from ${local}@`))
    const { messageId: tooSoon } = await app.send({ from: `${local}@${domain}`, to: 'ok@inbox.test' })
    assert.deepEqual(await app.eventKinds(tooSoon), ['accepted', 'blocked'])
    const clicked = await fetch(link, { method: 'POST' })
    assert.match(await clicked.text(), /The address is confirmed/)
  }
  const { senders } = await admin<{ senders: { email: string; status: string }[] }>('GET', '/senders')
  assert.deepEqual(
    senders.filter(({ email }) => email.endsWith(domain)).map(({ status }) => status),
    ['active', 'active', 'active'],
  )
  const { messageId } = await app.send({ from: `notifications@${domain}`, to: 'first@inbox.test' })
  await app.idle()
  // Its domain shows no key yet: the instance signs, nothing aligns, and the story says so.
  assert.deepEqual(await verdictsOf(app, 'first@inbox.test'), { dkim: 'pass', spf: 'pass', dmarc: 'none' })
  assert.match(
    (await app.admin('GET', `/api/messages/${messageId}`)).text,
    /"It was signed by mail\.paravion\.example, because DNS does not show a DKIM key of yourdomain\.example/,
  )

  // Add a domain: Option 2, create a DNS record.
  await admin('POST', '/domains', { name: domain })
  assert.equal((await show()).isActive, false)
  const missing = await check()
  assert.equal(missing.validation?.method, '')
  assert.match(
    missing.validation?.errors.dns ?? '',
    /^there is no TXT record with the ownership token at mailjet\._/,
  )

  // Setup in the domain's DNS, then Check Now.
  await publish((await show()).records, 'ownership')
  assert.equal((await check()).validation?.method, 'DNS')
  assert.equal((await show()).isActive, true)

  // Authenticate this domain (SPF/DKIM), first with the commonest mistake.
  const dkim = (await show()).records.find(({ purpose }) => purpose === 'dkim')
  assert.ok(dkim)
  const doubled = await admin<{ record: { id: number } }>('POST', '/lab/records', {
    ...{ name: `${dkim.name}${domain}`, type: dkim.type, value: dkim.value },
  })
  const mistaken = await check()
  assert.match(
    mistaken.checks.find(({ purpose }) => purpose === 'dkim')?.problems[0] ?? '',
    /the provider has appended yourdomain\.example to it: enter only 'mailjet\._domainkey' as its host$/,
  )
  await admin('DELETE', `/lab/records/${doubled.record.id}`)
  await publish((await show()).records, 'dkim', 'spf', 'dmarc', 'return-path')
  const { domain: right, checks } = await check()
  assert.deepEqual([right.dkimStatus, right.spfStatus, right.dmarcStatus], ['ok', 'ok', 'ok'])
  assert.deepEqual(
    checks.filter(({ purpose }) => purpose !== 'mx').map(({ purpose, status }) => `${purpose} ${status}`),
    ['dkim ok', 'spf ok', 'dmarc ok', 'return-path ok'],
  )

  // Any address of the domain sends now, and everything aligns.
  await app.send({ from: `anybody@${domain}`, to: 'second@inbox.test' })
  assert.deepEqual(await verdictsOf(app, 'second@inbox.test'), pass)
  const [second] = await app.received('second@inbox.test')
  const shown = await admin<{ message: { envelopeFrom: string; content: string } }>(
    'GET',
    `/lab/inbox/${second?.id}`,
  )
  assert.match(shown.message.content, new RegExp(`d=${domain};`))
  assert.match(shown.message.envelopeFrom, new RegExp(`@bnc3\\.${domain}$`))

  // Rotation: the old key signs until the new one is seen.
  await admin('POST', `/domains/${domain}/rotate`)
  await app.send({ from: `anybody@${domain}`, to: 'third@inbox.test' })
  assert.deepEqual(await verdictsOf(app, 'third@inbox.test'), pass)
  await publish((await show()).records.slice(1), 'dkim')
  await check()
  await app.send({ from: `anybody@${domain}`, to: 'fourth@inbox.test' })
  assert.deepEqual(await verdictsOf(app, 'fourth@inbox.test'), pass)
  const [fourth] = await app.received('fourth@inbox.test')
  const rotated = await admin<{ message: { content: string } }>('GET', `/lab/inbox/${fourth?.id}`)
  assert.match(rotated.message.content, /s=mailjet2;/)

  // Someone else's domain is refused.
  const { messageId: foreign } = await app.send({ from: 'boss@other.example', to: 'ok@inbox.test' })
  assert.deepEqual(await app.eventKinds(foreign), ['accepted', 'blocked'])
})

onBothDatabases('a domain is proved by a file on its web site', async (_t, { app, files, admin }) => {
  await admin('POST', '/domains', { name: 'filed.example' })
  const check = () => admin<Check>('POST', '/domains/filed.example/check')
  const { domain, validation } = await check()
  assert.match(
    validation?.errors.file ?? '',
    /was not found at the root of the web site: .*: the site answers 404$/,
  )
  files.set(`www.filed.example/${domain.ownershipToken}.txt`, domain.ownershipToken)
  assert.equal((await check()).validation?.method, 'File')
  const { messageId } = await app.send({ from: 'a@filed.example', to: 'filed@inbox.test' })
  await app.idle()
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'delivered'])
})
