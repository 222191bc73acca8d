/** The second half of the mission page: outgoing servers, parameters, aliases, and why mail goes which way. */
import assert from 'node:assert/strict'
import { browserTest } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

browserTest(
  'a server is made with the page’s fields, tested before and after, and put first',
  async (_t, app, person) => {
    const { page, goTo } = person
    await goTo('/settings')
    assert.equal(await page.getByRole('link', { name: 'Outgoing Mail Servers' }).count(), 0)
    await page.getByRole('button', { name: 'Activate the developer mode' }).click()
    await page.getByRole('navigation').getByRole('link', { name: 'Outgoing Mail Servers' }).click()
    await page.getByText('No outgoing mail server').waitFor()
    await assertAccessible(page)

    await page.getByRole('link', { name: 'Create' }).click()
    await page.getByLabel('Description').fill('Mass mailing')
    await page.getByLabel('From Filter').fill('shop.example')
    await page.getByLabel('Priority').fill('20')
    await page.getByLabel('SMTP Server').fill('127.0.0.1')
    await page.getByRole('combobox', { name: 'Connection Security' }).click()
    await page.getByRole('option', { name: 'TLS (STARTTLS), certificate checked' }).click()
    assert.equal(await page.getByLabel('SMTP Port').inputValue(), '587')
    await page.getByLabel('SMTP Port').fill(String(app.ready.submission.starttls))
    await page.getByLabel('Username').last().fill(app.credentials.apiKey)
    await page.getByRole('textbox', { name: 'Password' }).fill('wrong')
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Test Connection' }).click()
    await page.getByText('failed here').waitFor()
    await page
      .getByRole('alert')
      .getByText(/535 5\.7\.8/)
      .waitFor()

    await page.getByRole('textbox', { name: 'Password' }).fill(app.credentials.secretKey)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Mass mailing', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Test Connection' }).click()
    await page.getByRole('listitem').filter({ hasText: 'Ready for a message' }).getByText('done').waitFor()
    await assertAccessible(page)

    const other = { name: 'Transactional', host: 'mx.relay.test', port: 587, priority: 5 }
    await app.admin('POST', '/api/outgoing-servers', other)
    await goTo('/technical/outgoing-mail-servers')
    const links = page.getByRole('listitem').getByRole('link')
    await links.nth(1).waitFor()
    assert.deepEqual(await links.allInnerTexts(), ['Transactional', 'Mass mailing'])
    await page.getByRole('button', { name: 'Move Mass mailing up' }).click()
    await page.getByRole('listitem').first().getByText('Mass mailing').waitFor()
    await page.getByRole('listitem').first().dragTo(page.getByRole('listitem').last())
    await page.getByRole('listitem').first().getByText('Transactional').waitFor()
    assert.deepEqual(await links.allInnerTexts(), ['Transactional', 'Mass mailing'])
    await assertAccessible(page)
  },
)

browserTest('parameters, aliases and explain', async (_t, app, { page, goTo }) => {
  const server = { name: 'Relay', host: 'mx.relay.test', fromFilter: 'shop.example' }
  await app.admin('POST', '/api/outgoing-servers', server)
  await goTo('/technical/system-parameters')
  await page.getByRole('button', { name: 'Use notifications@shop.example' }).click()
  await page.getByRole('button', { name: 'Use shop.example', exact: true }).click()
  await page.getByRole('button', { name: 'Edit: Change mail.catchall.domain', exact: true }).click()
  await page.getByRole('dialog').getByLabel('Value').fill('shop.example')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await assertAccessible(page)
  const { body } = await app.admin('GET', '/api/system-parameters')
  const values = (body as { parameters: { name: string; value: string | null }[] }).parameters
    .filter(({ value }) => value !== null)
    .map(({ name, value }) => `${name}=${value}`)
  assert.deepEqual(values.toSorted(), [
    'mail.catchall.domain=shop.example',
    'mail.default.from=notifications@shop.example',
    'mail.default.from_filter=shop.example',
  ])

  await goTo('/technical/aliases')
  await page.getByLabel('Name or address').fill('sales')
  await page.getByLabel('Ends after days').fill('7')
  await page.getByRole('button', { name: 'Add an alias' }).click()
  await page.getByRole('cell', { name: 'sales@shop.example', exact: true }).waitFor()
  await assertAccessible(page)
  await page.getByRole('button', { name: 'Remove sales@shop.example' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No alias').waitFor()

  await goTo('/technical/explain')
  await page.getByLabel('From', { exact: true }).fill('Ada <ada@elsewhere.example>')
  await page.getByLabel('To', { exact: true }).fill('ok@inbox.test')
  await page.getByRole('button', { name: 'Explain' }).first().click()
  const result = page.getByRole('region', { name: 'Which way it goes' })
  await result.getByText('Through Relay (mx.relay.test:587)').waitFor()
  await result
    .getByText(/notifications@shop\.example/)
    .first()
    .waitFor()
  await assertAccessible(page)
})
