/** The first half of the mission page: credentials, senders, domains. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { browserTest } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

async function sendersStatus(url: string, key: string, secret: string): Promise<number> {
  const login = Buffer.from(`${key}:${secret}`).toString('base64')
  const answer = await fetch(`${url}/v3/REST/sender`, { headers: { authorization: `Basic ${login}` } })
  return answer.status
}

browserTest(
  'credentials: the key behind its eye, and a Secret Key that is shown once',
  async (_t, app, person) => {
    const { page, goTo } = person
    await goTo('/account')
    await assertAccessible(page)
    await page.getByRole('link', { name: 'SMTP and SEND API Settings' }).last().click()
    const configuration = page.getByRole('region', { name: 'Configuration (SMTP only)' })
    await configuration.getByText('127.0.0.1', { exact: true }).waitFor()
    await configuration.getByText(String(app.ready.submission.tls)).waitFor()
    await configuration.getByRole('button', { name: 'Copy SMTP server' }).click()
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), '127.0.0.1')

    await page.getByRole('button', { name: 'Retrieve your API credentials' }).click()
    assert.equal(await page.getByText(app.credentials.apiKey, { exact: true }).count(), 0)
    await page.getByRole('button', { name: 'Show API key' }).click()
    await page.getByText(app.credentials.apiKey, { exact: true }).first().waitFor()

    await page.getByRole('button', { name: 'Generate Secret Key' }).click()
    await page.getByRole('dialog').getByText('stops working at once').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Generate Secret Key' }).click()
    const secret = await page.getByRole('status').locator('code').innerText()
    assert.match(secret, /^[0-9a-f]{32}$/)
    await assertAccessible(page)

    const { url = '' } = app.ready
    assert.equal(await sendersStatus(url, app.credentials.apiKey, secret), 200)
    assert.equal(await sendersStatus(url, app.credentials.apiKey, app.credentials.secretKey), 401)
    await page.reload()
    await page.getByRole('button', { name: 'Retrieve your API credentials' }).click()
    await page.getByRole('button', { name: 'Generate Secret Key' }).waitFor()
    assert.equal((await page.content()).includes(secret), false)
  },
)

browserTest('a sub-key is made, suspended and used again', async (_t, app, { page, goTo }) => {
  await goTo('/account')
  await page.getByRole('button', { name: 'Create an API key' }).click()
  await page.getByLabel('Name').fill('Newsletter')
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  const secret = await page.getByRole('status').locator('code').innerText()
  const row = page.getByRole('row', { name: /Newsletter/ })
  const [key = ''] = /[0-9a-f]{32}/.exec(await row.innerText()) ?? []
  const { url = '' } = app.ready
  assert.equal(await sendersStatus(url, key, secret), 200)
  await row.getByRole('button', { name: 'Actions for the key Newsletter' }).click()
  await page.getByRole('menuitem', { name: 'Suspend' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click()
  await row.getByText('Suspended').waitFor()
  assert.equal(await sendersStatus(url, key, secret), 401)
  await row.getByRole('button', { name: 'Actions for the key Newsletter' }).click()
  await page.getByRole('menuitem', { name: 'Resume' }).click()
  await row.getByText('Active').waitFor()
  assert.equal(await sendersStatus(url, key, secret), 200)
})

browserTest('what a key tracks is switched, and shown where it counts', async (_t, app, { page, goTo }) => {
  const made = await app.admin('POST', '/api/campaigns', { title: 'Spring' })
  const { id } = (made.body as { campaign: { id: number } }).campaign
  await goTo(`/campaigns/${id}`)
  const opens = (said: string) =>
    page
      .getByRole('combobox', { name: 'Opens' })
      .and(page.locator(`input[value="As the API key says: ${said}"]`))
  await opens('off').waitFor()
  await page.getByRole('link', { name: 'What the API key says' }).click()
  await page.getByRole('button', { name: 'Actions for the key First key' }).click()
  await page.getByRole('menuitem', { name: 'Tracking' }).click()
  const dialog = page.getByRole('dialog', { name: 'Tracking of First key' })
  const save = dialog.getByRole('button', { name: 'Save' })
  await dialog.getByRole('switch', { name: 'Track opens' }).waitFor()
  assert.equal(await save.isDisabled(), true)
  await dialog.getByRole('switch', { name: 'Track opens' }).focus()
  await page.keyboard.press('Space')
  // It fades, and has no entries meanwhile.
  await page.getByRole('menu').waitFor({ state: 'detached' })
  await assertAccessible(page)
  await save.click()
  await dialog.waitFor({ state: 'detached' })
  const { body } = await app.admin('GET', '/api/tracking')
  assert.deepEqual((body as { key: object }).key, { opens: true, clicks: null, isPrivate: null })
  await goTo(`/campaigns/${id}`)
  await opens('on').waitFor()
})

browserTest('an address is activated by the mail to it', async (_t, app, { page, goTo }) => {
  await goTo('/account')
  await page.getByRole('link', { name: 'Add a Sender Domain or Address' }).click()
  await page.getByRole('link', { name: 'Add a sender address' }).click()
  await page.getByRole('heading', { name: 'Email Information' }).waitFor()
  await page.getByLabel('Sender name').fill('Garden')
  await page.getByLabel('Email address').fill('nobody')
  await page.getByRole('button', { name: 'Add this address' }).click()
  await page.getByLabel('Email address').fill('news@garden.example')
  await page.getByRole('radio', { name: 'Mass emails' }).check()
  await assertAccessible(page)
  await page.getByRole('button', { name: 'Add this address' }).click()
  await page.getByText('An activation email was sent to news@garden.example').waitFor()

  const [mail] = await app.received('news@garden.example')
  const { body } = await app.admin('GET', `/api/lab/inbox/${mail?.id}`)
  const { content } = (body as { message: { content: string } }).message
  const link = /\/activate\/[\w.-]+/.exec(content.replaceAll('=\r\n', ''))?.[0]
  assert.ok(link)
  await page.goto(link)
  await page.getByRole('button', { name: 'Allow mail from news@garden.example' }).click()
  await page.getByText('The address is confirmed').waitFor()
  await goTo('/account/sender')
  await page.getByRole('row', { name: /news@garden\.example.*Mass emails.*Active/ }).waitFor()
})

browserTest(
  'a domain is added, checked too early, published, validated and authenticated',
  async (_t, app, person) => {
    const { page, goTo } = person
    await goTo('/account/sender')
    await assertAccessible(page)
    await page.getByRole('link', { name: 'Add domain' }).click()
    await page.getByRole('heading', { name: 'Add a new Domain' }).waitFor()
    await page.getByLabel('Domain name').fill('not a domain')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText(/not a domain/).waitFor()
    await page.getByLabel('Domain name').fill('garden.example')
    await page.getByRole('button', { name: 'Continue' }).click()

    const option = page.getByRole('region', { name: 'Option 2: Create a DNS Record' })
    await option.getByText('Host', { exact: true }).waitFor()
    await option.getByText('Value', { exact: true }).waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Check Now' }).click()
    await page.getByText('Not validated yet').waitFor()
    await option.getByRole('button', { name: 'Publish it in the lab’s DNS' }).click()
    await option.getByText('It is in the lab’s DNS').waitFor()
    await page.getByRole('button', { name: 'Check Now' }).click()
    await page.getByText('Congratulations').waitFor()

    await page.getByRole('link', { name: 'Authenticate this domain (SPF/DKIM)' }).click()
    for (const purpose of ['DKIM', 'SPF', 'DMARC', 'Return path']) await publish(page, purpose)
    await page.getByRole('button', { name: 'Check Now' }).click()
    for (const purpose of ['DKIM', 'SPF', 'DMARC', 'Return path']) {
      await page.getByRole('region', { name: purpose, exact: true }).getByText('In place').waitFor()
    }
    await assertAccessible(page)

    await app.send({ from: 'hello@garden.example', to: 'ok@inbox.test' })
    const [message] = await app.received('ok@inbox.test')
    assert.deepEqual([message?.dkim, message?.spf, message?.dmarc], ['pass', 'pass', 'pass'])

    await goTo('/account/sender')
    await page.getByRole('button', { name: 'Add bounce@garden.example' }).click()
    await page.getByRole('row', { name: /bounce@garden\.example.*Active/ }).waitFor()

    await page.getByRole('button', { name: 'Settings of garden.example' }).click()
    await page.getByRole('menuitem', { name: 'Manage' }).click()
    await page.getByRole('button', { name: 'Remove this domain' }).click()
    const dialog = page.getByRole('dialog')
    assert.equal(await dialog.getByRole('button', { name: 'Remove this domain' }).isDisabled(), true)
    await dialog.getByLabel('Domain name').fill('garden.example')
    await dialog.getByRole('button', { name: 'Remove this domain' }).click()
    await page.getByRole('heading', { name: 'Sender domains & addresses' }).waitFor()
    await page.getByRole('link', { name: 'garden.example', exact: true }).waitFor({ state: 'detached' })
  },
)

async function publish(page: Page, purpose: string): Promise<void> {
  const check = page.getByRole('region', { name: purpose, exact: true })
  await check.getByRole('button', { name: 'Publish it in the lab’s DNS' }).first().click()
  await check.getByText('It is in the lab’s DNS').first().waitFor()
}

browserTest(
  'the same in French',
  async (_t, _app, { page, goTo }) => {
    await goTo('/account/setup')
    await page.getByRole('heading', { name: 'Réglages SMTP et SEND API' }).waitFor()
    await page.getByRole('button', { name: 'Récupérer vos identifiants API' }).click()
    await page.getByRole('button', { name: 'Générer une clé secrète' }).waitFor()
    await assertAccessible(page)
  },
  { language: 'fr' },
)
