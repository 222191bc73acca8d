/** An outgoing server that is not ours: what Paravion says to a Postfix is what Postfix understands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestApp } from './app.ts'
import { postfixMissing, startPostfix } from './postfix.ts'

const user = 'shop@relay.test'
const password = 'four small planes'

test('through a Postfix with STARTTLS and a login', { skip: postfixMissing ?? false }, async (t) => {
  const app = await startTestApp(t)
  const postfix = await startPostfix(t, {
    user: 'shop',
    password,
    relayPort: app.ready.lab?.receiver ?? 0,
  })
  const made = await app.admin('POST', '/api/outgoing-servers', {
    name: 'Postfix',
    host: '127.0.0.1',
    port: postfix.port,
    security: 'starttls',
    user,
    password,
  })
  assert.equal(made.status, 201, made.text)
  const { id } = (made.body as { server: { id: number } }).server
  const tryIt = async () => {
    const answer = await app.admin('POST', `/api/outgoing-servers/${id}/test`, {})
    return (answer.body as { test: { situation: string; transcript: string; sizeLimit?: number } }).test
  }

  const fine = await tryIt()
  assert.equal(fine.situation, 'ok', fine.transcript + postfix.log())
  assert.equal(fine.sizeLimit, 10_240_000)
  assert.match(fine.transcript, /S: 220 relay\.test ESMTP Postfix/)
  assert.ok(!fine.transcript.includes(Buffer.from(`\0${user}\0${password}`).toString('base64')))

  const { messageId } = await app.send({ to: 'ok@inbox.test', subject: 'By way of Postfix' })
  const [received] = await app.received('ok@inbox.test')
  assert.deepEqual([received?.subject, received?.dkim], ['By way of Postfix', 'pass'], postfix.log())
  await app.idle()
  assert.deepEqual(await app.eventKinds(messageId), ['accepted', 'delivered'])
  const { text: said } = await app.admin('GET', `/api/messages/${messageId}`)
  assert.match(said, /S: 250[- ]CHUNKING/)
  assert.match(said, /C: BDAT \d+ LAST/)

  await app.admin('PATCH', `/api/outgoing-servers/${id}`, { password: 'wrong' })
  assert.equal((await tryIt()).situation, 'login-refused')
})
