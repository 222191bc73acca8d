/**
 * The page that this project makes real (reference: mission-mailjet-api.md), click by click, a step for each of its
 * headings. The provider half and the gateway half are two instances, as Mailjet and Odoo are; the lab is the outside
 * world. With PARAVION_TEST_SCREENSHOTS=<folder> it leaves the pictures of README and docs/journey.md there.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startTestApp, type TestApp } from '../app.ts'
import { browserMissing, makeOwner, openBrowser, type Person, signIn } from '../browser.ts'

const domain = 'garden.example'
const pictures = process.env.PARAVION_TEST_SCREENSHOTS

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(pictures, `${name}.png`) })
}

async function open(t: TestContext): Promise<{ app: TestApp; person: Person; page: Page }> {
  const app = await startTestApp(t)
  await makeOwner(app)
  const person = await openBrowser(t, app, { width: 1280, height: 860 })
  await signIn(person)
  return { app, person, page: person.page }
}

test('the page, click by click', { skip: browserMissing, timeout: 240_000 }, async (t) => {
  const provider = await open(t)
  const gateway = await open(t)
  let apiKey = ''
  let secretKey = ''

  await t.test('Set up in Mailjet: create API credentials', async () => {
    const { page, person } = provider
    await person.goTo('/account')
    await page.getByRole('heading', { name: 'Account Information' }).waitFor()
    await page.getByRole('heading', { name: 'Senders & Domains' }).waitFor()
    await page.getByRole('main').getByRole('link', { name: 'SMTP and SEND API Settings' }).click()
    const configuration = page.getByRole('region', { name: 'Configuration (SMTP only)' })
    await configuration.getByText(String(provider.app.ready.submission.tls), { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Retrieve your API credentials' }).click()
    await page.getByRole('button', { name: 'Show API key' }).click()
    apiKey = await page.getByTestId('api-key').innerText()
    await page.getByRole('button', { name: 'Generate Secret Key' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Generate Secret Key' }).click()
    secretKey = await page.getByRole('status').locator('code').innerText()
    assert.match(`${apiKey} ${secretKey}`, /^[0-9a-f]{32} [0-9a-f]{32}$/)
    await picture(page, 'credentials')
  })

  await t.test('Add verified sender address(es)', async () => {
    const { page, person, app } = provider
    await person.goTo('/account')
    await page.getByRole('link', { name: 'Add a Sender Domain or Address' }).click()
    await page.getByRole('link', { name: 'Add a sender address' }).click()
    await page.getByRole('heading', { name: 'Email Information' }).waitFor()
    await page.getByLabel('Sender name').fill('Notifications')
    await page.getByLabel('Email address').fill(`notifications@${domain}`)
    await page.getByRole('radio', { name: 'Transactional email' }).check()
    await page.getByRole('button', { name: 'Add this address' }).click()
    await page.getByText(`An activation email was sent to notifications@${domain}`).waitFor()

    await app.received(`notifications@${domain}`)
    await page.getByRole('link', { name: 'open the lab inbox' }).click()
    await page
      .getByRole('main')
      .getByRole('link')
      .filter({ hasText: /confirm|activat/i })
      .first()
      .click()
    const frame = page.frameLocator('iframe')
    const link = (await frame.locator('body').innerText()).match(/http\S+\/activate\/[\w.-]+/)?.[0] ?? ''
    await page.goto(link)
    await page.getByRole('button', { name: `Allow mail from notifications@${domain}` }).click()
    await page.getByText('The address is confirmed').waitFor()
  })

  await t.test('Add a domain', async () => {
    const { page, person } = provider
    await person.goTo('/account')
    await page.getByRole('link', { name: 'Add a Sender Domain or Address' }).click()
    await page.getByRole('link', { name: 'Add domain' }).click()
    await page.getByRole('heading', { name: 'Add a new Domain' }).waitFor()
    await page.getByLabel('Domain name').fill(domain)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('region', { name: /^Option 1/ }).waitFor()
    await page.getByRole('region', { name: 'Option 2: Create a DNS Record' }).waitFor()
    await picture(page, 'host-value')
  })

  await t.test('Setup in the domain’s DNS', async () => {
    const { page, person } = provider
    const option = page.getByRole('region', { name: 'Option 2: Create a DNS Record' })
    const [host = '', value = ''] = await option.locator('code').allInnerTexts()
    await person.goTo('/lab?tab=dns')
    await page.getByLabel('Host').fill(host)
    await page.getByLabel('Value').fill(value)
    await page.getByRole('button', { name: 'Add a record' }).click()
    await page.getByRole('cell', { name: value }).waitFor()
  })

  await t.test('Return to Mailjet account information', async () => {
    const { page, person } = provider
    await person.goTo('/account')
    await page.getByRole('link', { name: 'Manage' }).click()
    await page.getByRole('button', { name: `Settings of ${domain}` }).click()
    await page.getByRole('menuitem', { name: 'Validate' }).click()
    await page.getByRole('button', { name: 'Check Now' }).click()
    await page.getByText('Congratulations').waitFor()
    await page.getByRole('link', { name: 'Authenticate this domain (SPF/DKIM)' }).click()
    for (const purpose of ['DKIM', 'SPF', 'DMARC', 'Return path']) {
      const check = page.getByRole('region', { name: purpose, exact: true })
      await check.getByRole('button', { name: 'Publish it in the lab’s DNS' }).first().click()
      await check.getByText('It is in the lab’s DNS').first().waitFor()
    }
    await page.getByRole('button', { name: 'Check Now' }).click()
    for (const purpose of ['DKIM', 'SPF', 'DMARC', 'Return path']) {
      await page.getByRole('region', { name: purpose, exact: true }).getByText('In place').waitFor()
    }
    await picture(page, 'authenticate')
  })

  // In Odoo the authors are its own users: nobody has to prove them to it.
  await gateway.app.admin('POST', '/api/domains', { name: domain, trust: true })

  await t.test(
    'Set up in Odoo: Settings, developer mode, Technical, Email, Outgoing Mail Servers, Create',
    async () => {
      const { page } = gateway
      await page.getByRole('navigation').getByRole('link', { name: 'General Settings' }).click()
      await page.getByRole('button', { name: 'Activate the developer mode' }).click()
      await page.getByRole('navigation').getByRole('link', { name: 'Outgoing Mail Servers' }).click()
      for (const { name, port, security, priority } of [
        {
          name: 'Office',
          port: provider.app.ready.submission.starttls,
          security: 'TLS (STARTTLS)',
          priority: 10,
        },
        { name: 'Mailjet', port: provider.app.ready.submission.tls, security: 'SSL/TLS', priority: 20 },
      ]) {
        await page.getByRole('main').getByRole('link', { name: 'Create' }).click()
        await page.getByLabel('Description').fill(name)
        await page.getByLabel('Priority').fill(String(priority))
        await page.getByLabel('From Filter').fill(domain)
        await page.getByLabel('SMTP Server').fill('127.0.0.1')
        await page.getByRole('combobox', { name: 'Connection Security' }).click()
        await page.getByRole('option', { name: security, exact: true }).click()
        await page.getByLabel('SMTP Port').fill(String(port))
        await page.getByRole('textbox', { name: 'Username' }).fill(apiKey)
        await page.getByRole('textbox', { name: 'Password' }).fill(secretKey)
        await page.getByRole('button', { name: 'Save' }).click()
        await page.getByRole('heading', { name, level: 1 }).waitFor()
        await page.getByRole('button', { name: 'Test Connection' }).click()
        await page
          .getByRole('listitem')
          .filter({ hasText: 'Ready for a message' })
          .getByText('done')
          .waitFor()
        await page.getByRole('button', { name: 'Test Connection' }).scrollIntoViewIfNeeded()
        if (name === 'Mailjet') await picture(page, 'test-connection')
        await page.getByRole('main').getByRole('link', { name: 'Outgoing Mail Servers' }).click()
      }
      const links = page.getByRole('main').getByRole('listitem').getByRole('link')
      await links.nth(1).waitFor()
      assert.deepEqual(await links.allInnerTexts(), ['Office', 'Mailjet'])
      await picture(page, 'outgoing-servers')
    },
  )

  await t.test('Important: From Filter, mail.default.from, mail.default.from_filter', async () => {
    const { page } = gateway
    await page.getByRole('navigation').getByRole('link', { name: 'System Parameters' }).click()
    await page.getByRole('button', { name: `Use notifications@${domain}` }).click()
    await page.getByRole('button', { name: `Use ${domain}`, exact: true }).click()
    await page.getByText('As the page asks for').waitFor({ state: 'detached' })
    // The server for mass mailing is the second one.
    const { body } = await gateway.app.admin('GET', '/api/outgoing-servers')
    const mass = (body as { servers: { id: number; name: string }[] }).servers.find(
      ({ name }) => name === 'Mailjet',
    )
    await page.getByRole('button', { name: 'Edit: Change mass_mailing.mail_server_id', exact: true }).click()
    await page.getByRole('dialog').getByLabel('Value').fill(String(mass?.id))
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await picture(page, 'system-parameters')
  })

  await t.test('The gateway explains: a notification of another author keeps the rules', async () => {
    const { page } = gateway
    await page.getByRole('navigation').getByRole('link', { name: 'Explain' }).click()
    await page.getByLabel('From', { exact: true }).fill('Bea <bea@elsewhere.example>')
    await page.getByLabel('To', { exact: true }).fill('ok@inbox.test')
    await page.getByRole('button', { name: 'Explain' }).first().click()
    const result = page.getByRole('region', { name: 'Which way it goes' })
    await result.getByText(/^Through Office/).waitFor()
    await result
      .getByRole('cell', { name: new RegExp(`notifications@${domain}`) })
      .first()
      .waitFor()
    await picture(page, 'explain')
  })

  await t.test(
    'Ready: a transactional and a mass message take different servers and arrive authenticated',
    async () => {
      for (const { to, fields, server } of [
        { to: 'ok@one.test', fields: { Subject: 'Your order 1042' }, server: 'Office' },
        {
          to: 'ok@many.test',
          fields: { Subject: 'Spring sale', CustomCampaign: 'Spring' },
          server: 'Mailjet',
        },
      ]) {
        const sent = await gateway.app.mailjet('POST', '/v3.1/send', {
          Messages: [
            { From: { Email: `hello@${domain}` }, To: [{ Email: to }], TextPart: 'It works.', ...fields },
          ],
        })
        assert.equal(sent.status, 200, sent.text)
        const [received] = await provider.app.received(to)
        assert.deepEqual([received?.dkim, received?.spf, received?.dmarc], ['pass', 'pass', 'pass'])
        await gateway.person.goTo('/messages')
        await gateway.page
          .getByRole('listitem')
          .filter({ hasText: fields.Subject })
          .getByText('Delivered')
          .waitFor()
        await gateway.page.getByRole('link', { name: new RegExp(fields.Subject) }).click()
        await gateway.page.getByRole('region', { name: 'In plain words' }).waitFor()
        if (server === 'Office') await picture(gateway.page, 'story')
        await gateway.page.getByRole('button', { name: 'Explain the way' }).click()
        const way = gateway.page.getByRole('region', { name: 'Which way it goes' })
        await way.getByText(new RegExp(`^Through ${server} `)).waitFor()
      }
      await gateway.person.goTo('/')
      await gateway.page.getByRole('img', { name: /2 messages accepted/ }).waitFor()
      await picture(gateway.page, 'overview')
      await provider.person.goTo('/lab')
      await provider.page.getByText('DMARC pass').first().waitFor()
      await picture(provider.page, 'lab-inbox')
    },
  )
})
