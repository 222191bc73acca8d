/** A template in the console, from its first words to a mail in the lab. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import PostalMime from 'postal-mime'
import type { TestApp } from '../app.ts'
import { browserTest, openBrowser, signIn } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

async function make(page: Page, { name, starter }: { name: string; starter: string }): Promise<number> {
  await page.getByRole('button', { name: 'New template' }).first().click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByRole('radio', { name: starter }).click()
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  return Number(/\/templates\/(\d+)/.exec(page.url())?.[1])
}

async function write(page: Page, editor: string, text: string): Promise<void> {
  await page.getByRole('textbox', { name: editor }).click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(text)
}

const mjml = (words: string) =>
  `<mjml>\n<mj-body><mj-section><mj-column>\n<mj-text font-family="Arial">${words}</mj-text>\n</mj-column></mj-section></mj-body>\n</mjml>`

const frameOf = (page: Page) => page.frameLocator('iframe[title="The mail as it will look"]')

async function lastMail(app: TestApp, to: string) {
  const [message] = await app.received(to)
  assert.ok(message !== undefined)
  const { body } = await app.admin('GET', `/api/lab/inbox/${message.id}`)
  return PostalMime.parse((body as { message: { content: string } }).message.content)
}

browserTest('a template is begun, written, saved, restored and tried', async (_t, app, { page, goTo }) => {
  await goTo('/templates')
  await page.getByText('No template yet').waitFor()
  await make(page, { name: 'Order', starter: 'Receipt' })
  await frameOf(page).getByText('Kite, green').waitFor()
  await page.getByTestId('subject').getByText('Your order 2026-1042').waitFor()
  await page.getByText('No problems found').waitFor()
  await assertAccessible(page)

  await write(page, 'MJML source', mjml('Dear {{var:name}}, hello'))
  await frameOf(page).getByText('Dear Ana, hello').waitFor()
  await page.getByText('Not saved').waitFor()
  await write(page, 'Sample values', '{"name": "Zoë", "order": {"number": 7}}')
  await frameOf(page).getByText('Dear Zoë, hello').waitFor()
  await page.getByTestId('subject').getByText('Your order 7').waitFor()

  // A fault is told with its line, and the way leads there.
  await write(page, 'MJML source', mjml('Dear {{var:nobody}}'))
  await page.getByRole('button', { name: 'Line 3' }).click()
  await assert.doesNotReject(
    page.locator('.cm-activeLine').filter({ hasText: 'var:nobody' }).first().waitFor(),
  )
  await write(page, 'MJML source', mjml('Dear {{var:name}}, hello'))
  await page.getByText('No problems found').waitFor()

  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  await page.getByRole('radiogroup', { name: 'Shown as' }).getByText('Text', { exact: true }).click()
  await page.locator('pre').getByText('Dear Zoë, hello').waitFor()
  await page.getByRole('radiogroup', { name: 'Shown as' }).getByText('Phone').click()
  await frameOf(page).getByText('Dear Zoë, hello').waitFor()

  await page.getByRole('button', { name: 'Versions' }).click()
  await page.getByText('Version 2').waitFor()
  await assertAccessible(page)
  await page.getByRole('button', { name: 'Restore version 1' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByText('{% for line in var:order.lines %}').waitFor()

  await page.getByLabel('From').fill('hello@shop.example')
  await write(page, 'MJML source', mjml('Dear {{var:name}}, this is a test'))
  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByRole('textbox', { name: 'To', exact: true }).fill('ok@inbox.test')
  await page.getByRole('button', { name: 'Save and send' }).click()
  await page.getByText('It is on its way').waitFor()
  await assertAccessible(page)
  const mail = await lastMail(app, 'ok@inbox.test')
  assert.equal(mail.subject, 'Your order 7')
  assert.match(mail.html ?? '', /Dear Zoë, this is a test/)
  assert.equal(mail.text?.trim(), 'Dear Zoë, this is a test')
})

browserTest('whoever leaves with unsaved changes is asked', async (_t, _app, { page, goTo }) => {
  await goTo('/templates')
  await make(page, { name: 'Draft', starter: 'Empty HTML' })
  await page.getByLabel('Subject').fill('Changed')
  await page.getByText('Not saved').waitFor()
  const menu = page.getByRole('navigation').getByRole('link', { name: 'Contacts' })
  await menu.click()
  await page.getByRole('button', { name: 'Stay' }).click()
  assert.match(page.url(), /\/templates\/\d+/)
  await menu.click()
  await page.getByRole('button', { name: 'Leave' }).click()
  await page.getByRole('heading', { level: 1, name: 'Contacts' }).waitFor()
})

browserTest(
  'an editor begins from what is there now, not from what was there before',
  async (_t, app, person) => {
    const { page, goTo } = person
    const content = { html: '<p>Hello</p>', headers: { Subject: 'First' } }
    const made = await app.admin('POST', '/api/templates', { name: 'Order', content })
    assert.equal(made.status, 201, made.text)
    const { template } = made.body as { template: { id: number } }
    await goTo('/templates')
    await page.getByRole('link', { name: 'Order' }).click()
    assert.equal(await page.getByLabel('Subject').inputValue(), 'First')
    await page.getByRole('main').getByRole('link', { name: 'Templates' }).click()
    // A colleague, and a while later.
    const changed = { content: { headers: { Subject: 'Second' } } }
    const saved = await app.admin('PATCH', `/api/templates/${template.id}`, changed)
    assert.equal(saved.status, 200, saved.text)
    await page.clock.setFixedTime(Date.now() + 60_000)
    await page.getByRole('link', { name: 'Order' }).click()
    assert.equal(await page.getByLabel('Subject').inputValue(), 'Second')
  },
)

browserTest(
  'templates are found, starred, copied, deleted and brought back',
  async (_t, app, { page, goTo }) => {
    for (const name of ['Welcome', 'Receipt']) {
      const made = await app.admin('POST', '/api/templates', { name, content: { html: `<p>${name}</p>` } })
      assert.equal(made.status, 201, made.text)
    }
    await goTo('/templates')
    await page.getByRole('button', { name: 'Star for Welcome' }).click()
    await page.getByRole('button', { name: 'Star for Welcome', pressed: true }).waitFor()
    await page.getByRole('button', { name: 'More about Welcome' }).click()
    await page.getByRole('menuitem', { name: 'Duplicate' }).click()
    await page.getByRole('link', { name: 'Welcome (2)' }).waitFor()
    await page.getByRole('menu').waitFor({ state: 'detached' })
    await assertAccessible(page)
    await page.getByRole('radiogroup', { name: 'Show' }).getByText('With a star').click()
    await page.getByText('One template').waitFor()
    await page.getByRole('radiogroup', { name: 'Show' }).getByText('All').click()
    await page.getByLabel('Search names').fill('receipt')
    await page.getByText('One template').waitFor()
    await page.getByRole('button', { name: 'More about Receipt' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No template fits').waitFor()
    await page.getByRole('radiogroup', { name: 'Show' }).getByText('Deleted').click()
    await page.getByRole('button', { name: 'Bring back' }).click()
    await page.getByText('Nothing was deleted').waitFor()
  },
)

browserTest(
  'on a narrow screen, in French, in the dark',
  async (t, app, person) => {
    const made = await app.admin('POST', '/api/templates', {
      name: 'Essai',
      content: { mjml: mjml('Bonjour {{var:nom}}'), headers: { Subject: 'Essai' } },
    })
    const { template } = made.body as { template: { id: number } }
    await person.goTo(`/templates/${template.id}`)
    await person.page.getByText('Problèmes').waitFor()
    const wide = await person.page.evaluate('document.documentElement.scrollWidth')
    assert.ok(Number(wide) <= 390, `${wide} pixels`)
    await assertAccessible(person.page)

    // Whoever may only look changes nothing.
    const viewer = await openBrowser(t, app)
    const invited = await app.admin('POST', '/api/users', {
      email: 'v@shop.example',
      name: 'V',
      role: 'viewer',
    })
    const { link } = invited.body as { link: { url: string } }
    const token = link.url.split('#')[1]
    const chosen = await fetch(`${app.ready.url}/api/invitation/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, password: 'seven green kites' }),
    })
    assert.ok(chosen.status < 300, await chosen.text())
    await signIn(viewer, { email: 'v@shop.example', password: 'seven green kites' })
    await viewer.goTo(`/templates/${template.id}`)
    await viewer.page.getByText('You may look at it, and not change it.').waitFor()
    assert.equal(await viewer.page.getByRole('button', { name: 'Send a test' }).isDisabled(), true)
    assert.equal(await viewer.page.getByLabel('Subject').getAttribute('readonly'), '')
  },
  { width: 390, height: 844, language: 'fr', scheme: 'dark' },
)
