/** Campaigns in the console: the path of a marketer, from a CSV file to the numbers of what was sent. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import PostalMime from 'postal-mime'
import type { TestApp } from '../app.ts'
import { browserTest, openBrowser, type Person, signIn } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

const pictures = process.env.PARAVION_TEST_SCREENSHOTS

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
}

async function assertFits({ page }: Person): Promise<void> {
  const beyond = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  assert.equal(beyond, 0, `${page.url()} scrolls sideways`)
}

/** As a marketer fills a list. */
async function importList({ page, goTo }: Person, { name, csv }: { name: string; csv: string }) {
  await goTo('/contacts')
  await page.getByRole('button', { name: 'Create a list' }).click()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await page.getByRole('button', { name: 'Start the import' }).click()
  await page.getByText('Completed').waitFor()
}

/** Of one that is made by API, the number. */
async function makeCampaign(
  app: TestApp,
  settings: Record<string, unknown>,
  html = '<p>Hello</p>',
): Promise<number> {
  const made = await app.admin('POST', '/api/campaigns', {
    ...{ title: 'Spring', subject: 'News', senderEmail: app.ready.from, ...settings },
  })
  assert.equal(made.status, 201, made.text)
  const { id } = (made.body as { campaign: { id: number } }).campaign
  const saved = await app.admin('PUT', `/api/campaigns/${id}/content`, { html })
  assert.equal(saved.status, 200, saved.text)
  return id
}

async function makeList(app: TestApp, emails: readonly string[]): Promise<number> {
  const made = await app.admin('POST', '/api/contact-lists', { name: 'Readers' })
  const { id } = (made.body as { list: { id: number } }).list
  for (const email of emails) {
    const added = await app.admin('POST', '/api/contacts', { email, lists: [{ id, action: 'addforce' }] })
    assert.ok(added.status < 300, added.text)
  }
  return id
}

async function readMail(app: TestApp, to: string) {
  const [message] = await app.received(to)
  assert.ok(message !== undefined, `nothing came to ${to}`)
  const { body } = await app.admin('GET', `/api/lab/inbox/${message.id}`)
  const { content } = (body as { message: { content: string } }).message
  return { dkim: message.dkim, mail: await PostalMime.parse(content) }
}

const frameOf = (page: Page, title: string) => page.frameLocator(`iframe[title="${title}"]`)
const numberOf = (page: Page, name: string, value: string) =>
  page.getByTestId(`number-${name}`).getByText(value, { exact: true })

browserTest(
  'a campaign is designed, tried, scheduled, sent and watched; who has left gets nothing',
  async (_t, app, person) => {
    const { page, goTo } = person
    await goTo('/campaigns')
    await page.getByText('No campaign yet').waitFor()
    await page.getByText('Before the first campaign').waitFor()
    await assertAccessible(page)
    await picture(page, 'campaigns-empty')
    await page.getByRole('link', { name: 'Import contacts' }).click()
    await page.getByRole('heading', { name: 'Contacts', level: 1 }).waitFor()
    await importList(person, {
      name: 'Readers',
      csv: 'email,firstname,city\nana@inbox.test,Ana,Lyon\nbo@inbox.test,,Nice\ngone@inbox.test,Gus,Lyon\n',
    })
    const { body } = await app.admin('GET', '/api/contact-lists')
    const listId = (body as { lists: { id: number }[] }).lists[0]?.id
    const left = await app.admin('PATCH', '/api/contacts/gone@inbox.test', {
      lists: [{ id: listId, action: 'unsub' }],
    })
    assert.equal(left.status, 200, left.text)
    const template = await app.admin('POST', '/api/templates', {
      name: 'Monthly',
      content: {
        html: '<h1>Dear [[data:firstname:"reader"]]</h1>',
        headers: { Subject: 'For [[data:firstname:"you"]]' },
      },
    })
    assert.equal(template.status, 201, template.text)

    await page.getByRole('navigation').getByRole('link', { name: 'Campaigns' }).click()
    await page.getByText('No campaign yet').waitFor()
    await page.getByRole('button', { name: 'New campaign' }).first().click()
    await page.getByRole('textbox', { name: 'Title', exact: true }).fill('Spring')
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByRole('heading', { name: 'Spring', level: 1 }).waitFor()
    // The one list is chosen already; who has left is told.
    await page.getByText('2 get it.').waitFor()
    await page.getByText('Have left the list: 1').waitFor()
    await page.getByRole('combobox', { name: 'Sender', exact: true }).click()
    await page.getByRole('option', { name: app.ready.from }).click()
    await page.getByRole('textbox', { name: 'Name of the sender' }).fill('Kite shop')
    await page.getByText('Not saved').waitFor()
    await page.getByText('Placeholders', { exact: true }).click()
    await page.getByText('[[data:firstname:""]]').waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-settings')

    // What the key says is not far away.
    const opens = page.getByRole('combobox', { name: 'Opens' })
    await opens.and(page.locator('input[value="As the API key says: off"]')).waitFor()

    // A segment, counted before it is made; what is chosen counts at once.
    await page.getByRole('button', { name: 'New segment' }).click()
    await page.getByLabel('Name of the segment').fill('Lyon')
    await page.getByLabel('Formula').fill('city="Lyon"')
    await page.getByRole('button', { name: 'Count', exact: true }).click()
    await page.getByText('It chooses 2 members of the list.').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByText('One person gets it.').waitFor()
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.getByRole('combobox', { name: 'Segment' }).click()
    await page.getByRole('option', { name: 'The whole list' }).click()
    await page.getByText('2 get it.').waitFor()

    // What is missing, in words, with the way to mend it.
    await page.getByRole('tab', { name: 'Check and send' }).click()
    await page.getByText('2 things are missing.').waitFor()
    await page.getByText('There is no subject: write one.').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Send now' }).isDisabled(), true)
    await assertAccessible(page)
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Nothing is written yet.' })
      .getByRole('button', { name: 'Write' })
      .click()
    await page.getByRole('combobox', { name: 'Template' }).click()
    await page.getByRole('option', { name: 'Monthly' }).click()
    await assertAccessible(page)
    await picture(page, 'campaign-begin')
    await page.getByRole('button', { name: 'Begin', exact: true }).click()
    assert.equal(await page.getByLabel('Subject').inputValue(), 'For [[data:firstname:"you"]]')
    await frameOf(page, 'The mail as it will look').getByText('Dear reader').waitFor()
    await page.getByRole('textbox', { name: 'HTML source' }).click()
    await page.keyboard.press('ControlOrMeta+End')
    await page.keyboard.insertText('<p>Kites are back. <a href="https://shop.example/kites">Look</a></p>')
    await page.getByRole('combobox', { name: 'As it reaches' }).fill('an')
    await page.getByRole('option', { name: 'ana@inbox.test' }).click()
    await frameOf(page, 'The mail as it will look').getByText('Dear Ana').waitFor()
    await frameOf(page, 'The mail as it will look').getByText('Kites are back.').waitFor()
    await page.getByTestId('subject').getByText('For Ana').waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-content')

    await page.getByRole('button', { name: 'Go on to the check' }).click()
    await page.getByText('All is ready.').waitFor()
    await page.getByText(`Kite shop <${app.ready.from}>`).waitFor()
    // A contact sees what was added, too.
    await page.getByRole('combobox', { name: 'As it reaches' }).click()
    await page.getByRole('option', { name: 'ana@inbox.test' }).click()
    const shown = frameOf(page, 'The mail as this contact will see it')
    await shown.getByText('Dear Ana').waitFor()
    await shown.getByText('Unsubscribe').waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-check')

    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByRole('textbox', { name: 'To', exact: true }).fill('bo@inbox.test, nobody')
    await page.getByRole('button', { name: 'Send the test' }).click()
    await page.getByText("'nobody' is not an e-mail address").waitFor()
    await page.getByRole('textbox', { name: 'To', exact: true }).fill('ana@inbox.test')
    await page.getByRole('button', { name: 'Send the test' }).click()
    await page.getByText('The test is on its way.').waitFor()
    await assertAccessible(page)
    assert.equal((await readMail(app, 'ana@inbox.test')).mail.subject, 'For Ana')
    await app.admin('DELETE', '/api/lab/inbox')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()

    await page.getByRole('button', { name: 'Schedule', exact: true }).click()
    await page.getByText(/^It begins on .* at 9:00.AM, in \d+ hours\.$/).waitFor()
    await page.getByLabel(/^Day/).fill('2020-01-02')
    await page.getByText('This time is past. Choose one to come.').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Schedule it' }).isDisabled(), true)
    const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)
    await page.getByLabel(/^Day/).fill(day)
    await page.getByLabel(/^Time/).fill('17:30')
    await page.getByText(/^It begins on .* at 5:30.PM, in 3 days\.$/).waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-schedule')
    await page.getByRole('button', { name: 'Schedule it' }).click()
    await page.getByText('Who is on the list is looked up when it begins.').waitFor()
    await page.getByText(/^It begins on .* at 5:30.PM/).waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-scheduled')
    await page.getByRole('button', { name: 'Back to a draft' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Back to a draft' }).click()
    await page.getByRole('tab', { name: 'Check and send' }).waitFor()

    // Mass mail has a server of its own: it is named before anything goes.
    const server = await app.admin('POST', '/api/outgoing-servers', {
      ...{
        name: 'Bulk relay',
        host: '127.0.0.1',
        port: 1,
        fromFilter: 'other.example',
        security: 'none',
        authentication: 'none',
      },
    })
    assert.equal(server.status, 201, server.text)
    const serverId = (server.body as { server: { id: number } }).server.id
    const parameter = '/api/system-parameters/mass_mailing.mail_server_id'
    await app.admin('PUT', parameter, { value: String(serverId) })
    await page.reload()
    await page.getByRole('button', { name: 'Send now' }).click()
    await page.getByText('It goes to 2 people, now.').waitFor()
    await page.getByText('It goes out through the server for mass mail: Bulk relay.').waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-send')
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await app.admin('DELETE', parameter)
    await app.admin('POST', `/api/outgoing-servers/${serverId}/archive`)
    await page.reload()
    await page.getByRole('button', { name: 'Send now' }).click()
    await page.getByRole('button', { name: 'Send to 2 people' }).click()

    // It refreshes by itself until all is known.
    await numberOf(page, 'delivered', '2').waitFor()
    await numberOf(page, 'excluded', '1').waitFor()
    for (const name of ['opened', 'clicked']) await numberOf(page, name, 'not tracked').waitFor()
    await page.getByRole('main').getByText('Sent', { exact: true }).waitFor()
    const people = page.getByRole('region', { name: 'Recipients' })
    await people.getByText('ana@inbox.test').waitFor()
    await people
      .getByRole('row')
      .filter({ hasText: 'gone@inbox.test' })
      .getByText('Have left the list')
      .waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-sent')
    await people.getByRole('combobox', { name: 'State' }).click()
    await page.getByRole('option', { name: 'Left out' }).click()
    await people.getByText('ana@inbox.test').waitFor({ state: 'detached' })
    await people.getByRole('combobox', { name: 'Reason' }).click()
    await page.getByRole('option', { name: 'Have left the list (1)' }).click()
    await people.getByText('gone@inbox.test').waitFor()
    const download = page.waitForEvent('download')
    await people.getByRole('link', { name: 'Recipients (CSV)' }).click()
    assert.match((await download).suggestedFilename(), /^campaign-\d+\.csv$/)

    const { dkim, mail } = await readMail(app, 'ana@inbox.test')
    assert.equal(dkim, 'pass')
    assert.equal(mail.subject, 'For Ana')
    assert.deepEqual(mail.from, { name: 'Kite shop', address: app.ready.from })
    assert.match(mail.html ?? '', /Dear Ana.*Kites are back\./s)
    assert.ok(mail.headers.some(({ key }) => key === 'list-unsubscribe'))
    assert.equal((await readMail(app, 'bo@inbox.test')).mail.subject, 'For you')
    const inbox = await app.admin('GET', '/api/lab/inbox')
    assert.equal((inbox.body as { messages: unknown[] }).messages.length, 2, 'who has left gets nothing')

    await page.getByRole('main').getByRole('link', { name: 'Statistics' }).click()
    await page.getByText('From sending to clicking').first().waitFor()
    await page.getByText('100% of accepted').first().waitFor()
    for (const name of ['opened', 'clicked']) await numberOf(page, name, 'not tracked').waitFor()
    await page.getByText('Clicks were not tracked').waitFor()
    await page.getByRole('cell', { name: 'not tracked', exact: true }).waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-not-tracked')
    await goTo('/campaigns')
    await page.getByText('100% delivered · opens not tracked · clicks not tracked').waitFor()
    await assertAccessible(page)
    await picture(page, 'campaigns')
  },
)

browserTest('the last step shows what is saved, and sends nothing else', async (_t, app, { page, goTo }) => {
  const listId = await makeList(app, ['ana@inbox.test'])
  const id = await makeCampaign(app, { listId })
  await goTo(`/campaigns/${id}?stage=content`)
  await page.getByLabel('Subject').fill('First words')
  await page.getByRole('button', { name: 'Go on to the check' }).click()
  await page.getByText('All is ready.').waitFor()
  // While a frame is being loaded, Back is its own.
  await page.frameLocator('iframe').locator('body').waitFor()
  await page.goBack()
  await page.getByLabel('Subject').fill('Second words')
  await page.goForward()
  const check = page.getByRole('region', { name: 'Is all ready?' })
  await check.getByText('First words').waitFor()
  for (const name of ['Send a test', 'Schedule', 'Send now']) {
    assert.equal(await page.getByRole('button', { name, exact: true }).isDisabled(), true, name)
  }
  await assertAccessible(page)
  await picture(page, 'campaign-check-unsaved')
  await page.getByRole('alert').getByRole('button', { name: 'Save' }).click()
  await check.getByText('Second words').waitFor()
  await page.getByRole('button', { name: 'Send now' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Second words').waitFor()

  // What a colleague saves behind the question was not looked at.
  const theirs = await app.admin('PATCH', `/api/campaigns/${id}`, { subject: 'Their words' })
  assert.equal(theirs.status, 200, theirs.text)
  await dialog.getByRole('button', { name: 'Send to one person' }).click()
  await dialog.getByRole('alert').getByText('was changed meanwhile').waitFor()
  await assertAccessible(page)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await check.getByText('Their words').waitFor()
  await page.getByTestId('subject').getByText('Their words').waitFor()
  await page.getByRole('button', { name: 'Send now' }).click()
  await dialog.getByText('Their words').waitFor()
  await dialog.getByRole('button', { name: 'Send to one person' }).click()
  assert.equal((await readMail(app, 'ana@inbox.test')).mail.subject, 'Their words')
})

browserTest(
  'what a colleague has saved is not overwritten without a word',
  async (_t, app, { page, goTo }) => {
    const id = await makeCampaign(app, {}, '<p>Begun</p>')
    const path = `/api/campaigns/${id}/content`
    const stored = async () => {
      const { body } = await app.admin('GET', path)
      return (body as { content: { html: string } }).content.html
    }
    const source = page.getByRole('textbox', { name: 'HTML source' })
    const write = async (text: string) => {
      await source.click()
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.insertText(text)
    }
    const save = page.getByRole('button', { name: 'Save', exact: true })
    const conflict = page.getByRole('alert').filter({ hasText: 'Somebody else has changed the content' })
    await goTo(`/campaigns/${id}?stage=content`)
    await write('<p>Mine, first</p>')
    await save.click()
    await page.getByText('Saved', { exact: true }).waitFor()
    assert.equal(await stored(), '<p>Mine, first</p>')

    await write('<p>Mine, second</p>')
    assert.equal((await app.admin('PUT', path, { html: '<p>Theirs</p>' })).status, 200)
    await save.click()
    await conflict.waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-conflict')
    await page.getByText('Not saved', { exact: true }).waitFor()
    await source.getByText('Mine, second').waitFor()
    assert.equal(await stored(), '<p>Theirs</p>')
    await conflict.getByRole('button', { name: 'Take theirs' }).click()
    await source.getByText('Theirs').waitFor()
    await conflict.waitFor({ state: 'detached' })
    await page.getByText('Saved', { exact: true }).waitFor()

    await write('<p>Mine, third</p>')
    assert.equal((await app.admin('PUT', path, { html: '<p>Theirs again</p>' })).status, 200)
    await save.click()
    await conflict.getByRole('button', { name: 'Save mine' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    await conflict.waitFor({ state: 'detached' })
    assert.equal(await stored(), '<p>Mine, third</p>')
  },
)

browserTest('a campaign under way is paused, resumed and cancelled', async (_t, app, person) => {
  const { page, goTo } = person
  // More than may be without an answer, at a host that thinks for long: it is under way as long as we look.
  const emails = Array.from({ length: 600 }, (_one, index) => `slow+${index}@inbox.test`)
  await importList(person, { name: 'Slow readers', csv: `email\n${emails.join('\n')}\n` })
  const { body } = await app.admin('GET', '/api/contact-lists')
  const listId = (body as { lists: { id: number }[] }).lists[0]?.id
  const id = await makeCampaign(app, { listId })
  await goTo(`/campaigns/${id}?stage=send`)
  await page.getByRole('button', { name: 'Send now' }).click()
  await page.getByRole('button', { name: 'Send to 600 people' }).click()
  await page.getByText('500 of 600 handed over').waitFor()
  await page.getByRole('main').getByText('Being sent', { exact: true }).waitFor()
  await page.getByRole('region', { name: 'Recipients' }).getByText('Queued').first().waitFor()
  await assertAccessible(page)
  await picture(page, 'campaign-sending')

  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByLabel('Why (your colleagues read it)').fill('The price is wrong')
  await assertAccessible(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('alert').getByText('The price is wrong').waitFor()
  await assertAccessible(page)
  await picture(page, 'campaign-paused')
  await goTo('/campaigns')
  await page.getByText('The price is wrong').waitFor()
  await page.getByText('500 of 600 handed over').waitFor()
  await assertAccessible(page)
  await picture(page, 'campaigns-running')
  await page.getByRole('link', { name: 'Spring' }).click()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('main').getByText('Being sent', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Cancel it' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click()
  await page.getByRole('main').getByText('Cancelled', { exact: true }).waitFor()
  const people = page.getByRole('region', { name: 'Recipients' })
  await people.getByRole('combobox', { name: 'State' }).click()
  await page.getByRole('option', { name: 'Not handed over yet' }).click()
  await people.getByRole('row').filter({ hasText: 'Not handed over yet' }).first().waitFor()
  // Fifty, and fifty more.
  await people.getByRole('button', { name: 'Show more' }).click()
  await people.getByRole('row').nth(100).waitFor()
})

browserTest(
  'a campaign that does harm says why it was stopped, and may go on',
  async (_t, app, person) => {
    const { page, goTo } = person
    // Those that answer at once do not exist; the others keep it under way until it was judged.
    const emails = Array.from({ length: 700 }, (_one, index) =>
      index < 100 ? `missing+${index}@inbox.test` : `slow+${index}@inbox.test`,
    )
    await importList(person, { name: 'Bought', csv: `email\n${emails.join('\n')}\n` })
    const { body } = await app.admin('GET', '/api/contact-lists')
    const listId = (body as { lists: { id: number }[] }).lists[0]?.id
    const id = await makeCampaign(app, { listId })
    const sent = await app.admin('POST', `/api/campaigns/${id}/send`)
    assert.equal(sent.status, 200, sent.text)
    await goTo(`/campaigns/${id}`)
    const alert = page.getByRole('alert').filter({ hasText: 'It was stopped because it does harm' })
    await alert.getByText('of the addresses do not exist').waitFor()
    await page.getByRole('button', { name: 'Go on' }).waitFor()
    await assertAccessible(page)
    await picture(page, 'campaign-stopped')
    await goTo('/')
    const attention = page.getByRole('region', { name: 'What needs attention' })
    await attention.getByText('of the addresses do not exist').waitFor()
    await attention.getByRole('link', { name: 'The campaign “Spring” was stopped' }).click()
    await alert.waitFor()
  },
  { env: { PARAVION_CAMPAIGNS_PAUSE_AFTER_RESULTS: '20' } },
)

browserTest('campaigns are found, starred, duplicated, put away and deleted', async (_t, app, person) => {
  const { page, goTo } = person
  const listId = await makeList(app, ['ana@inbox.test'])
  await makeCampaign(app, { listId, title: 'Spring' })
  await makeCampaign(app, { listId, title: 'Summer', subject: 'Sun' })
  await goTo('/campaigns')
  const row = (title: string) =>
    page
      .getByRole('main')
      .getByRole('listitem')
      .filter({ has: page.getByRole('link', { name: title }) })
  await row('Summer').waitFor()
  await page.getByRole('textbox', { name: 'Search by title or subject' }).fill('sun')
  await row('Spring').waitFor({ state: 'detached' })
  await page.getByRole('textbox', { name: 'Search by title or subject' }).fill('autumn')
  await page.getByText('No campaign fits this').waitFor()
  await page.getByRole('textbox', { name: 'Search by title or subject' }).fill('')
  await row('Spring').getByRole('button', { name: 'Star for Spring' }).click()
  await row('Spring').getByRole('button', { name: 'Star for Spring', pressed: true }).waitFor()
  await page.getByRole('switch', { name: 'With a star' }).click()
  await row('Summer').waitFor({ state: 'detached' })
  await page.getByRole('switch', { name: 'With a star' }).click()

  // By the keyboard alone.
  await page.getByRole('button', { name: 'More for Summer' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Archive' }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await row('Summer').waitFor({ state: 'detached' })
  await page.getByRole('radiogroup', { name: 'Which campaigns' }).getByText('Archived').click()
  await row('Summer').waitFor()
  await assertAccessible(page)
  await page.getByRole('button', { name: 'More for Summer' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByText('“Summer” will be gone for good.').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No campaign fits this').waitFor()

  await page.getByRole('radiogroup', { name: 'Which campaigns' }).getByText('Drafts').click()
  await page.getByRole('button', { name: 'More for Spring' }).click()
  await page.getByRole('menuitem', { name: 'Duplicate' }).click()
  await page.getByRole('tab', { name: 'Content' }).click()
  await page.getByRole('textbox', { name: 'HTML source' }).getByText('Hello').waitFor()
  // What is not saved is not lost by a click.
  await page.getByLabel('Subject').fill('Other news')
  await page.getByRole('main').getByRole('link', { name: 'Campaigns' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click()
  await page.keyboard.press('ControlOrMeta+S')
  await page.getByText('Saved', { exact: true }).waitFor()
  await page.reload()
  assert.equal(await page.getByLabel('Subject').inputValue(), 'Other news')
})

browserTest(
  'a check that stays open sees what is mended, and does not count again',
  async (_t, app, person) => {
    const { page, goTo } = person
    const listId = await makeList(app, ['ana@inbox.test'])
    // Without content: the browser's clock would put a script into the frame that shows it.
    const made = await app.admin('POST', '/api/campaigns', { listId, senderEmail: app.ready.from })
    const { id } = (made.body as { campaign: { id: number } }).campaign
    const asked: string[] = []
    page.on('request', (request) => {
      const [, what = ''] = /\/api\/campaigns\/\d+\/(check|audience)/.exec(request.url()) ?? []
      if (what !== '') asked.push(what)
    })
    await page.clock.install()
    await goTo(`/campaigns/${id}?stage=send`)
    await page.getByText('One person gets it.').waitFor()
    await page.getByText(/^Counted at \d/).waitFor()
    await page.getByText('2 things are missing.').waitFor()
    const mended = await app.admin('PATCH', `/api/campaigns/${id}`, { subject: 'News' })
    assert.equal(mended.status, 200, mended.text)
    await page.clock.runFor(15_000)
    await page.getByText('One thing is missing.').waitFor()
    assert.equal(asked.filter((what) => what === 'audience').length, 1)
    assert.ok(asked.filter((what) => what === 'check').length > 1)
  },
)

browserTest(
  'campaigns in French, on a narrow dark screen, for somebody who only looks',
  async (t, app, person) => {
    const listId = await makeList(app, ['ana@inbox.test'])
    const draft = await makeCampaign(app, { listId })
    const sent = await makeCampaign(app, { listId, title: 'Été' })
    assert.equal((await app.admin('POST', `/api/campaigns/${sent}/send`)).status, 200)
    await app.received('ana@inbox.test')
    const { page, goTo } = person
    for (const stage of ['settings', 'content', 'send']) {
      await goTo(`/campaigns/${draft}?stage=${stage}`)
      await page.getByRole('tab', { selected: true }).first().waitFor()
      await page.waitForLoadState('networkidle')
      await assertFits(person)
      await assertAccessible(page)
      await picture(page, `narrow-${stage}`)
      if (stage !== 'settings') continue
      const clicks = page.getByRole('combobox', { name: 'Clics' })
      await clicks.and(page.locator('input[value="Comme le dit la clé API : désactivé"]')).waitFor()
    }
    // What is not saved, and a colleague who was first.
    await page.getByRole('tab', { name: 'Contenu' }).click()
    await page.getByRole('textbox', { name: 'Source HTML' }).click()
    await page.keyboard.insertText('<p>Bonjour</p>')
    await page.goBack()
    const alert = page.getByRole('alert')
    await alert.getByText('Vous voyez ici ce qui est enregistré').waitFor()
    await assertFits(person)
    await assertAccessible(page)
    await picture(page, 'narrow-unsaved')
    const theirs = await app.admin('PUT', `/api/campaigns/${draft}/content`, { html: '<p>Salut</p>' })
    assert.equal(theirs.status, 200, theirs.text)
    await alert.getByRole('button', { name: 'Enregistrer' }).click()
    await alert.getByText('Quelqu’un d’autre a modifié le contenu entre-temps').waitFor()
    await assertFits(person)
    await assertAccessible(page)
    await picture(page, 'narrow-conflict')
    await alert.getByRole('button', { name: 'Prendre le sien' }).click()
    await alert.filter({ hasText: 'Quelqu’un' }).waitFor({ state: 'detached' })
    await page.getByText('Tout est prêt.').waitFor()
    await page.getByRole('button', { name: 'Planifier', exact: true }).click()
    await page.getByText(/^Elle commence le .* à 09:00, dans \d+ heures\.$/).waitFor()
    await assertAccessible(page)
    await picture(page, 'narrow-schedule')
    await goTo(`/campaigns/${sent}`)
    await numberOf(page, 'delivered', '1').waitFor()
    await assertFits(person)
    await assertAccessible(page)
    await picture(page, 'narrow-sent')
    await goTo('/campaigns')
    await page.getByText('Été').waitFor()
    await assertFits(person)
    await assertAccessible(page)
    await picture(page, 'narrow-campaigns')

    const email = 'vera@shop.example'
    const password = 'eleven blue kites'
    const invited = await app.admin('POST', '/api/users', { email, name: 'Vera', role: 'viewer' })
    const { link } = invited.body as { link: { url: string } }
    const chosen = await fetch(`${app.ready.url}/api/invitation/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: link.url.split('#')[1], password }),
    })
    assert.ok(chosen.ok, await chosen.text())
    const viewer = await openBrowser(t, app)
    await signIn(viewer, { email, password })
    await viewer.goTo('/campaigns')
    await viewer.page.getByRole('link', { name: 'Spring' }).waitFor()
    assert.equal(await viewer.page.getByRole('button', { name: 'New campaign' }).isDisabled(), true)
    await viewer.goTo(`/campaigns/${draft}?stage=send`)
    await viewer.page.getByText('You may look at campaigns, not change them.').waitFor()
    await viewer.page.getByText('All is ready.').waitFor()
    assert.equal(await viewer.page.getByRole('button', { name: 'Send now' }).isDisabled(), true)
    await viewer.page.getByRole('tab', { name: 'Content' }).click()
    await viewer.page.getByRole('textbox', { name: 'HTML source' }).waitFor()
    assert.equal(await viewer.page.getByRole('button', { name: 'Begin again' }).isDisabled(), true)
  },
  { width: 390, language: 'fr', scheme: 'dark' },
)

browserTest(
  'what would reach nobody is told before it is sent, and what reached nobody after',
  async (_t, app, person) => {
    const { page, goTo } = person
    const emails = ['ana@inbox.test', 'bo@inbox.test', 'cy@inbox.test']
    const listId = await makeList(app, emails)
    assert.equal(
      (await app.admin('POST', '/api/contact-properties', { name: 'first', type: 'str' })).status,
      201,
    )
    const id = await makeCampaign(app, { listId }, '<p>\n{{data:frist}} [[firstname]]</p>')
    await goTo(`/campaigns/${id}?stage=send`)
    const check = page.getByRole('region', { name: 'Is all ready?' })
    await check.getByText('One thing is missing.').waitFor()
    await check.getByText(/^HTML, line 2: data:frist is used.*: was first meant\?$/).waitFor()
    await check.getByText(/^HTML, line 2: \[\[firstname\]\] is no placeholder/).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Send now' }).isDisabled(), true)
    await assertFits(person)
    await assertAccessible(page)

    const value = { properties: { first: 'Ana' } }
    const [ana = ''] = emails
    assert.ok((await app.admin('PATCH', `/api/contacts/${ana}`, value)).status < 300)
    const html = '<p>{{data:first}} [[firstname]]</p>'
    assert.equal((await app.admin('PUT', `/api/campaigns/${id}/content`, { html })).status, 200)
    await page.reload()
    await check.getByText('It can be sent; look at 2 things before.').waitFor()
    await check.getByText(/^Of the first 3 recipients 2 would get nothing/).waitFor()
    assert.equal((await app.admin('POST', `/api/campaigns/${id}/send`)).status, 200)
    await app.received(ana)
    await goTo(`/campaigns/${id}`)
    await page.getByText('2 of 3 were blocked: nothing went to them. Their rows below say why.').waitFor()
    await numberOf(page, 'blocked', '2').waitFor()
    await page.getByText('of 3 on the list').waitFor()
    await assertFits(person)
    await assertAccessible(page)
    await goTo('/campaigns')
    await page.getByText(/ · 2 blocked$/).waitFor()
    await goTo('/statistics/campaigns')
    await page.getByRole('columnheader', { name: 'Blocked' }).waitFor()
  },
)
