/** `webhook` as people and scripts meet it, with a server running. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestApp } from './app.ts'
import { temporaryFolder } from './storage.ts'
import { startReceiver } from './webhooks-world.ts'

const program = fileURLToPath(new URL('../bin/paravion.js', import.meta.url))

test('webhooks are added, tried, looked at, replayed and removed by command', async (t) => {
  const folder = temporaryFolder(t)
  const app = await startTestApp(t, 'sqlite', { folder })
  const receiver = await startReceiver(t)
  const paravion = (...args: string[]) =>
    new Promise<{ status: number; out: string; err: string }>((resolve) => {
      const env = { PATH: process.env.PATH ?? '', PARAVION_DATA: folder }
      execFile(process.execPath, [program, 'webhook', ...args], { env }, (error, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code), out, err })
      })
    })
  assert.match((await paravion('list')).out, /^No webhooks\./)
  const url = `${receiver.url.replace('//', '//hook:secret@')}/events`
  const wrong = await paravion('add', url, 'opening')
  assert.deepEqual([wrong.status, wrong.out], [1, ''])
  assert.match(
    wrong.err,
    /^paravion: topics\.0: '[a-z]+' is not known here; it should be one of delivered, opened, /,
  )
  const added = await paravion('add', url, 'delivered', 'bounced', '--grouped')
  assert.equal(added.err, '')
  assert.match(
    added.out,
    /^Webhook \d+ is told of delivered\.\nWebhook \d+ is told of bounced\.\nSecret: whsec_/,
  )
  const [, id = ''] = /Webhook (\d+)/.exec(added.out) ?? []
  const twice = await paravion('add', url, 'opened', 'bounced')
  assert.match(twice.err, /has a webhook for bounced already/)
  assert.doesNotMatch((await paravion('list')).out, /opened/, 'all of them, or none')

  assert.match((await paravion('test', id)).out, /^It answered 200, after \d+ ms\.$/m)
  await app.send({ to: 'lea@inbox.test' })
  await receiver.wait(2)
  const listed = await paravion('list')
  assert.match(listed.out, new RegExp(`${id} +delivered +http://hook:\\*\\*\\*@127`))
  assert.doesNotMatch(listed.out, /secret/)
  const replayed = await paravion('replay', id, '--from', '1h')
  assert.equal(replayed.out, '1 event is sent again.\n', replayed.err)
  await receiver.wait(3)
  const log = await paravion('log', id)
  assert.match(log.out, /test +delivered +200/)
  assert.match((await paravion('log', id, '--bodies')).out, /sent +\[\{"event":"sent"/)
  receiver.answer(500)
  const failed = await paravion('test', id)
  assert.deepEqual([failed.status, /^It did not work: it answered 500/.test(failed.out)], [1, true])
  assert.match((await paravion('replay', id, '--from', 'soon')).err, /--from is "soon"/)

  const mail = await paravion('add', `${receiver.url}/inbound`, '--mail')
  assert.match(mail.out, /^Mail to \S{16}@in\.mail\.paravion\.example is posted to it\.\nSecret: /)
  const [, address = ''] = /^Mail to (\S+) is/.exec(mail.out) ?? []
  const routes = JSON.parse((await paravion('list', '--json')).out) as {
    id: number
    address: string | null
  }[]
  const route = String(routes.find((one) => one.address === address)?.id)
  receiver.answer(200)
  await app.send({ to: address })
  await receiver.wait(1, ({ path }) => path === '/inbound')
  const resent = await paravion('replay', route, '--from', '1h')
  assert.equal(resent.out, '1 mail is sent again.\n', resent.err)
  const rotated = await paravion('rotate', id)
  assert.match(rotated.out, /^Secret: whsec_/)
  assert.match(rotated.out, /^Webhook \d+ \(delivered\) has it\.\nWebhook \d+ \(bounced\) has it\.$/m)
  assert.match((await paravion('revive', id)).out, /is called again/)
  assert.match((await paravion('remove', id)).out, /is removed/)
  const left = JSON.parse((await paravion('list', '--json')).out) as { topic: string }[]
  assert.equal(left.length, 2)
})
