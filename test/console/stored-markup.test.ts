/** Whatever strangers and colleagues write into fields is shown as it is written, and runs nothing. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { createTransport } from 'nodemailer'
import { browserTest } from '../browser.ts'
import { cleanUp } from '../storage.ts'

const payloads = [
  '<img src=x onerror="window.hacked=1">',
  '"><script>window.hacked=1</script>',
  '</title></textarea><svg onload=window.hacked=1>',
  "javascript:window.hacked=1//'><a href=javascript:window.hacked=1>click</a>",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a payload
  '{{constructor.constructor("window.hacked=1")()}}${window.hacked=1}',
]

browserTest('stored markup runs nothing on any page', async (t, app, { page, goTo }) => {
  // A host that answers with markup.
  const hostile = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('220 hostile\r\n')
    socket.on('data', (bytes) => {
      for (const line of bytes.toString().split('\r\n').filter(Boolean)) {
        socket.write(/^RCPT/i.test(line) ? `550 5.1.1 ${payloads[0]}\r\n` : '250 hostile\r\n')
      }
    })
  })
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve))
  cleanUp(t, () => hostile.close())
  const address = hostile.address()
  assert.ok(address !== null && typeof address === 'object')

  for (const [index, payload] of payloads.entries()) {
    await app.admin('POST', '/api/keys', { name: payload.slice(0, 60) })
    await app.admin('POST', '/api/senders', { email: `a${index}@shop.example`, name: payload })
    await app.admin('PUT', `/api/system-parameters/own.${index}`, { value: payload })
    await app.admin('POST', '/api/users', { email: `u${index}@shop.example`, name: payload, role: 'viewer' })
    await app.admin('POST', '/api/suppressions', { address: `s${index}@inbox.test`, note: payload })
    await app.admin('POST', '/api/lab/records', { name: `x${index}.example`, type: 'TXT', value: payload })
    const template = await app.admin('POST', '/api/templates', {
      ...{ name: payload, description: payload, author: payload, copyright: payload },
      content: {
        html: `<html><head><title>${payload}</title><script>window.hacked=1</script></head><body onload="window.hacked=1"><p title='${payload}'>${payload}</p>${payload}<iframe srcdoc="<script>parent.hacked=1</script>"></iframe><form action="javascript:window.hacked=1"><button>x</button></form></body></html>`,
        text: payload,
        headers: { Subject: payload, From: `"${payload.replaceAll('"', "'")}" <a@shop.example>` },
      },
    })
    assert.equal(template.status, 201, template.text)
    const sent = await app.mailjet('POST', '/v3.1/send', {
      Messages: [
        {
          From: { Email: app.ready.from, Name: payload },
          To: [{ Email: `ok+${index}@inbox.test`, Name: payload }],
          Subject: payload,
          CustomID: payload.slice(0, 60),
          CustomCampaign: payload,
          TextPart: payload,
          HTMLPart: `<p title='${payload}'>${payload}</p>${payload}`,
          Headers: { 'X-Note': payload },
          Attachments: [
            { ContentType: 'text/html', Filename: payload.replaceAll('/', '_'), Base64Content: 'eA==' },
          ],
        },
      ],
    })
    assert.equal(sent.status, 200, sent.text)
  }
  const server = { host: '127.0.0.1', port: address.port, security: 'none', authentication: 'none' }
  await app.admin('POST', '/api/outgoing-servers', {
    ...server,
    name: payloads[1],
    fromFilter: 'shop.example',
  })
  await app.admin('PUT', '/api/system-parameters/mail.catchall.domain', { value: 'shop.example' })
  await app.admin('POST', '/api/aliases', { name: 'sales' })
  for (const [index, payload] of payloads.entries()) {
    const list = await app.admin('POST', '/api/contact-lists', { name: `${payload} ${index}` })
    assert.equal(list.status, 201, list.text)
    const listId = (list.body as { list: { id: number } }).list.id
    await app.admin('POST', '/api/contacts', {
      ...{ email: `ok+c${index}@inbox.test`, name: payload, lists: [{ id: listId, action: 'addforce' }] },
    })
    await app.admin('POST', '/api/segments', { name: payload.slice(0, 60), expression: `city="${index}"` })
    await app.admin('POST', '/api/templates', { name: payload, content: { html: payload } })
    const campaign = await app.admin('POST', '/api/campaigns', {
      ...{ title: payload, subject: payload.replaceAll('{{', ''), senderName: payload },
      ...{ senderEmail: app.ready.from, listId },
    })
    assert.equal(campaign.status, 201, campaign.text)
    const id = (campaign.body as { campaign: { id: number } }).campaign.id
    const html = `<p title='${payload}'>${payload}</p>`.replaceAll('{{', '')
    await app.admin('PUT', `/api/campaigns/${id}/content`, { html })
  }
  const hook = { topics: ['delivered'], url: `http://127.0.0.1:65535/${payloads[0]?.replaceAll(' ', '/')}` }
  assert.equal((await app.admin('POST', '/api/webhooks', hook)).status, 201)
  const { messageId } = await app.send({ to: 'refused@inbox.test', subject: payloads[2] ?? '' })
  const stranger = createTransport({
    host: '127.0.0.1',
    port: app.ready.mx ?? 0,
    tls: { rejectUnauthorized: false },
  })
  await stranger.sendMail({
    from: { name: payloads[0] ?? '', address: 'eve@garden.test' },
    to: 'sales@shop.example',
    subject: payloads[1] ?? '',
    html: payloads.join('<br>'),
    attachments: [{ filename: 'a<svg onload=window.hacked=1>.html', content: payloads.join('') }],
  })
  await app.idle()
  const first = async (path: string, name: string) => {
    const { body } = await app.admin('GET', path)
    return (body as Record<string, { id: number }[]>)[name]?.at(0)?.id
  }
  const lead = await first('/api/leads', 'leads')
  const serverId = await first('/api/outgoing-servers', 'servers')
  const inbox = await first('/api/lab/inbox', 'messages')
  const campaign = await first('/api/stats/campaigns', 'campaigns')
  const drafts = await app.admin('GET', '/api/campaigns?state=draft')
  const [sentDraft, draft] = (drafts.body as { campaigns: { id: number }[] }).campaigns
  assert.ok(draft !== undefined && sentDraft !== undefined)
  const begun = await app.admin('POST', `/api/campaigns/${sentDraft.id}/send`)
  assert.equal(begun.status, 200, begun.text)
  await app.received(`ok+c${payloads.length - 1}@inbox.test`)
  assert.ok(lead !== undefined && serverId !== undefined && inbox !== undefined && campaign !== undefined)

  page.on('dialog', (dialog) => void dialog.dismiss().then(() => assert.fail('a dialog opened')))
  const paths = [
    ...[
      '/',
      '/messages',
      '/queue',
      '/account',
      '/account/setup',
      '/account/webhooks',
      '/account/sender',
      '/leads',
      '/suppressions',
      '/templates',
    ],
    ...[
      '/settings',
      '/technical/outgoing-mail-servers',
      '/technical/system-parameters',
      '/technical/aliases',
    ],
    ...['/users', '/profile', '/audit', '/lab', '/lab?tab=dns', '/go-live'],
    ...[`/leads/${lead}`, `/technical/outgoing-mail-servers/${serverId}`, `/lab/${inbox}`],
    ...[`/technical/explain?message=${messageId}`, `/messages/${messageId}`],
    ...['/statistics', '/statistics/campaigns', `/statistics/campaigns/${campaign}`],
    ...['/campaigns', `/campaigns/${draft.id}`, `/campaigns/${draft.id}?stage=content`],
    ...[`/campaigns/${draft.id}?stage=send`, `/campaigns/${sentDraft.id}`],
    `/messages?search=${encodeURIComponent(payloads[0] ?? '')}`,
  ]
  for (const path of paths) {
    await goTo(path)
    await page.waitForLoadState('networkidle')
    assert.equal(await page.evaluate('window.hacked'), undefined, path)
  }
  // Attempts and their dialogue, the message as it looks, its source.
  await goTo(`/messages/${messageId}`)
  await page.getByRole('region', { name: 'Attempts' }).getByRole('button').first().click()
  await page.getByText(`550 5.1.1 ${payloads[0]}`).first().waitFor()
  const found = await app.admin('GET', '/api/messages?limit=100')
  for (const { id } of (found.body as { messages: { id: number }[] }).messages) {
    await goTo(`/messages/${id}`)
    await page.getByRole('tab', { name: 'Message' }).click()
    await page.getByRole('tab', { name: 'Source' }).click()
    await page.getByText('Subject:').first().waitFor()
    assert.equal(await page.evaluate('window.hacked'), undefined, String(id))
  }
  // Templates in the editor, as they will look.
  const { templates } = (await app.admin('GET', '/api/templates')).body as { templates: { id: number }[] }
  assert.equal(templates.length, payloads.length)
  for (const { id } of templates) {
    await goTo(`/templates/${id}`)
    await page.frameLocator('iframe').locator('body').waitFor()
    for (const frame of page.frames())
      assert.equal(await frame.evaluate('window.hacked'), undefined, frame.url())
    await page.getByRole('tab', { name: 'Text' }).click()
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByRole('dialog').waitFor()
    assert.equal(await page.evaluate('window.hacked'), undefined, String(id))
  }
  // A campaign's mail, as the person who writes it sees it.
  await goTo(`/campaigns/${sentDraft.id}`)
  await page.getByRole('tab', { name: 'The mail' }).click()
  await page.locator('iframe[title="The mail as this contact will see it"]').waitFor()
  await page.waitForLoadState('networkidle')
  assert.equal(await page.evaluate('window.hacked'), undefined)
  // And it was shown, as it is written.
  await goTo('/account/sender')
  await page
    .getByText(payloads[0] ?? '')
    .first()
    .waitFor()
})
