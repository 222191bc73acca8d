/** The lab's pages: what arrived, the zone, the mailboxes that behave on purpose. */
import assert from 'node:assert/strict'
import { browserTest } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

browserTest(
  'what arrives in the lab shows up by itself, with verdicts and as it looks',
  async (_t, app, { page, goTo }) => {
    await goTo('/lab')
    await page.getByText('Nothing has arrived yet').waitFor()
    await assertAccessible(page)
    await app.mailjet('POST', '/v3.1/send', {
      Messages: [
        {
          From: { Email: app.ready.from },
          To: [{ Email: 'ok@inbox.test' }],
          Subject: 'Spring <b>offers</b>',
          HTMLPart: '<h1>Hello</h1><script>parent.hacked = true</script>',
        },
      ],
    })
    const subject = page.getByRole('link', { name: 'Spring <b>offers</b>' })
    await subject.waitFor()
    for (const verdict of ['DKIM pass', 'SPF pass', 'DMARC pass']) await page.getByText(verdict).waitFor()
    await subject.click()
    await page.frameLocator('iframe').getByRole('heading', { name: 'Hello' }).waitFor()
    assert.equal(await page.evaluate('window.hacked'), undefined)
    await assertAccessible(page)
    await page.getByRole('tab', { name: 'Source' }).click()
    await page.getByText('DKIM-Signature:').waitFor()
  },
)

browserTest('a record is put into the zone and taken out again', async (_t, app, { page, goTo }) => {
  await goTo('/lab?tab=dns')
  await page.getByLabel('Host').fill('note.garden.example')
  await page.getByLabel('Value').fill('"hello"')
  await page.getByRole('button', { name: 'Add a record' }).click()
  await page.getByRole('cell', { name: 'note.garden.example', exact: true }).waitFor()
  await assertAccessible(page)
  const { body } = await app.admin('GET', '/api/lab/records')
  assert.equal((body as { records: unknown[] }).records.length, 1)
  await page.getByLabel('Host').fill('not a name')
  await page.getByLabel('Value').fill('x')
  await page.getByRole('button', { name: 'Add a record' }).click()
  await page
    .getByText(/not a name/)
    .last()
    .waitFor()
  await page.getByRole('button', { name: 'Remove the record note.garden.example TXT' }).click()
  await page.getByText('You have added no record').waitFor()
})

browserTest('a simulated mailbox can be tried from its row', async (_t, app, { page, goTo }) => {
  await goTo('/lab?tab=mailboxes')
  await assertAccessible(page)
  await page.getByRole('button', { name: 'Try it: ok@inbox.test' }).click()
  await page.getByRole('status').getByText('Sent.').waitFor()
  assert.equal((await app.received('ok@inbox.test')).length, 1)
})
