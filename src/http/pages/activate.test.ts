import assert from 'node:assert/strict'
import { createTestDomains } from '../../../test/domains-world.ts'
import { httpStorageTest, httpTest } from '../../../test/http-server.ts'
import { createSender } from '../../domains/create-sender.ts'

httpStorageTest('looking at an activation page changes nothing, its button does', async (http) => {
  const added = await http.call({
    method: 'POST',
    path: '/api/senders',
    headers: { authorization: http.bearer },
    body: { email: 'news@other.example' },
  })
  assert.equal(added.status, 201, added.text)
  const status = async () => {
    const { body } = await http.call({ path: '/api/senders', headers: { authorization: http.bearer } })
    const { senders } = body as { senders: { email: string; status: string }[] }
    return senders.find(({ email }) => email === 'news@other.example')?.status
  }
  const path = `/activate/${http.world.tokenFor('news@other.example')}`
  for (const method of ['GET', 'HEAD', 'GET']) {
    const page = await http.call({ method, path })
    assert.equal(page.status, 200)
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'.*form-action 'self'/)
    assert.equal(page.headers['referrer-policy'], 'no-referrer')
    assert.equal(page.headers['cache-control'], 'no-store')
    if (method === 'GET')
      assert.match(
        page.text,
        /<form method="post"><button type="submit">Allow mail from news@other\.example</,
      )
    assert.doesNotMatch(page.text, /<script/)
    assert.equal(await status(), 'inactive')
  }
  const clicked = await http.call({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: '',
  })
  assert.equal(clicked.status, 200)
  assert.match(clicked.text, /<h1>The address is confirmed<\/h1>/)
  assert.equal(await status(), 'active')
  assert.match((await http.call({ path })).text, /<h1>Nothing left to do<\/h1>/)
})

httpTest('links that lead nowhere say so', async (http) => {
  for (const token of ['x', 'A'.repeat(43), '%3Cscript%3E', '..%2F..%2Fetc', 'x'.repeat(900)]) {
    for (const method of ['GET', 'POST']) {
      const page = await http.call({ method, path: `/activate/${token}` })
      assert.equal(page.status, 404, token)
      assert.match(page.text, /<h1>This link is not known<\/h1>/)
      assert.doesNotMatch(page.text, /<script|etc/)
    }
  }
})

httpTest(
  'an address cannot put markup into the page, and an old link is told from a wrong one',
  async (http) => {
    const { ctx, world } = createTestDomains(http.storage)
    const email = '"<b>x</b>"@other.example'
    await createSender(ctx, { keyId: http.keyId, email })
    const token = /activate\/([\w-]+)/.exec(world.mails[0]?.text ?? '')?.[1]
    const page = await http.call({ path: `/activate/${token}` })
    assert.equal(page.status, 200)
    assert.match(page.text, /&#60;b&#62;x/)
    assert.doesNotMatch(page.text, /<b>/)
    assert.doesNotMatch(world.mails[0]?.html ?? '', /<b>/)
    await http.storage.db.updateTable('activations').set({ expires_at: 1 }).execute()
    const expired = await http.call({ path: `/activate/${token}` })
    assert.equal(expired.status, 410)
    assert.match(expired.text, /<h1>This link has expired<\/h1>/)
  },
)
