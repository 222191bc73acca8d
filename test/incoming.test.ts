/** Reports of the lab's receivers arrive at the incoming port and are acted upon. */
import assert from 'node:assert/strict'
import { scenario, type TestApp } from './app.ts'
import { openWire } from './smtp-wire.ts'

async function waitForKinds(app: TestApp, messageId: number, wanted: readonly string[]): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const kinds = await app.eventKinds(messageId)
    if (wanted.every((kind) => kinds.includes(kind)) || tries === 400) return kinds
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

const env = { PARAVION_LAB_REPORT_SECONDS: '0' }

scenario(
  'a late bounce fails the delivery, and a complaint is an event',
  async (_t, app) => {
    assert.equal(typeof app.ready.mx, 'number')
    const bounced = await app.send({ to: 'bounce-later@inbox.test' })
    const complained = await app.send({ to: 'spam@inbox.test' })
    assert.deepEqual(await waitForKinds(app, bounced.messageId, ['bounced']), [
      'accepted',
      'delivered',
      'bounced',
    ])
    assert.deepEqual(await waitForKinds(app, complained.messageId, ['complained']), [
      'accepted',
      'delivered',
      'complained',
    ])
    for (const to of ['bounce-later@inbox.test', 'spam@inbox.test']) {
      const again = await app.send({ to })
      assert.deepEqual(await app.eventKinds(again.messageId), ['accepted', 'blocked'], to)
    }
    const { body } = await app.admin('GET', `/api/messages/${bounced.messageId}`)
    const { story } = body as { story: { deliveries: { state: string; class: string }[] } }
    assert.deepEqual(
      story.deliveries.map((delivery) => [delivery.state, delivery.class]),
      [['failed', 'invalid-recipient']],
    )
  },
  { env },
)

scenario('the incoming port relays for nobody, and knows nobody by guessing', async (_t, app) => {
  using wire = await openWire(app.ready.mx ?? 0)
  await wire.read()
  wire.write('EHLO mx.client.example\r\nMAIL FROM:<>\r\n')
  await wire.read(2)
  const asked: [recipient: string, reply: RegExp][] = [
    ['ok@inbox.test', /^550 5\.7\.1 Relaying denied/],
    ['hello@shop.example', /^250 /],
    ['b+abc.aaaaaaaaaaaaaaaa@bounce.mail.paravion.example', /^550 5\.1\.1 No such recipient/],
  ]
  for (const [recipient, reply] of asked) {
    wire.write(`RCPT TO:<${recipient}>\r\n`)
    const [answer] = await wire.read()
    assert.match(String(answer), reply, recipient)
  }
})
