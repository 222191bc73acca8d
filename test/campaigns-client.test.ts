/** node-mailjet, unmodified: a developer's path from a list to the numbers of a campaign. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startTestApp } from './app.ts'

const run = promisify(execFile)

const script = `
const { HOST, KEY, SECRET, FROM } = process.env
const mailjet = require('node-mailjet').apiConnect(KEY, SECRET, { config: { host: HOST, version: 'v3' } })
const said = {}
const first = async (call) => (await call).body.Data[0]
const refused = (call) => call.then(() => 'done', (error) => error.message)
const draft = (id, action) => mailjet.post('campaigndraft').id(id).action(action)
const hour = 3_600_000
/** So many days from now, with the offset of Paris in summer. */
const inParis = (days) => new Date(Date.now() + days * 24 * hour + 2 * hour).toISOString().slice(0, 19) + '+02:00'
;(async () => {
  const list = await first(mailjet.post('contactslist').request({ Name: 'Readers' }))
  await mailjet.post('contactmetadata').request({ Name: 'firstname', Datatype: 'str', NameSpace: 'static' })
  for (const [Email, firstname] of [['ana@inbox.example', 'Ana'], ['bo@inbox.example', undefined]]) {
    await mailjet.post('contactslist').id(list.ID).action('managecontact').request({
      Email, Action: 'addnoforce', Properties: firstname ? { firstname } : {},
    })
  }
  said.draft = await first(mailjet.post('campaigndraft').request({
    Locale: 'en_US', Sender: 'Spring shop', SenderEmail: FROM, SenderName: 'Shop', Subject: 'For [[data:firstname:"you"]]',
    ContactsListID: list.ID, Title: 'April mailing', EditMode: 'html2',
  }))
  const id = said.draft.ID
  said.early = await refused(draft(id, 'send').request())
  said.content = await first(draft(id, 'detailcontent').request({
    'Html-part': '<h3>Hello [[data:firstname:"there"]]</h3>', 'Text-part': 'Hello [[data:firstname:"there"]]',
    Headers: { 'X-MJ-TemplateLanguage': '1' },
  }))
  said.tested = await first(draft(id, 'test').request({ Recipients: [{ Email: 'boss@inbox.example', Name: 'Boss' }] }))
  said.scheduled = await first(draft(id, 'schedule').request({ Date: inParis(2) }))
  said.moved = await first(mailjet.put('campaigndraft').id(id).action('schedule').request({ Date: inParis(1) }))
  said.status = await first(mailjet.get('campaigndraft').id(id).action('status').request())
  said.unscheduled = (await mailjet.delete('campaigndraft').id(id).action('schedule').request()).response.status
  said.sent = await first(draft(id, 'send').request())
  for (;;) {
    said.after = await first(mailjet.get('campaigndraft').id(id).request())
    if (said.after.Status === 2) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  said.again = await refused(draft(id, 'schedule').request({ Date: 'NOW' }))
  said.campaign = await first(mailjet.get('campaign').id('mj.nl=' + id).request())
  said.listed = (await mailjet.get('campaign').request({}, { FromTS: 1 })).body.Data.map((one) => one.ID)
  said.starred = await first(mailjet.put('campaign').id(said.campaign.ID).request({ IsStarred: true }))
  console.log(JSON.stringify(said))
})().catch((error) => {
  console.log(JSON.stringify({ problem: error.message, url: error.config?.url }))
})`

type Row = Record<string, unknown>

test('node-mailjet prepares, tests, schedules and sends a campaign, and reads its numbers', async (t) => {
  const app = await startTestApp(t)
  const { stdout } = await run(process.execPath, ['-e', script], {
    env: {
      KEY: app.credentials.apiKey,
      SECRET: app.credentials.secretKey,
      HOST: new URL(app.ready.httpsUrl ?? '').host,
      FROM: app.ready.from,
      NODE_EXTRA_CA_CERTS: app.ready.ca,
    },
    cwd: new URL('..', import.meta.url).pathname,
  })
  const said = JSON.parse(stdout) as Record<string, Row>
  assert.equal(said.problem, undefined, stdout)
  const id = said.draft?.ID
  assert.deepEqual(
    [said.draft?.Status, said.draft?.Sender, said.draft?.Used, said.draft?.CampaignID],
    [0, 'Spring shop', false, undefined],
  )
  assert.match(String(said.early), /You need to specify a text or HTML part/)
  assert.deepEqual(said.content, {
    Headers: { 'X-MJ-TemplateLanguage': '1' },
    'Html-part': '<h3>Hello [[data:firstname:"there"]]</h3>',
    MJMLContent: '',
    'Text-part': 'Hello [[data:firstname:"there"]]',
  })
  assert.deepEqual(said.tested, { Status: 'Draft' })
  for (const [name, days] of [
    ['scheduled', 2],
    ['moved', 1],
  ] as const) {
    assert.equal(said[name]?.Status, 'Programmed')
    const farMs = Date.parse(String(said[name]?.Date)) - Date.now() - days * 86_400_000
    assert.ok(Math.abs(farMs) < 60_000, `${name}: ${said[name]?.Date}`)
  }
  assert.deepEqual(said.status, { Status: 'Programmed' })
  assert.equal(said.unscheduled, 204)
  assert.deepEqual(said.sent, { Status: 'Programmed' })
  assert.match(String(said.again), /Newsletter has to be in status draft or programmed/)
  const campaign = said.campaign ?? {}
  assert.deepEqual(
    [
      campaign.CustomValue,
      campaign.NewsLetterID,
      campaign.CampaignType,
      campaign.Subject,
      campaign.HasHtmlCount,
    ],
    [`mj.nl=${id}`, id, 2, 'For [[data:firstname:"you"]]', 1],
  )
  assert.equal(said.after?.CampaignID, campaign.ID)
  assert.deepEqual(said.listed, [campaign.ID])
  assert.equal(said.starred?.IsStarred, true)

  await app.idle()
  const counters = await app.mailjet(
    'GET',
    `/v3/REST/statcounters?CounterSource=Campaign&CounterTiming=Message&CounterResolution=Lifetime&SourceID=${campaign.ID}`,
  )
  const [row] = (counters.body as { Data: Row[] }).Data
  assert.deepEqual([row?.MessageSentCount, row?.Total], [2, 2])
  const overview = await app.mailjet('GET', '/v3/REST/campaignoverview')
  assert.deepEqual((overview.body as { Data: Row[] }).Data, [
    {
      ...{
        ClickedCount: 0,
        DeliveredCount: 2,
        EditMode: 'html2',
        EditType: 'full',
        ID: campaign.ID,
        IDType: 'Campaign',
      },
      ...{
        OpenedCount: 0,
        ProcessedCount: 2,
        Starred: true,
        Status: 2,
        Subject: 'For [[data:firstname:"you"]]',
      },
      SendTimeStart: (overview.body as { Data: Row[] }).Data[0]?.SendTimeStart,
      Title: 'April mailing',
    },
  ])
  const online = await fetch(String(said.after?.Url).replace(/^https:\/\/[^/]+/, app.ready.url ?? ''))
  assert.match(await online.text(), /<h3>Hello there<\/h3>/)
  const messages = await app.mailjet('GET', `/v3/REST/message?CampaignID=${campaign.ID}`)
  const ids = (messages.body as { Data: Row[] }).Data.map((message) => message.ID)
  assert.deepEqual([ids.length, ids[0]], [2, campaign.FirstMessageID])
})
