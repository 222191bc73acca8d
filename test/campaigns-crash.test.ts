/** Campaigns of real processes: killed in the middle, and two at once on one database. */
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspectPostgres, inspectSqlite } from './crash/inspect.ts'
import { startCountingSink } from './load/counting-sink.ts'
import { type ServerProcess, startServer, waitFor } from './load/server-process.ts'
import { postgresMissing } from './postgres.ts'
import { cleanUp, sharedPostgres, temporaryFolder } from './storage.ts'

const members = 1_500

type Campaign = { campaign: { state: string; reason: string }; progress: { total: number; pending: number } }

async function startSink(t: TestContext) {
  const sink = await startCountingSink({ id: /^To: (\S+)\r$/m })
  cleanUp(t, () => sink.stop())
  return {
    taken: sink.taken,
    env: {
      PARAVION_DELIVERY_SMARTHOST_HOST: '127.0.0.1',
      PARAVION_DELIVERY_SMARTHOST_PORT: String(sink.port),
      PARAVION_DELIVERY_SMARTHOST_SECURITY: 'none',
    },
  }
}

/** A campaign to so many that is ready to be sent. */
async function prepare(server: ServerProcess): Promise<number> {
  const { list } = (await server.admin('POST', '/api/contact-lists', { name: 'Readers' })) as {
    list: { id: number }
  }
  await server.admin('POST', '/api/contact-properties', { name: 'n', type: 'int' })
  const lines = Array.from({ length: members }, (_, n) => `r${n}@far${n % 7}.example,${n}`)
  const upload = await fetch(`${server.ready.url}/v3/DATA/contactslist/${list.id}/CSVData/text:plain`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${server.ready.apiKey}:${server.ready.secretKey}`).toString('base64')}`,
      'content-type': 'text/plain',
    },
    body: `email,n\n${lines.join('\n')}\n`,
  })
  assert.equal(upload.status, 200, upload.status === 200 ? '' : await upload.text())
  const { ID } = (await upload.json()) as { ID: number }
  await server.admin('POST', `/api/contact-lists/${list.id}/import`, { uploadId: ID })
  const count = async () => {
    const { lists } = (await server.admin('GET', '/api/contact-lists')) as {
      lists: { id: number; memberCount: number }[]
    }
    return lists.find(({ id }) => id === list.id)?.memberCount ?? 0
  }
  await waitFor(async () => (await count()) === members, 60_000)
  const { campaign } = (await server.admin('POST', '/api/campaigns', {
    ...{ title: 'Crash', subject: 'News [[data:n]]', listId: list.id },
    senderEmail: server.ready.from,
  })) as { campaign: { id: number } }
  await server.admin('PUT', `/api/campaigns/${campaign.id}/content`, {
    text: `Number [[data:n]].\n${'A line.\n'.repeat(50)}`,
  })
  return campaign.id
}

const read = async (server: ServerProcess, id: number) =>
  (await server.admin('GET', `/api/campaigns/${id}`)) as Campaign

function expected(): string[] {
  return Array.from({ length: members }, (_, n) => `r${n}@far${n % 7}.example`).toSorted()
}

for (const kind of ['sqlite', 'postgres'] as const) {
  const skip = kind === 'postgres' && postgresMissing !== undefined ? postgresMissing : false
  test(`a campaign goes on where it was when the program is killed, and reaches each once (${kind})`, {
    skip,
  }, async (t) => {
    const sink = await startSink(t)
    const folder = temporaryFolder(t)
    const env: Record<string, string> = { ...sink.env }
    let inspect = () => inspectSqlite(folder)
    if (kind === 'postgres') {
      const { url, drop } = await (await sharedPostgres()).createDatabase()
      cleanUp(t, drop)
      env.PARAVION_DATABASE_URL = url
      inspect = () => inspectPostgres(url)
    }
    let server = await startServer({ folder, env })
    cleanUp(t, () => server.kill('SIGKILL'))
    const id = await prepare(server)
    await server.admin('POST', `/api/campaigns/${id}/send`, {})
    let inFlight = 0
    // While recipients are gathered, and twice while they are handed over. On PostgreSQL other nodes may be alive, so that
    // a dead one is noticed only after half a minute: once is enough there.
    for (const share of kind === 'sqlite' ? [0, 0.2, 0.5] : [0.2]) {
      const from = sink.taken.size
      await waitFor(
        async () =>
          share === 0
            ? (await read(server, id)).progress.total > 0
            : sink.taken.size > share * members && sink.taken.size > from,
        30_000,
      )
      await server.kill('SIGKILL')
      const { leased, integrity } = await inspect()
      assert.equal(integrity, 'ok')
      inFlight += leased
      server = await startServer({ folder, env })
    }
    await waitFor(async () => {
      const { campaign } = await read(server, id)
      assert.ok(['sending', 'sent'].includes(campaign.state), campaign.reason)
      return campaign.state === 'sent' && sink.taken.size === members
    }, 100_000)
    const { progress } = await read(server, id)
    assert.deepEqual([progress.total, progress.pending], [members, 0])
    assert.deepEqual([...sink.taken.keys()].toSorted(), expected())
    const twice = [...sink.taken.values()].reduce((sum, times) => sum + times - 1, 0)
    assert.ok(twice <= inFlight, `${twice} came twice, with ${inFlight} in flight at the kills`)
  })
}

test('two processes on one database share a campaign, and each recipient gets it once (postgres)', {
  skip: postgresMissing ?? false,
}, async (t) => {
  const sink = await startSink(t)
  const { url, drop } = await (await sharedPostgres()).createDatabase()
  cleanUp(t, drop)
  const env = { ...sink.env, PARAVION_DATABASE_URL: url }
  const folders = [temporaryFolder(t), temporaryFolder(t)] as const
  const first = await startServer({ folder: folders[0], env })
  cleanUp(t, () => first.kill('SIGKILL'))
  copyFileSync(join(folders[0], 'instance.key'), join(folders[1], 'instance.key'))
  const second = await startServer({ folder: folders[1], env })
  cleanUp(t, () => second.kill('SIGKILL'))
  const id = await prepare(first)
  await second.admin('POST', `/api/campaigns/${id}/send`, {})
  await waitFor(async () => {
    const { campaign } = await read(first, id)
    assert.ok(['sending', 'sent'].includes(campaign.state), campaign.reason)
    return campaign.state === 'sent' && sink.taken.size === members
  }, 60_000)
  assert.deepEqual([...sink.taken.keys()].toSorted(), expected())
  assert.deepEqual(new Set(sink.taken.values()), new Set([1]))
})
