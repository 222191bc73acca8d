/** What is counted of mail, as a client of the REST API and the console see it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { type Answer, scenario, startTestApp, type TestApp } from './app.ts'

const run = promisify(execFile)
const env = { PARAVION_TRACKING_SCANNER_SECONDS: '0' }
const agent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36'

/** Every object that a resource answers with. */
async function data(app: TestApp, path: string): Promise<Record<string, unknown>[]> {
  const answer: Answer = await app.mailjet('GET', `/v3/REST/${path}`)
  assert.equal(answer.status, 200, `${path}: ${answer.text}`)
  return (answer.body as { Data: Record<string, unknown>[] }).Data
}

function pick(row: Record<string, unknown> | undefined, ...names: string[]): unknown[] {
  return names.map((name) => row?.[name])
}

test('node-mailjet sends with tracking and reads what came of it', async (t) => {
  const app = await startTestApp(t, 'sqlite', { env })
  const script = `
    const mailjet = require('node-mailjet').apiConnect(process.env.KEY, process.env.SECRET, {
      config: { host: process.env.HOST },
    })
    const agent = { 'user-agent': process.env.AGENT }
    async function eventually(look) {
      for (let tries = 0; tries < 100; tries++) {
        const found = await look()
        if (found) return found
        await new Promise((done) => setTimeout(done, 100))
      }
      throw new Error('nothing came of it: ' + look)
    }
    async function inbox() {
      const headers = { authorization: 'Bearer ' + process.env.TOKEN }
      const list = await (await fetch(process.env.URL + '/api/lab/inbox?to=lea@inbox.test&waitMs=10000', { headers })).json()
      const one = await fetch(process.env.URL + '/api/lab/inbox/' + list.messages[0].id, { headers })
      return (await one.json()).message.content.replaceAll('=\\r\\n', '').replaceAll('=3D', '=').replaceAll('\\r\\n ', ' ')
    }
    async function counts(parameters) {
      const { body } = await mailjet.get('statcounters', { version: 'v3' }).request({}, parameters)
      return body.Data[0]
    }
    const rest = { version: 'v3' }
    async function main() {
      const { body: list } = await mailjet.post('contactslist', rest).request({ Name: 'Readers' })
      const ListID = list.Data[0].ID
      await mailjet.post('contactslist', rest).id(ListID).action('managecontact').request({ Email: 'lea@inbox.test', Action: 'addforce' })
      const { body } = await mailjet.post('send', { version: 'v3.1' }).request({
        Messages: [{
          From: { Email: 'hello@shop.example' }, To: [{ Email: 'lea@inbox.test' }], Subject: 'Spring',
          HTMLPart: '<a href="https://shop.example/sale?a=1&amp;b=2">Sale</a> <a href="[[UNSUB_LINK_EN]]">bye</a>',
          CustomCampaign: 'spring', TrackOpens: 'enabled', TrackClicks: 'enabled', StatisticsContactsListID: ListID,
        }],
      })
      const id = body.Messages[0].To[0].MessageID
      const mail = await inbox()
      await fetch(/<img src="([^"]+)"/.exec(mail)[1], { headers: agent })
      const click = await fetch(/href="([^"]*\\/c\\/[^"]+)"/.exec(mail)[1], { headers: agent, redirect: 'manual' })
      const page = /List-Unsubscribe: <(https:[^>]+)>/.exec(mail)[1]
      const left = await fetch(page, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) })
      const key = { CounterSource: 'APIKey', CounterTiming: 'Message', CounterResolution: 'Lifetime' }
      const total = await eventually(async () => {
        const row = await counts(key)
        return row.EventClickedCount === 1 && row.EventOpenedCount === 1 && row.MessageSentCount === 1 && row
      })
      const { body: message } = await mailjet.get('message', { version: 'v3' }).id(id).request()
      const { body: history } = await mailjet.get('messagehistory', { version: 'v3' }).id(id).request()
      const CampaignID = message.Data[0].CampaignID
      const campaign = await counts({ ...key, CounterSource: 'Campaign', SourceID: CampaignID })
      const { body: links } = await mailjet.get('statistics/link-click', { version: 'v3' }).request({}, { CampaignID })
      const { body: contact } = await mailjet.get('contactstatistics', rest).id('lea@inbox.test').request()
      const { body: members } = await mailjet.get('listrecipientstatistics', rest).request({}, { ContactsList: ListID, Open: true })
      const { body: lists } = await mailjet.get('liststatistics', rest).id(ListID).request()
      const ofList = await counts({ ...key, CounterSource: 'List', SourceID: ListID })
      console.log(JSON.stringify({
        contact: contact.Data[0], member: members.Data[0], list: lists.Data[0], ofList,
        click: [click.status, click.headers.get('location')], left: left.status, total, campaign,
        status: message.Data[0].Status, history: history.Data.map(({ EventType }) => EventType).sort(), links: links.Data,
      }))
    }
    main().catch((error) => { console.error(error, error.response?.data); process.exit(1) })`
  const { stdout } = await run(process.execPath, ['-e', script], {
    env: {
      KEY: app.credentials.apiKey,
      SECRET: app.credentials.secretKey,
      HOST: new URL(app.ready.httpsUrl ?? '').host,
      URL: app.ready.url ?? '',
      TOKEN: app.adminToken,
      AGENT: agent,
      NODE_EXTRA_CA_CERTS: app.ready.ca,
    },
    cwd: new URL('..', import.meta.url).pathname,
  })
  const found = JSON.parse(stdout)
  assert.deepEqual([found.click, found.left], [[302, 'https://shop.example/sale?a=1&b=2'], 200])
  const names = [
    'MessageSentCount',
    'MessageOpenedCount',
    'MessageClickedCount',
    'MessageUnsubscribedCount',
    'EventOpenedCount',
    'EventClickedCount',
    'Total',
    'Timeslice',
  ]
  assert.deepEqual(pick(found.total, ...names, 'SourceID'), [1, 1, 1, 1, 1, 1, 1, '', 0])
  assert.deepEqual(pick(found.campaign, ...names), [1, 1, 1, 1, 1, 1, 1, ''])
  assert.deepEqual(pick(found.ofList, ...names), [1, 1, 1, 1, 1, 1, 1, ''])
  for (const row of [found.contact, found.member, found.list]) {
    assert.deepEqual(
      pick(row, 'ProcessedCount', 'DeliveredCount', 'OpenedCount', 'ClickedCount', 'UnsubscribedCount'),
      [1, 1, 1, 1, 1],
    )
  }
  assert.equal(found.status, 'unsub')
  assert.deepEqual(found.history, ['clicked', 'opened', 'sent', 'unsub'])
  assert.deepEqual(found.links, [
    {
      URL: 'https://shop.example/sale?a=1&b=2',
      PositionIndex: 1,
      ClickedMessagesCount: 1,
      ClickedEventsCount: 1,
    },
  ])
})

scenario(
  'everything that is counted can be read',
  async (_t, app) => {
    const added = await app.mailjet('POST', '/v3/REST/contact', { Email: 'OK@inbox.test' })
    const contactId = (added.body as { Data: { ID: number }[] }).Data[0]?.ID
    const sent = await app.mailjet('POST', '/v3.1/send', {
      Messages: ['ok@inbox.test', 'missing@inbox.test', 'busy@inbox.test'].map((Email) => ({
        From: { Email: app.ready.from },
        To: [{ Email }],
        Subject: 'Spring',
        HTMLPart: '<a href="https://shop.example/a">A</a> <a href="https://shop.example/b">B</a>',
        CustomCampaign: 'spring',
        TrackOpens: 'enabled',
        TrackClicks: 'enabled',
      })),
    })
    assert.equal(sent.status, 200, sent.text)
    const [ok, missing, busy] = (sent.body as { Messages: { To: { MessageID: number }[] }[] }).Messages.map(
      ({ To }) => To[0]?.MessageID,
    )
    const [mail] = await app.received('ok@inbox.test')
    const shown = await app.admin('GET', `/api/lab/inbox/${mail?.id}`)
    const text = (shown.body as { message: { content: string } }).message.content
      .replaceAll('=\r\n', '')
      .replaceAll('=3D', '=')
    await app.idle()
    const headers = { 'user-agent': agent }
    const [a = '', b = ''] = [...text.matchAll(/href="(http[^"]+\/c\/[^"]+)"/g)].map(([, url]) => url)
    for (const url of [/<img src="([^"]+)"/.exec(text)?.[1] ?? '', a, a, b]) {
      await fetch(url, { headers, redirect: 'manual' })
    }
    await fetch(b, { redirect: 'manual', headers: { 'user-agent': 'curl/8.5.0' } })
    await app.idle()

    const [campaign] = await data(app, 'campaignstatistics/spring')
    const CampaignID = Number(campaign?.CampaignID)
    const counts = [
      'ProcessedCount',
      'DeliveredCount',
      'HardBouncedCount',
      'DeferredCount',
      'QueuedCount',
      'OpenedCount',
      'ClickedCount',
    ]
    assert.deepEqual(pick(campaign, ...counts), [3, 1, 1, 1, 0, 1, 1])
    const [sender] = await data(app, `senderstatistics/*@${app.ready.from.split('@')[1]}`)
    assert.deepEqual(pick(sender, ...counts), [3, 1, 1, 1, 0, 1, 1])
    assert.deepEqual(pick((await data(app, 'apikeytotals'))[0], 'ProcessedCount', 'BouncedCount'), [3, 1])
    assert.deepEqual(pick((await data(app, 'openstatistics'))[0], 'OpenedCount', 'ProcessedCount'), [1, 3])
    const totals = ['AverageClickedCount', 'ProcessedCount', 'TotalClicksCount', 'TransactionalCount']
    for (const filter of [
      ...['', 'FromTS=1', 'Period=Day', 'FromTS=1&ToTS=4000000000', `CampaignID=${CampaignID}`],
      ...['CustomCampaign=spring&Period=Week', 'FromType=1', 'IsStarred=false', 'CampaignStatus=0'],
    ]) {
      const [row] = await data(app, `messagestatistics?${filter}`)
      assert.deepEqual(pick(row, ...totals, 'CampaignCount'), [3, 3, 0, 3, 0], filter)
    }
    const both = 'ProcessTotalClicksCount=1&ProcessTotalOpensCount=1'
    const [withEvents] = await data(app, `messagestatistics?${both}`)
    assert.deepEqual(pick(withEvents, 'TotalClicksCount', 'TotalOpensCount'), [3, 1])
    for (const filter of [
      ...['ToTS=1', 'FromTS=4000000000', 'CampaignID=1', 'CustomCampaign=autumn', 'FromType=2', 'FromType=3'],
      ...['IsDeleted=true', 'IsNewsletterTool=1', 'CustomCampaign=spring&ToTS=1', 'CampaignStatus=2'],
    ]) {
      const [row] = await data(app, `messagestatistics?${filter}`)
      assert.deepEqual(pick(row, ...totals), [0, 0, 0, 0], filter)
      const [opens] = await data(app, `openstatistics?${filter}`)
      assert.deepEqual(opens, { OpenedCount: 0, OpenedDelay: 0, ProcessedCount: 0 }, filter)
    }
    for (const filter of [
      'ContactID=1',
      'ContactEmail=ok@inbox.test',
      'From=x@y.example',
      'ContactsList=1',
    ]) {
      const { status, text } = await app.mailjet('GET', `/v3/REST/messagestatistics?${filter}`)
      assert.equal(status, 400, filter)
      assert.match(text, /they cannot be told by/)
    }
    const ids = async (path: string, name: string) => (await data(app, path)).map((row) => row[name])
    const senders = (filter: string) => ids(`senderstatistics?${filter}`, 'SenderID')
    const ofSender = [sender?.SenderID]
    for (const filter of [
      ...[`Sender=${sender?.SenderID}`, `SenderID=${sender?.SenderID}`, 'Domain=SHOP.example', 'Open=true'],
      ...[
        'HardBounced=1&Queued=0&Unsubscribed=0',
        'MinLastActivityAt=2001-01-01',
        'Sort=ProcessedCount+DESC',
      ],
    ]) {
      assert.deepEqual(await senders(filter), ofSender, filter)
    }
    for (const filter of [
      'Sender=1',
      'Domain=hop.example',
      'Spam=1',
      'Sent=0',
      'MaxLastActivityAt=2001-01-01',
    ]) {
      assert.deepEqual(await senders(filter), [], filter)
    }
    const campaigned = (filter: string) => ids(`campaignstatistics?${filter}`, 'CampaignID')
    for (const filter of [
      ...[`Sender=${sender?.SenderID}`, 'Open=1', 'Bounced=1&SoftBounced=0', 'LastActivityAt=2001-01-01'],
      ...['Sort=ProcessedCount+DESC', 'Sort=Newsletter.ID+DESC', 'CampaignStatus=0', 'GroupAX=false'],
    ]) {
      assert.deepEqual(await campaigned(filter), [CampaignID], filter)
    }
    for (const filter of [
      ...['Sender=1', 'Open=0', 'Blocked=1', 'Queued=1', 'MaxLastActivityAt=2001-01-01', 'CampaignStatus=1'],
      ...['AXTesting=4', 'GroupAX=true', 'WorkflowID=1', 'ContactsListID=1'],
    ]) {
      assert.deepEqual(await campaigned(filter), [], filter)
    }
    assert.deepEqual(await ids(`campaign?FromTS=1`, 'FromID'), ofSender)

    const source = `statcounters?CounterSource=Campaign&SourceID=${CampaignID}&CounterTiming=Event`
    const [slice, ...others] = await data(app, `${source}&CounterResolution=Day`)
    assert.deepEqual(others, [])
    assert.deepEqual(pick(slice, 'Total', 'EventClickedCount', 'MessageClickedCount'), [3, 3, 1])
    assert.match(String(slice?.Timeslice), /^20\d\d-\d\d-\d\dT00:00:00Z$/)
    assert.deepEqual(await data(app, `${source}&CounterResolution=Hour&ToTS=1`), [])
    // The slice in which a time is belongs to it.
    const now = Math.floor(Date.now() / 1000)
    assert.deepEqual(await data(app, `${source}&CounterResolution=Day&FromTS=${now}`), [slice])
    const ofKey = 'statcounters?CounterSource=APIKey&CounterTiming=Message&CounterResolution=Lifetime'
    assert.deepEqual(await data(app, `${ofKey}&APIKeyID=1`), [])
    const others2 = 'statcounters?CounterSource=Campaign&SourceID=1&CounterTiming=Message'
    assert.deepEqual(await data(app, `${others2}&CounterResolution=Lifetime`), [], 'none of this key')
    for (const bad of [
      'CounterTiming=Event&CounterResolution=Day',
      'CounterSource=List&SourceID=1&CounterTiming=Message&CounterResolution=Day',
      'CounterSource=List&SourceID=1&CounterTiming=Event&CounterResolution=Lifetime',
      'CounterSource=Campaign&CounterTiming=Message&CounterResolution=Day',
      'CounterSource=Sender&SourceID=1&CounterTiming=Event&CounterResolution=Day',
      'CounterSource=APIKey&CounterTiming=Message&CounterResolution=Week',
      'CounterSource=APIKey&CounterTiming=Message&CounterResolution=Day&FromTS=garbage',
      'CounterSource=APIKey&CounterTiming=Message&CounterResolution=Day&ToTS=2026-99-99',
      'CounterSource=APIKey&CounterTiming=Message&CounterResolution=Day&CounterType=1',
    ]) {
      assert.equal((await app.mailjet('GET', `/v3/REST/statcounters?${bad}`)).status, 400, bad)
    }

    const opens = await data(app, 'openinformation')
    assert.deepEqual(
      opens.map((row) => pick(row, 'MessageID', 'CampaignID', 'ContactID', 'UserAgentFull')),
      [[ok, CampaignID, contactId, agent]],
    )
    const clicks = await data(app, `clickstatistics?MessageID=${ok}`)
    assert.deepEqual(
      clicks.map(({ Url }) => Url),
      ['https://shop.example/a', 'https://shop.example/a', 'https://shop.example/b'],
      'curl is no person',
    )
    assert.deepEqual(
      (await data(app, `toplinkclicked?CampaignID=${CampaignID}`)).map((row) =>
        pick(row, 'Url', 'ClickedCount'),
      ),
      [
        ['https://shop.example/a', 2],
        ['https://shop.example/b', 1],
      ],
    )
    assert.deepEqual(await data(app, 'useragentstatistics?Event=click'), [
      { Count: 3, DistinctCount: 1, Platform: 'Linux', UserAgent: 'Chrome' },
    ])
    assert.deepEqual(await data(app, 'geostatistics'), [])
    // What is not counted for itself is counted among the visits.
    const narrowed = [
      `From=${app.ready.from}`,
      'FromTS=1',
      'Period=Day',
      `Message=${ok}`,
      `Contact=${contactId}`,
    ]
    for (const filter of narrowed) {
      assert.deepEqual(
        await data(app, `useragentstatistics?Event=click&${filter}`),
        [{ Count: 3, DistinctCount: 1, Platform: 'Linux', UserAgent: 'Chrome' }],
        filter,
      )
      assert.deepEqual(await data(app, `toplinkclicked?${filter}`), await data(app, 'toplinkclicked'), filter)
    }
    assert.equal((await data(app, 'toplinkclicked?CustomCampaign=spring')).length, 2)
    const links = await ids('toplinkclicked?Sort=ID', 'LinkId')
    assert.deepEqual(
      links,
      links.toSorted((a, b) => Number(a) - Number(b)),
    )
    assert.deepEqual(await ids('toplinkclicked?Sort=ID&FromTS=1', 'LinkId'), links)
    for (const filter of [
      ...['CustomCampaign=autumn', 'FromTS=4000000000', 'ToTS=1', `Message=${missing}`, 'ContactsList=1'],
      ...['From=x@shop.example', 'FromType=2', 'IsStarred=1', 'Contact=1'],
    ]) {
      for (const resource of ['useragentstatistics', 'toplinkclicked', 'geostatistics']) {
        assert.deepEqual(await data(app, `${resource}?${filter}`), [], `${resource}?${filter}`)
      }
    }
    for (const resource of ['openinformation', 'clickstatistics', 'bouncestatistics']) {
      const all = await data(app, `${resource}?FromTS=1`)
      for (const filter of ['CustomCampaign=spring', `FromTS=1&From=${app.ready.from}`, 'FromType=1']) {
        assert.deepEqual(await data(app, `${resource}?${filter}`), all, `${resource}?${filter}`)
      }
      for (const filter of ['CustomCampaign=autumn', 'From=x@shop.example', 'FromType=2', 'ContactsList=1']) {
        assert.deepEqual(await data(app, `${resource}?${filter}`), [], `${resource}?${filter}`)
      }
    }
    assert.equal((await data(app, 'clickstatistics?MessageStatus=clicked')).length, 3)
    assert.deepEqual(await data(app, 'clickstatistics?MessageStatus=5'), [])
    const [provider] = await data(app, `statistics/recipient-esp?CampaignID=${CampaignID}`)
    assert.deepEqual(pick(provider, 'ESPName', 'AttemptedMessagesCount', 'OpenRate', 'HardBouncedRate'), [
      'others',
      3,
      0.3333,
      0.3333,
    ])
    const [bounce, putOff, ...more] = await data(app, 'bouncestatistics')
    assert.deepEqual(more, [])
    assert.deepEqual(pick(putOff, 'ID', 'IsBlocked', 'IsStatePermanent'), [busy, false, false])
    assert.deepEqual(pick(bounce, 'ID', 'CampaignID', 'IsBlocked', 'IsStatePermanent', 'StateID'), [
      missing,
      CampaignID,
      true,
      true,
      1,
    ])
    const rows = await data(app, 'messagesentstatistics?ShowExtraData=true&Sort=ID')
    // Whoever is written to is a contact from then on.
    const contacts = await data(app, 'contact')
    const idOf = (email: string) => contacts.find(({ Email }) => Email === email)?.ID
    assert.deepEqual(
      rows.map((row) => pick(row, 'ToEmail', 'ContactID', 'Status', 'Open', 'Bounce', 'BounceReason')),
      [
        ['ok@inbox.test', contactId, 'clicked', true, false, ''],
        ['missing@inbox.test', idOf('missing@inbox.test'), 'hardbounced', false, true, 'user unknown'],
        ['busy@inbox.test', idOf('busy@inbox.test'), 'deferred', false, false, ''],
      ],
    )
    assert.deepEqual(
      (await data(app, 'message?MessageStatus=clicked')).map(({ ID }) => ID),
      [ok],
    )
    assert.deepEqual(await data(app, 'message?MessageStatus=sent,opened'), [])

    // What people did is known of them, too; the open and the clicks of a machine are not theirs.
    const [contact] = await data(app, `contact/${contactId}`)
    assert.equal(contact?.DeliveredCount, 1)
    assert.match(String(contact?.LastActivityAt), /^20\d\d-/)
    assert.equal(contact?.UnsubscribedAt, '')
    const preview = async (expression: string) => {
      const { body } = await app.admin('POST', '/api/segments/preview', { expression })
      return (body as { count: number }).count
    }
    assert.deepEqual([await preview('HasOpenedSince(1)'), await preview('HasClickedSince(1)')], [1, 1])

    const api = async (path: string) => {
      const answer = await app.admin('GET', path)
      assert.equal(answer.status, 200, answer.text)
      return answer.body as Record<string, Record<string, unknown>[]> & { totals: Record<string, unknown> }
    }
    const stats = await api(`/api/stats?campaign=${CampaignID}&resolution=hour`)
    const shownCounts = ['processed', 'sent', 'hardBounced', 'deferred', 'opened', 'clicks', 'machineClicks']
    assert.deepEqual(pick(stats.totals, ...shownCounts), [3, 1, 1, 1, 1, 3, 1])
    assert.deepEqual(pick(stats.series?.[0], ...shownCounts), [3, 1, 1, 1, 1, 3, 1])
    assert.equal((await api('/api/stats/links')).links?.length, 2)
    const readers = await api(`/api/stats/readers?campaign=${CampaignID}`)
    assert.deepEqual(pick(readers.agents?.[0], 'platform', 'agent', 'opened'), ['Linux', 'Chrome', 1])
    assert.deepEqual(pick(stats.sum as never, ...shownCounts), [3, 1, 1, 1, 1, 3, 1])
    assert.deepEqual(
      (await api('/api/stats/readers')).providers?.map((row) => pick(row, 'provider', 'sent', 'hardBounced')),
      [['others', 1, 1]],
    )
    const shownSenders = (await api('/api/stats/senders?resolution=hour')).senders ?? []
    assert.deepEqual(
      shownSenders.map((row) => pick(row, 'email', ...shownCounts)),
      [['*@shop.example', 3, 1, 1, 1, 1, 3, 1]],
    )
    assert.deepEqual((await api('/api/stats/senders?to=1')).senders, [])
    const campaigns = async (more: string) =>
      ((await api(`/api/stats/campaigns?${more}`)).campaigns ?? []).map((row) => row.name)
    assert.deepEqual(await campaigns(''), ['spring'])
    assert.deepEqual(await campaigns('search=prin'), ['spring'])
    assert.deepEqual(await campaigns('search=winter'), [])
    assert.deepEqual(await campaigns(`before=${CampaignID}`), [])
    const shownCampaign = await api(`/api/stats/campaigns/${CampaignID}`)
    assert.deepEqual(pick(shownCampaign.campaign as never, 'id', 'name', ...shownCounts), [
      CampaignID,
      'spring',
      3,
      1,
      1,
      1,
      1,
      3,
      1,
    ])
    const other = await app.admin('POST', '/api/keys', { name: 'other' })
    assert.equal(other.status, 201, other.text)
    const { publicKey } = (other.body as { key: { publicKey: string } }).key
    assert.deepEqual(await campaigns(`key=${publicKey}`), [], 'each key has its own')
    for (const path of [`campaigns/${CampaignID}?key=${publicKey}`, 'campaigns/1', 'campaigns/x']) {
      assert.equal((await app.admin('GET', `/api/stats/${path}`)).status, 404, path)
    }
    assert.equal((await app.admin('GET', '/api/stats?campaign=1')).status, 404)
    const wide = await app.admin('GET', '/api/stats?resolution=five-minutes&from=1')
    assert.equal(wide.status, 400)
    assert.match(wide.text, /coarser/)
  },
  { env },
)

scenario('totals of many campaigns are shown page by page', async (_t, app) => {
  const sent = await app.mailjet('POST', '/v3.1/send', {
    Messages: Array.from({ length: 12 }, (_, i) => ({
      From: { Email: app.ready.from },
      To: [{ Email: 'ok@inbox.test' }],
      TextPart: 'x',
      CustomCampaign: `c${i}`,
    })),
  })
  assert.equal(sent.status, 200, sent.text)
  await app.idle()
  const campaigns = await data(app, 'campaignstatistics?Limit=0')
  assert.deepEqual(
    campaigns.map(({ ProcessedCount }) => ProcessedCount),
    Array<number>(12).fill(1),
  )
  const counted = await app.mailjet('GET', '/v3/REST/campaignstatistics?CountRecords=true&Limit=5')
  assert.deepEqual(pick(counted.body as Record<string, unknown>, 'Count', 'Total'), [5, 12])
  const ids = campaigns.map(({ CampaignID }) => CampaignID)
  const source = `statcounters?CounterSource=Campaign&SourceIDs=${ids.join(',')}&CounterTiming=Message`
  const first = await data(app, `${source}&CounterResolution=Lifetime`)
  const second = await data(app, `${source}&CounterResolution=Lifetime&Offset=10`)
  assert.deepEqual([first.length, second.length], [10, 2])
  assert.deepEqual(
    [...first, ...second].map(({ SourceID, Total }) => [SourceID, Total]),
    ids.map((id) => [id, 1]),
  )
})

scenario('contacts, members of lists and lists have totals of their own', async (_t, app) => {
  const make = async (resource: string, body: object) => {
    const answer = await app.mailjet('POST', `/v3/REST/${resource}`, body)
    assert.equal(answer.status, 201, answer.text)
    return Number((answer.body as { Data: { ID: number }[] }).Data[0]?.ID)
  }
  const list = await make('contactslist', { Name: 'Readers' })
  const empty = await make('contactslist', { Name: 'Nobody' })
  const people: { id: number; member: number; email: string }[] = []
  for (const email of ['ok@inbox.test', 'missing@inbox.test', 'quiet@inbox.test']) {
    const id = await make('contact', { Email: email })
    people.push({ id, email, member: await make('listrecipient', { ContactID: id, ListID: list }) })
  }
  const [ok, missing, quiet] = people
  await make('contactmetadata', { Name: 'city', Datatype: 'str' })
  const values = await app.mailjet('PUT', `/v3/REST/contactdata/${ok?.id}`, {
    Data: [{ Name: 'city', Value: 'Lyon' }],
  })
  assert.equal(values.status, 200, values.text)
  const send = async (more: object) => {
    const sent = await app.mailjet('POST', '/v3.1/send', {
      Messages: ['OK@inbox.test', 'missing@inbox.test'].map((Email) => ({
        ...{ From: { Email: app.ready.from }, To: [{ Email }], Subject: 'x', TextPart: 'x', ...more },
      })),
    })
    assert.equal(sent.status, 200, sent.text)
    await app.idle()
  }
  await send({ StatisticsContactsListID: list })
  await send({})

  const shown = ['ProcessedCount', 'DeliveredCount', 'HardBouncedCount', 'BlockedCount', 'QueuedCount']
  const ofPeople = await data(app, 'contactstatistics')
  assert.deepEqual(
    ofPeople.map((row) => pick(row, 'ContactID', ...shown)),
    [
      [ok?.id, 2, 2, 0, 0, 0],
      // It bounced for good, and was not written to again.
      [missing?.id, 2, 0, 1, 1, 0],
      [quiet?.id, 0, 0, 0, 0, 0],
    ],
  )
  assert.match(String(ofPeople[0]?.LastActivityAt), /^20\d\d-/)
  assert.equal(ofPeople[2]?.LastActivityAt, '')
  const one = await data(app, 'contactstatistics/Ok@inbox.test')
  assert.deepEqual(one, [ofPeople[0]])
  assert.deepEqual(await data(app, `contactstatistics/${ok?.id}`), one)
  assert.equal((await app.mailjet('GET', '/v3/REST/contactstatistics/nobody@inbox.test')).status, 404)
  const idsOf = async (path: string, name: string) => (await data(app, path)).map((row) => row[name])
  const contacts = (filter: string) => idsOf(`contactstatistics?${filter}`, 'ContactID')
  assert.deepEqual(await contacts('HardBounced=true'), [missing?.id])
  assert.deepEqual(await contacts('Bounced=0&Sent=0'), [quiet?.id])
  assert.deepEqual(await contacts('Queued=true'), [])
  assert.deepEqual(await contacts('MinLastActivityAt=2001-01-01'), [ok?.id])
  assert.deepEqual(await contacts('MaxLastActivityAt=2001-01-01'), [])
  assert.deepEqual(await contacts('Sort=ProcessedCount+DESC'), [missing?.id, ok?.id, quiet?.id])
  const counted = await app.mailjet('GET', '/v3/REST/contactstatistics?Sent=true&CountRecords=1')
  assert.deepEqual(pick(counted.body as Record<string, unknown>, 'Count', 'Total'), [1, 1])

  const members = await data(app, `listrecipientstatistics?ContactsList=${list}`)
  assert.deepEqual(
    members.map((row) => pick(row, 'ListRecipientID', ...shown, 'Data')),
    [
      [ok?.member, 1, 1, 0, 0, 0, undefined],
      [missing?.member, 1, 0, 1, 0, 0, undefined],
      [quiet?.member, 0, 0, 0, 0, 0, undefined],
    ],
  )
  const [extra] = await data(app, `listrecipientstatistics?Contact=${ok?.id}&ShowExtraData=true`)
  assert.deepEqual(extra?.Data, [{ Name: 'city', Value: 'Lyon' }])
  const ofMembers = (filter: string) => idsOf(`listrecipientstatistics?${filter}`, 'ListRecipientID')
  assert.deepEqual(await ofMembers('Sort=Email+DESC'), [quiet?.member, ok?.member, missing?.member])
  assert.deepEqual(await ofMembers('Blocked=false&HardBounced=true'), [missing?.member])
  assert.deepEqual(await ofMembers('Queued=true'), [])
  assert.deepEqual(await ofMembers('IsUnsubscribed=true'), [])
  assert.deepEqual(
    await ofMembers('IsExcludedFromCampaigns=false&IsActive=true'),
    people.map((one) => one.member),
  )
  assert.deepEqual(await ofMembers('IsActive=false'), [])
  assert.deepEqual(await data(app, `listrecipientstatistics/${missing?.member}`), [members[1]])

  const lists = await data(app, 'liststatistics')
  assert.deepEqual(
    lists.map((row) => pick(row, 'ID', 'Name', 'SubscriberCount', 'ActiveCount', ...shown)),
    [
      [list, 'Readers', 3, 0, 2, 1, 1, 0, 0],
      [empty, 'Nobody', 0, 0, 0, 0, 0, 0, 0],
    ],
  )
  await app.mailjet('PUT', `/v3/REST/listrecipient/${quiet?.member}`, { IsUnsubscribed: true })
  await app.mailjet('PUT', `/v3/REST/contact/${ok?.id}`, { IsExcludedFromCampaigns: true })
  const calc = 'CalcActive=1&CalcActiveUnsub=1&CalcActiveExcludedSubscriber=1&CalcExcludedSubscriber=1'
  assert.deepEqual(
    pick(
      (await data(app, `liststatistics/${list}?${calc}`))[0],
      ...[
        'ActiveCount',
        'ActiveUnsubscribedCount',
        'ActiveExcludedSubscriberCount',
        'ExcludedSubscriberCount',
      ],
    ),
    [3, 1, 1, 1],
  )
  const ofLists = (filter: string) => idsOf(`liststatistics?${filter}`, 'ID')
  assert.deepEqual(await ofLists('Sort=ProcessedCount+DESC'), [list, empty])
  assert.deepEqual(await ofLists('Sort=Name'), [empty, list])
  assert.deepEqual(await ofLists('Sent=true'), [list])
  assert.deepEqual(await ofLists('Sent=false'), [empty])
  assert.deepEqual(await ofLists('Queued=true'), [])
  assert.deepEqual(await ofLists('NameCI=readers'), [list])
  assert.deepEqual(await ofLists('NameLike=body'), [empty])
  assert.deepEqual(await ofLists('NameLike=READ'), [])
  assert.deepEqual(await ofLists('NameLikeCI=READ'), [list])
  await app.mailjet('PUT', `/v3/REST/contactslist/${empty}`, { Name: 'Über Nobody' })
  assert.deepEqual(await ofLists(`NameCI=${encodeURIComponent('Über NOBODY')}`), [empty])
  assert.deepEqual(await ofLists(`ExcludeID=${list}`), [empty])
  assert.deepEqual(await ofMembers('IsUnsubscribed=true&MinUnsubscribedAt=2001-01-01'), [quiet?.member])
  assert.deepEqual(await ofMembers('MaxUnsubscribedAt=2001-01-01'), [])

  const source = 'statcounters?CounterSource=List&CounterTiming=Message&CounterResolution=Lifetime'
  const counters = await data(app, `${source}&SourceIDs=${list},${empty},1`)
  assert.deepEqual(
    counters.map((row) =>
      pick(row, 'SourceID', 'Total', 'MessageSentCount', 'MessageHardBouncedCount', 'Timeslice'),
    ),
    [
      [list, 2, 1, 1, ''],
      [empty, 0, 0, 0, ''],
    ],
  )

  const erased = await app.mailjet('DELETE', `/v4/contacts/${missing?.id}`)
  assert.equal(erased.status, 200, erased.text)
  assert.deepEqual(await contacts('Sort=ID'), [ok?.id, quiet?.id])
  assert.deepEqual(await ofMembers('HardBounced=true'), [])
  assert.equal((await data(app, `liststatistics/${list}`))[0]?.HardBouncedCount, 1, 'the list keeps its own')
})
