/** Addresses that are not sent to: how they come onto the list, and what becomes of mail to them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCsv } from '../src/cli/suppression.ts'
import { scenario, type TestApp } from './app.ts'

type Listed = { address: string; reason: string; origin: string; deliveryId: number | null }

async function listed(app: TestApp): Promise<Listed[]> {
  const answer = await app.admin('GET', '/api/suppressions')
  assert.equal(answer.status, 200, answer.text)
  return (answer.body as { suppressions: Listed[] }).suppressions
}

scenario('no such mailbox: nothing is sent there any more', async (_t, app) => {
  const first = await app.send({ to: 'missing@inbox.test' })
  await app.idle()
  assert.deepEqual(await app.eventKinds(first.messageId), ['accepted', 'bounced'])
  const [entry, ...others] = await listed(app)
  assert.deepEqual(
    [entry?.address, entry?.reason, entry?.deliveryId],
    ['missing@inbox.test', 'hard-bounce', first.messageId],
  )
  assert.match(entry?.origin ?? '', /^550 5\.1\.1 /)
  assert.deepEqual(others, [])

  const second = await app.send({ to: 'Missing@inbox.test' })
  await app.idle()
  assert.deepEqual(await app.eventKinds(second.messageId), ['accepted', 'blocked'])
  const wire = await app.mailjet('GET', `/v3/REST/message/${second.messageId}`)
  const [shown] = (wire.body as { Data: { Status: string; StateID: number }[] }).Data
  assert.deepEqual([shown?.Status, shown?.StateID], ['blocked', 14], 'preblocked')

  // Others are not concerned, and neither is the address once it is taken off.
  await app.send({ to: 'ok@inbox.test' })
  assert.equal((await app.received('ok@inbox.test')).length, 1)
  assert.equal((await app.admin('DELETE', '/api/suppressions/missing@inbox.test')).status, 200)
  const third = await app.send({ to: 'missing@inbox.test' })
  await app.idle()
  assert.deepEqual(await app.eventKinds(third.messageId), ['accepted', 'bounced'])
})

scenario('a full mailbox or a block says nothing about the address yet', async (_t, app) => {
  await app.send({ to: 'full@inbox.test' })
  await app.send({ to: 'busy@inbox.test' })
  await app.idle()
  assert.deepEqual(await listed(app), [])
})

scenario('mail that waits is not sent to an address that came onto the list meanwhile', async (_t, app) => {
  const { messageId } = await app.send({ to: 'busy@inbox.test' })
  await app.idle()
  const added = await app.admin('POST', '/api/suppressions', { address: 'busy@inbox.test', note: 'by phone' })
  assert.equal(added.status, 200, added.text)
  const retried = await app.admin('POST', '/api/queue/retry', { ids: [messageId] })
  assert.equal(retried.status, 200, retried.text)
  await app.idle()
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'deferred', 'retried', 'blocked'])
  const left = await app.admin('GET', '/api/queue/counts')
  assert.doesNotMatch(left.text, /transactional/, 'its work is gone')
})

scenario('a list is imported; what is no address is told with its place', async (_t, app) => {
  const answer = await app.admin('POST', '/api/suppressions/import', {
    entries: [
      { address: 'Anna@inbox.test', reason: 'complaint', note: 'from the old system' },
      { address: 'not an address' },
      { address: 'anna@inbox.test' },
      { address: 'ben@inbox.test' },
    ],
  })
  assert.deepEqual(answer.body, {
    added: 2,
    known: 1,
    refused: [{ index: 1, address: 'not an address', problem: 'not an e-mail address' }],
  })
  assert.deepEqual(
    (await listed(app)).map(({ address, reason }) => [address, reason]),
    [
      ['anna@inbox.test', 'complaint'],
      ['ben@inbox.test', 'import'],
    ],
  )
  const { messageId } = await app.send({ to: 'anna@inbox.test' })
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'blocked'])
})

test('a CSV file has a head or none; lines are counted as an editor does', () => {
  assert.deepEqual(readCsv('lea@a.test,x\n\nben@b.test\n'), [
    { line: 1, address: 'lea@a.test' },
    { line: 3, address: 'ben@b.test' },
  ])
  assert.deepEqual(
    readCsv('\ufeffname,E-Mail,reason,note\n"A, B",a@a.test,complaint,"said\nso"\nC,c@a.test,odd,\n'),
    [
      { line: 3, address: 'a@a.test', reason: 'complaint', note: 'said\nso' },
      { line: 4, address: 'c@a.test' },
    ],
  )
  assert.throws(() => readCsv('"open\n'), /the file is not CSV/)
})
