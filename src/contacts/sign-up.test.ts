/** Double opt-in, from the call of the site to the list. */
import assert from 'node:assert/strict'
import { httpStorageTest, httpTest, type TestHttp } from '../../test/http-server.ts'
import { assertRefused, oneOf, restCaller, rowsOf } from '../../test/rest-calls.ts'
import { addSuppression } from './suppressions.ts'

const from = 'Shop <hello@shop.example>'

function signUp(http: TestHttp, list: unknown, body: object) {
  return http.call({
    method: 'POST',
    path: `/api/contact-lists/${list}/signups`,
    headers: { authorization: http.bearer },
    body: { from, ...body },
  })
}

/** The paths of the links in the mails that went out, oldest first. */
async function linksOf({ storage }: TestHttp): Promise<string[]> {
  const rows = await storage.db.selectFrom('bodies').select('content').orderBy('message_id').execute()
  return rows.flatMap(({ content }) => {
    const text = Buffer.from(content).toString('latin1').replaceAll('=\r\n', '')
    const found = /https:\/\/mail\.paravion\.example(\/confirm\/[\w-]+)/.exec(text)
    return found?.[1] === undefined ? [] : [found[1]]
  })
}

httpStorageTest('who signs up is in the list once they have confirmed, and not before', async (http) => {
  const call = restCaller(http)
  const list = oneOf(await call('POST', 'contactslist', { Name: 'Readers <&>' }))
  await call('POST', 'contactmetadata', { Name: 'city' })
  const wish = {
    email: 'Lea@a.test',
    name: 'Lea',
    properties: { city: 'Lyon' },
    source: 'footer',
    address: '192.0.2.7',
  }
  const asked = await signUp(http, list.ID, wish)
  assert.deepEqual([asked.status, asked.body], [202, { outcome: 'mailed' }])
  assert.deepEqual((await signUp(http, list.ID, wish)).body, { outcome: 'mailed-lately' })
  const pending = oneOf(await call('GET', 'contact/lea@a.test'))
  assert.deepEqual([pending.IsOptInPending, pending.Name], [true, ''], 'what was said is not taken over yet')
  assert.deepEqual(rowsOf(await call('GET', 'listrecipient')), [])
  await addSuppression(http.storage, {
    ...{ keyId: http.keyId, address: 'lea@a.test', reason: 'unsubscribe', origin: 'long ago', at: 1 },
  })

  const links = await linksOf(http)
  assert.equal(links.length, 1)
  const [path = ''] = links
  const shown = await http.call({ path })
  assert.equal(shown.status, 200)
  assert.match(shown.text, /<strong>Readers &#60;&#38;&#62;<\/strong>/)
  assert.deepEqual(rowsOf(await call('GET', 'listrecipient')), [], 'looking changes nothing')

  for (const clicked of [
    await http.call({ method: 'POST', path }),
    await http.call({ method: 'POST', path }),
  ]) {
    assert.equal(clicked.status, 200)
    assert.match(clicked.text, /You are subscribed/)
  }
  const lea = oneOf(await call('GET', 'contact/lea@a.test'))
  assert.deepEqual([lea.IsOptInPending, lea.Name, lea.IsExcludedFromCampaigns], [false, 'Lea', false])
  assert.deepEqual(oneOf(await call('GET', 'contactdata/lea@a.test')).Data, [{ Name: 'city', Value: 'Lyon' }])
  assert.equal(oneOf(await call('GET', 'listrecipient')).IsUnsubscribed, false)
  assert.deepEqual((await signUp(http, list.ID, wish)).body, { outcome: 'subscribed-already' })
  const row = oneOf(await call('GET', `contactslistsignup?ContactsList=${list.ID}&Email=LEA@a.test`))
  assert.deepEqual(
    [row.ContactID, row.SignupIp, row.ConfirmIp, row.Source, row.SignupKey],
    [lea.ID, '192.0.2.7', '127.0.0.1', 'footer', ''],
  )
  assert.ok(Number(row.ConfirmAt) >= Number(row.SignupAt) && Number(row.SignupAt) > 1_700_000_000)
  assert.deepEqual(rowsOf(await call('GET', 'contactslistsignup?MaxConfirmAt=1000')), [])
})

httpTest('links that are over, unknown, or of a list that is gone confirm nothing', async (http) => {
  const call = restCaller(http)
  const list = oneOf(await call('POST', 'contactslist', { Name: 'Readers' }))
  await signUp(http, list.ID, { email: 'lea@a.test' })
  const [path = ''] = await linksOf(http)
  const stateOf = async (link: string) => (await http.call({ method: 'POST', path: link })).status
  assert.equal(await stateOf('/confirm/nonsense'), 404)
  await call('DELETE', `contactslist/${list.ID}`)
  assert.equal(await stateOf(path), 404)
  await call('PUT', `contactslist/${list.ID}`, { IsDeleted: false })
  await http.storage.db.updateTable('contact_signups').set({ expires_at: 1 }).execute()
  assert.equal(await stateOf(path), 410)
  assert.deepEqual(rowsOf(await call('GET', 'listrecipient')), [])
  assert.equal(rowsOf(await call('GET', 'contactslistsignup'))[0]?.ConfirmAt, 0)

  const wrong = [
    { email: 'x' },
    { email: 'a@a.test', from: 'nobody' },
    { email: 'a@a.test', properties: { a: 1 } },
  ]
  for (const body of wrong) assert.equal((await signUp(http, list.ID, body)).status, 400)
  assert.equal((await signUp(http, 999, { email: 'a@a.test' })).status, 404)
  assertRefused(await call('POST', 'contactslistsignup', {}), 405, 'Method not allowed')
})
