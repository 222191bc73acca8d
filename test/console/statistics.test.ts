/** Statistics in the console, as a marketer looks at them. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { TestApp } from '../app.ts'
import { browserTest, type Person } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

const env = { PARAVION_TRACKING_SCANNER_SECONDS: '0' }
const agent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36'
/** What a spreadsheet would calculate. */
const formula = '=1+1'

/** Three messages of a campaign: one is opened and clicked, one bounces. */
async function sendCampaign(app: TestApp): Promise<void> {
  const sent = await app.mailjet('POST', '/v3.1/send', {
    Messages: ['ok@inbox.test', 'fine@inbox.test', 'missing@inbox.test'].map((Email) => ({
      ...{ From: { Email: app.ready.from }, To: [{ Email }], Subject: 'Spring', CustomCampaign: formula },
      HTMLPart: '<a href="https://shop.example/sale">Sale</a>',
      ...{ TrackOpens: 'enabled', TrackClicks: 'enabled' },
    })),
  })
  assert.equal(sent.status, 200, sent.text)
  const [mail] = await app.received('ok@inbox.test')
  const shown = await app.admin('GET', `/api/lab/inbox/${mail?.id}`)
  const text = (shown.body as { message: { content: string } }).message.content
    .replaceAll('=\r\n', '')
    .replaceAll('=3D', '=')
  await app.idle()
  for (const pattern of [/<img src="([^"]+)"/, /href="(http[^"]+\/c\/[^"]+)"/]) {
    await fetch(pattern.exec(text)?.[1] ?? '', { headers: { 'user-agent': agent }, redirect: 'manual' })
  }
  await app.idle()
}

async function saved({ page }: Person, button: string): Promise<string> {
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: button, exact: true }).click()
  return readFile(await (await download).path(), 'utf8')
}

async function assertFits({ page }: Person): Promise<void> {
  const beyond = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  assert.equal(beyond, 0, `${page.url()} scrolls sideways`)
}

browserTest(
  'statistics are shown with their rates, as charts, tables and files',
  async (_t, app, person) => {
    const { page, goTo } = person
    await goTo('/statistics')
    await page.getByText('Nothing was sent in this time').waitFor()
    await page.getByText('No link was followed yet.').waitFor()
    await assertAccessible(page)
    await page.locator('#content').getByRole('link', { name: 'Campaigns' }).click()
    await page.getByText('No campaign yet').waitFor()

    await sendCampaign(app)
    await goTo('/statistics')
    await page.getByText('66.7% of accepted').first().waitFor()
    await page.getByText('50% of delivered').first().waitFor()
    const chart = page.getByRole('img', { name: /^Chart over time: Reading \(Opened, Clicked\)/ })
    await chart.locator('canvas').waitFor()
    // Everything by the keyboard.
    await page.getByText('The numbers as a table').focus()
    await page.keyboard.press('Enter')
    const row = page.getByRole('row').filter({ hasText: '66.7%' }).first()
    await row.waitFor()
    assert.deepEqual((await row.getByRole('cell').allTextContents()).slice(0, 5), [
      '3',
      '2',
      '66.7%',
      '1',
      '1',
    ])
    await assertAccessible(page)

    await page.getByText('Event', { exact: true }).click()
    await page.getByText('an open counts when it happened').waitFor()
    await page.getByTestId('number-queued').waitFor({ state: 'detached' })
    await page.getByLabel('Compare with the time before').check()
    await page.getByText('before: 0').first().waitFor()
    assert.match(page.url(), /timing=event/)
    const file = await saved(person, 'Export (CSV)')
    const [names = '', values = '', ...rest] = file.split('\r\n')
    assert.match(names, /^at,processed,sent,/)
    assert.match(values, /^20\d\d-\d\d-\d\dT00:00:00\.000Z,3,2,/)
    assert.deepEqual(rest, [''])

    await page.getByRole('combobox', { name: 'Period' }).click()
    await page.getByRole('option', { name: 'From … to …' }).click()
    await page.getByLabel('From', { exact: true }).fill('2020-01-02')
    await page.getByLabel('To (that day too)').fill('2020-01-01')
    await page.getByText('The first day comes after the last.').waitFor()
    await page.getByLabel('To (that day too)').fill('2020-01-03')
    await page.getByText('Nothing was sent in this time').waitFor()
    // Links do not depend on the period.
    await page.getByRole('link', { name: 'https://shop.example/sale' }).waitFor()

    await page.locator('#content').getByRole('link', { name: 'Campaigns' }).click()
    await page.getByRole('link', { name: formula }).waitFor()
    assert.match(await saved(person, 'Export (CSV)'), /^\d+,'=1\+1,/m)
    await assertAccessible(page)
    await page.getByLabel('Search by name').fill('winter')
    await page.getByText('No campaign has this in its name').waitFor()
    await page.getByLabel('Search by name').fill('1+')
    await page.getByRole('link', { name: formula }).click()
    const funnel = page.getByRole('region', { name: 'From sending to clicking' })
    await funnel.getByText('(66.7% of accepted)').waitFor()
    // Opened, and clicked.
    await funnel.getByText('(50% of delivered)').nth(1).waitFor()
    await page.getByRole('region', { name: 'Mailbox providers' }).getByText('Others').waitFor()
    await page.getByRole('region', { name: 'Programs' }).getByText('Chrome').waitFor()
    assert.match(await saved(person, 'Export “Links” (CSV)'), /https:\/\/shop\.example\/sale,1,1,1/)
    await assertAccessible(page)

    // What is put off is told as well, so that the first line adds up.
    await app.send({ to: 'busy@inbox.test' })
    await app.idle()
    await goTo('/statistics')
    const tile = (name: string) => page.getByTestId(`number-${name}`).locator('p').first()
    await page.getByTestId('number-deferred').getByText('25% of accepted').waitFor()
    const tiles = ['processed', 'sent', 'deferred', 'queued', 'bounced', 'blocked']
    const numbers = await Promise.all(tiles.map((name) => tile(name).innerText()))
    assert.deepEqual(numbers, ['4', '2', '1', '0', '1', '0'])
  },
  { env },
)

browserTest(
  'statistics in French, on a narrow dark screen',
  async (_t, app, person) => {
    const { page, goTo } = person
    await sendCampaign(app)
    // The key that is looked at stays the same from page to page.
    const { apiKey } = app.credentials
    await goTo(`/statistics?key=${apiKey}`)
    await page.getByRole('heading', { name: 'Statistiques', level: 1 }).waitFor()
    await page
      .getByText(/50\s%\sdes livrés/)
      .first()
      .waitFor()
    await page.getByText('Les nombres en tableau').click()
    await assertFits(person)
    await assertAccessible(page)
    await page.locator('#content').getByRole('link', { name: 'Campagnes' }).click()
    await page.getByRole('link', { name: formula }).waitFor()
    await assertFits(person)
    await assertAccessible(page)
    await page.getByRole('link', { name: formula }).click()
    await page.getByRole('region', { name: 'De l’envoi au clic' }).waitFor()
    await page.getByRole('region', { name: 'Liens' }).waitFor()
    assert.ok(page.url().includes(apiKey), page.url())
    await assertFits(person)
    await assertAccessible(page)
    await page.getByRole('main').getByRole('link', { name: 'Statistiques' }).click()
    await page.getByText('Les nombres en tableau').waitFor()
    assert.ok(page.url().includes(apiKey), page.url())
  },
  { env, width: 390, language: 'fr', scheme: 'dark' },
)
