/** Messages, queue, leads and suppressions, as a person looks at them. */
import assert from 'node:assert/strict'
import { createTransport } from 'nodemailer'
import { browserTest } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'

browserTest(
  'messages arrive in the list by themselves, are filtered, and tell their story',
  async (_t, app, person) => {
    const { page, goTo } = person
    await goTo('/messages')
    await page.getByText('No message yet').waitFor()
    await page.getByRole('button', { name: 'Send a test message' }).first().click()
    await page.getByRole('textbox', { name: 'To' }).fill('ok@inbox.test')
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('heading', { name: 'A test from Paravion' }).waitFor()
    await page.getByRole('region', { name: 'Recipients' }).getByText('Delivered').waitFor()
    await page.getByRole('region', { name: 'Attempts' }).getByRole('button').click()
    await page.getByText('250 2.0.0').last().waitFor()
    await assertAccessible(page)
    await page.getByRole('tab', { name: 'Message' }).click()
    await page.getByText('If you can read this, it works.').waitFor()
    await page.getByRole('tab', { name: 'Source' }).click()
    await page.getByText('Subject: A test from Paravion').waitFor()

    await goTo('/messages')
    await page.getByRole('listitem').filter({ hasText: 'A test from Paravion' }).waitFor()
    await app.send({ to: 'missing@inbox.test', subject: 'To nobody' })
    await app.send({ to: 'busy@garden.test', subject: 'To somebody busy' })
    await page.getByRole('listitem').filter({ hasText: 'To nobody' }).getByText('Failed').waitFor()
    await page.getByRole('listitem').filter({ hasText: 'To somebody busy' }).getByText('Waits').waitFor()
    await assertAccessible(page)

    await page.getByRole('textbox', { name: 'Address, subject or id' }).fill('nobody')
    await page.getByRole('listitem').filter({ hasText: 'busy' }).waitFor({ state: 'detached' })
    assert.equal(new URL(page.url()).search, '?search=nobody')
    await page.reload()
    await page.getByRole('listitem').filter({ hasText: 'To nobody' }).waitFor()
    assert.equal(await page.getByRole('listitem').filter({ hasText: 'busy' }).count(), 0)
    await page.getByRole('textbox', { name: 'Address, subject or id' }).fill('no such thing')
    await page.getByText('No message like that').waitFor()
    await page.getByRole('button', { name: 'Clear the filters' }).last().click()
    await page.getByRole('listitem').filter({ hasText: 'busy' }).click()

    await page
      .getByText(/will be tried again|next/i)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Hold', exact: true }).click()
    await page.getByRole('region', { name: 'Recipients' }).getByText('On hold').waitFor()
    await page.getByRole('button', { name: 'Release', exact: true }).click()
    await page.getByRole('button', { name: 'Hold', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByRole('textbox', { name: 'Recipients' }).fill('ok@garden.test')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('link', { name: 'See the new message' }).click()
    await page.getByText('ok@garden.test').first().waitFor()
    assert.equal((await app.received('ok@garden.test'))[0]?.subject, 'To somebody busy')
  },
)

browserTest(
  'the queue tells what waits for which site, and a whole site is dropped',
  async (_t, app, { page, goTo }) => {
    for (const to of ['busy@inbox.test', 'busy+2@inbox.test', 'busy@garden.test']) await app.send({ to })
    await app.idle()
    await goTo('/queue')
    const site = page.getByRole('region', { name: 'inbox.test' })
    await site.getByText('2 waiting').waitFor()
    await site.getByText('The other side said').waitFor()
    await site.getByRole('button', { name: 'Show what waits for inbox.test' }).click()
    await site.getByRole('checkbox', { name: 'Choose busy+2@inbox.test' }).check()
    await assertAccessible(page)
    await site.getByRole('button', { name: 'Hold', exact: true }).last().click()
    await site.getByText('1 on hold').waitFor()
    await site.getByRole('button', { name: 'Drop: all for inbox.test' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Drop' }).click()
    await site.waitFor({ state: 'detached' })
    await page.getByRole('region', { name: 'garden.test' }).waitFor()
  },
)

browserTest(
  'mail to an alias is a lead, and a hard bounce a suppression',
  async (_t, app, { page, goTo }) => {
    await app.admin('PUT', '/api/system-parameters/mail.catchall.domain', { value: 'shop.example' })
    await app.admin('POST', '/api/aliases', { name: 'sales' })
    await goTo('/leads')
    await page.getByText('No lead').waitFor()
    const stranger = createTransport({
      host: '127.0.0.1',
      port: app.ready.mx ?? 0,
      tls: { rejectUnauthorized: false },
    })
    await stranger.sendMail({
      from: 'bea@garden.test',
      to: 'sales@shop.example',
      subject: 'Do you sell <i>kites</i>?',
      text: 'It works.',
    })
    await page.getByRole('link', { name: 'Do you sell <i>kites</i>?' }).click()
    await page.getByRole('button', { name: 'Close the lead' }).waitFor()
    await page.frameLocator('iframe').getByText('It works.').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Close the lead' }).click()
    await page.getByRole('button', { name: 'Open it again' }).waitFor()

    await goTo('/suppressions')
    await page.getByText('Nobody is on the list').waitFor()
    await app.send({ to: 'missing@inbox.test' })
    await app.idle()
    await page.reload()
    await page.getByRole('row', { name: /missing@inbox\.test Refused for good/ }).waitFor()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('textbox', { name: 'Addresses' }).fill('ann@inbox.test\nnobody')
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
    await page.getByText('1 added, 0 were on the list already.').waitFor()
    await page.getByText('nobody: not an e-mail address').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('row', { name: /ann@inbox\.test/ }).waitFor()
    await assertAccessible(page)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export (CSV)' }).click()
    assert.equal((await download).suggestedFilename(), 'suppressions.csv')
    await page.getByRole('button', { name: 'Remove missing@inbox.test' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('row', { name: /missing@inbox\.test/ }).waitFor({ state: 'detached' })
  },
)

browserTest('the overview and the way to go live', async (_t, app, { page, goTo }) => {
  await goTo('/')
  await page.getByText('Send the first message').waitFor()
  await app.send({ to: 'ok@inbox.test' })
  await app.admin('POST', '/api/domains', { name: 'garden.example' })
  await app.idle()
  await page.reload()
  await page.getByRole('img', { name: /1 messages accepted, 1 deliveries, 0 bounces/ }).waitFor()
  await assertAccessible(page)
  await page.getByRole('link', { name: 'The domain garden.example is not validated yet' }).click()
  await page.getByRole('heading', { name: 'Validate garden.example' }).waitFor()
  await goTo('/go-live')
  await page.getByRole('listitem').filter({ hasText: 'Public host name' }).getByText('Missing').waitFor()
  await assertAccessible(page)
})
