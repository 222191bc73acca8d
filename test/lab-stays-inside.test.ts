/** In the lab nothing leaves the machine: no socket to anything but loopback, whatever the recipients are. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import nodemailer from 'nodemailer'
import { startServer, waitFor } from './load/server-process.ts'
import { readSocketReport, socketGuard } from './no-outside-sockets.ts'
import { temporaryFolder } from './storage.ts'

test('the lab opens no socket to the outside', async (t) => {
  const folder = temporaryFolder(t)
  const report = join(folder, 'sockets')
  const server = await startServer({ folder, env: socketGuard(report) })
  t.after(() => server.kill('SIGTERM'))
  const { ready } = server
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port: ready.submission.starttls,
    ignoreTLS: true,
    auth: { user: ready.apiKey, pass: ready.secretKey ?? '' },
  })
  t.after(() => transport.close())

  // Domains of the lab, of the real world, and names that must not lead anywhere.
  const recipients = [
    'ok@inbox.test',
    'bounce-later@away.example',
    'spam@away.example',
    'someone@gmail.com',
    'someone@nxdomain.test',
    'someone@servfail.test',
    'someone@nullmx.test',
    'someone@nomx.test',
  ]
  for (const to of recipients) {
    await transport.sendMail({ from: ready.from, to, subject: 'Inside', text: 'x' })
  }
  const settled = ['paravion_delivered_total', 'paravion_deferred_total', 'paravion_failed_total']
  await waitFor(async () => {
    const counts = await Promise.all(settled.map((name) => server.metric(name)))
    // The complaint and the bounce that the lab sends back are received too, but not by us.
    return counts.reduce((sum, count) => sum + count, 0) >= recipients.length
  }, 30_000)

  assert.deepEqual(readSocketReport(report), [])
})

test('the guard itself sees a socket to the outside', async (t) => {
  const folder = temporaryFolder(t)
  const report = join(folder, 'sockets')
  const script = "require('node:net').connect(25, '192.0.2.1').on('error', () => {}).destroy()"
  spawnSync(process.execPath, ['-e', script], {
    env: { ...process.env, ...socketGuard(report) },
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  })

  assert.deepEqual(readSocketReport(report), ['connect 192.0.2.1'])
})
