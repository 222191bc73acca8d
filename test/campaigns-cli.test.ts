/** `campaign` as people and scripts meet it, with a server running. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestApp } from './app.ts'
import { temporaryFolder } from './storage.ts'

const program = fileURLToPath(new URL('../bin/paravion.js', import.meta.url))

test('campaigns are listed, shown, paused, resumed and cancelled by command', async (t) => {
  const folder = temporaryFolder(t)
  // Nobody delivers here: what is being sent goes on being sent.
  const app = await startTestApp(t, 'sqlite', { folder, env: { PARAVION_ROLES: 'api' } })
  const paravion = (...args: string[]) =>
    new Promise<{ status: number; out: string; err: string }>((resolve) => {
      const env = { PATH: process.env.PATH ?? '', PARAVION_DATA: folder }
      execFile(process.execPath, [program, 'campaign', ...args], { env }, (error, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code), out, err })
      })
    })
  assert.match((await paravion('list')).out, /^No campaigns\./)
  const { list } = (await app.admin('POST', '/api/contact-lists', { name: 'Readers' })).body as {
    list: { id: number }
  }
  await app.admin('POST', '/api/contacts', {
    email: 'ana@inbox.example',
    lists: [{ id: list.id, action: 'addforce' }],
  })
  const made = await app.admin('POST', '/api/campaigns', {
    ...{ title: 'Spring', subject: 'News', listId: list.id, senderEmail: app.ready.from },
  })
  const { id } = (made.body as { campaign: { id: number } }).campaign
  await app.admin('PUT', `/api/campaigns/${id}/content`, { text: 'Hello' })
  const early = await paravion('pause', String(id))
  assert.deepEqual(
    [early.status, early.err],
    [1, `paravion: campaign ${id} cannot be paused: it is a draft\n`],
  )
  await app.admin('POST', `/api/campaigns/${id}/send`, {})
  const paused = await paravion('pause', String(id), '--reason', 'wait for the boss')
  assert.equal(paused.out, `Campaign ${id} is paused.\n`, paused.err)
  assert.match(
    (await paravion('list', '--state', 'paused')).out,
    new RegExp(`^ID .*\n${id} +paused .* Spring\n$`),
  )
  const told = (await paravion('show', String(id))).out
  assert.match(told, /^state +paused: wait for the boss$/m)
  assert.match(told, /^left out +0 of \d on the list$/m)
  const columns = told
    .trimEnd()
    .split('\n')
    .map((line) => /^.*? {2,}/.exec(line)?.[0].length)
  assert.equal(new Set(columns).size, 1, told)
  assert.equal((await paravion('resume', String(id))).out, `Campaign ${id} is sending.\n`)
  await paravion('pause', String(id))
  assert.equal((await paravion('cancel', String(id))).out, `Campaign ${id} is cancelled.\n`)
  assert.match((await paravion('show', String(id))).out, /^opened +0$/m)
  const shown = JSON.parse((await paravion('show', String(id), '--json')).out) as {
    campaign: { state: string }
  }
  assert.equal(shown.campaign.state, 'cancelled')
})
