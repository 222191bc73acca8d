/** A server that dies while it calls a webhook: no event is lost, and only what was on its way is told twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from './load/server-process.ts'
import { cleanUp, temporaryFolder } from './storage.ts'
import { startReceiver } from './webhooks-world.ts'

const messages = 50
/** Calls to one webhook at one time (webhooks/run-calls.ts). */
const callsAtOnce = 4

test('kill -9 in the middle of the calls', async (t) => {
  const folder = temporaryFolder(t)
  const receiver = await startReceiver(t)
  let server = await startServer({ folder })
  cleanUp(t, () => server.kill('SIGKILL'))
  await server.admin('POST', '/api/webhooks', { topics: ['delivered'], url: `${receiver.url}/events` })
  const { apiKey, secretKey, from } = server.ready
  const sent = await fetch(`${server.ready.url}/v3.1/send`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${apiKey}:${secretKey}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      Messages: Array.from({ length: messages / 2 }, (_, n) => ({
        From: { Email: from },
        To: [{ Email: `a${n}@inbox.test` }, { Email: `b${n}@inbox.test` }],
        Subject: 'Hello',
        TextPart: 'It works.',
      })),
    }),
  })
  assert.equal(sent.status, 200, sent.status === 200 ? '' : await sent.text())
  const { Messages } = (await sent.json()) as { Messages: { To: { MessageID: number }[] }[] }
  const expected = Messages.flatMap(({ To }) => To.map(({ MessageID }) => MessageID))
  assert.equal(expected.length, messages)

  await receiver.wait(10)
  await server.kill('SIGKILL')
  server = await startServer({ folder })

  const idOf = ({ body }: { body: unknown }) => (body as { MessageID: number }).MessageID
  await receiver.wait(messages, (one) => receiver.received.find((other) => idOf(other) === idOf(one)) === one)
  const ids = receiver.received.map(idOf)
  assert.deepEqual([...new Set(ids)].toSorted(), expected.toSorted())
  assert.ok(ids.length <= messages + callsAtOnce, `${ids.length - messages} came twice`)
  const names = new Set(receiver.received.map(({ headers }) => headers['x-paravion-id']))
  assert.equal(names.size, messages, 'what comes twice has the same name')
})
