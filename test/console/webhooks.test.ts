/** Webhooks in the console: added, seen to be called, tried, looked at, sent again; and a parse route. */
import assert from 'node:assert/strict'
import { browserTest } from '../browser.ts'
import { assertAccessible } from '../browser-axe.ts'
import { startReceiver } from '../webhooks-world.ts'

browserTest(
  'a webhook is added, called, and looked at with what was sent',
  async (t, app, { page, goTo }) => {
    const receiver = await startReceiver(t)
    await goTo('/')
    await page.getByRole('navigation').getByRole('link', { name: 'Webhooks' }).click()
    await page.getByText('No webhook yet').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Add a webhook' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('URL of your program').fill('nowhere')
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    await dialog.getByRole('alert').getByText('it is no web address').waitFor()
    await dialog
      .getByLabel('URL of your program')
      .fill(`${receiver.url.replace('//', '//hook:secret@')}/events`)
    await dialog.getByRole('checkbox', { name: 'Opened (open)' }).check()
    await assertAccessible(page)
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    const secret = page.getByRole('status').filter({ hasText: 'The webhook is there' })
    await secret.getByText(/^whsec_/).waitFor()
    await assertAccessible(page)
    await secret.getByRole('button', { name: 'Close' }).click()
    const events = page.getByRole('region', { name: 'Events' })
    await events.getByRole('listitem').nth(2).waitFor()
    assert.equal(await events.getByRole('listitem').count(), 3)
    assert.equal(await page.getByText('secret@').count(), 0)

    await app.send({ to: 'lea@inbox.test' })
    await receiver.wait(1)
    await page.getByRole('link', { name: 'Delivered (sent)' }).click()
    await page.getByRole('heading', { name: 'Delivered (sent)', level: 1 }).waitFor()
    const calls = page.getByRole('region', { name: 'Calls' })
    await calls.getByText('try 1').waitFor()
    await calls.getByRole('button', { name: /^Bodies of the call of/ }).click()
    await calls.getByText('"event": "sent"').waitFor()
    await assertAccessible(page)

    receiver.answer((_request, reply) => reply.writeHead(500).end('<img src=x onerror=alert(1)>'))
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByRole('alert').getByText('it answered 500').waitFor()
    receiver.answer(200)
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByText(/^It answered 200 after \d+ ms\.$/).waitFor()
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByRole('status').getByText('Sent again: 1').waitFor()
    await receiver.wait(1, ({ headers }) => headers['x-paravion-replay'] === 'true')

    await page.getByRole('button', { name: 'Suspend' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click()
    await page.getByText(/is not called any more\. Give it a new URL/).waitFor()
    await page.getByRole('button', { name: 'Make it alive again' }).click()
    await page.getByText('It may have missed something since then').waitFor()
    await page.getByRole('button', { name: 'New secret' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'New secret' }).click()
    await page.getByText(/^whsec_/).waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor()
    // What was removed is not shown from memory, not even for a moment.
    await page.getByRole('link', { name: 'Opened (open)' }).waitFor()
    assert.equal(await events.getByRole('listitem').count(), 2)
  },
)

for (const [language, scheme] of [
  ['fr', 'dark'],
  ['en', 'light'],
] as const) {
  browserTest(
    `webhooks on a phone, ${language}, ${scheme}`,
    async (t, app, { page, goTo }) => {
      const receiver = await startReceiver(t)
      const added = await app.admin('POST', '/api/webhooks', {
        topics: ['delivered', 'bounced'],
        url: `${receiver.url}/a-long-path/that-does-not-fit/into-a-narrow-screen/of-a-phone?with=parameters`,
        version: 2,
      })
      const [webhook] = (added.body as { webhooks: { id: number }[] }).webhooks
      await app.admin('POST', '/api/parse-routes', { url: `${receiver.url}/inbound` })
      await app.admin('POST', `/api/webhooks/${webhook?.id}/test`)
      for (const path of ['/account/webhooks', `/account/webhooks/${webhook?.id}`]) {
        await goTo(path)
        await page
          .getByText(/127\.0\.0\.1/)
          .first()
          .waitFor()
        const width = await page.evaluate('document.documentElement.scrollWidth')
        assert.ok(Number(width) <= 390, `${path} is ${width} wide`)
        await assertAccessible(page)
      }
    },
    { width: 390, height: 800, language, scheme },
  )
}
