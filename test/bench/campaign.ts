/**
 * A campaign to very many contacts, each with a content of its own: how long it takes, what it costs in memory and on
 * disk, and how long other mail takes meanwhile. One JSON line.
 * `node bin/with-node24.js test/bench/campaign.ts [CONTACTS]`
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { ContactId, ContactListId, KeyId, MemberId, PropertyId } from '../../src/mail/ids.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { openStorage } from '../../src/storage/open.ts'
import { startCountingSink } from '../load/counting-sink.ts'
import { makeDataFolder, type ServerProcess, startServer, waitFor } from '../load/server-process.ts'
import { readLatencies, sendSome } from './latency.ts'

const contacts = Number(process.argv[2] ?? 100_000)
const domains = 20
const listId = 50 as ContactListId
const html = `<html><body><h1>Dear [[data:first:"reader"]]</h1>${`${'<p>Something new in the shop this week, and something old, and more that is worth a look.</p>'.repeat(8)}<a href="https://shop.example/new?from=mail">Look</a>`.repeat(12)}</body></html>`

async function fill(folder: string, keyId: KeyId): Promise<void> {
  const storage = await openStorage({ kind: 'sqlite', folder, log: silentLog, clock: systemClock })
  const { db } = storage
  const propertyId = 51 as PropertyId
  await db
    .insertInto('contact_lists')
    .values({
      ...{ id: listId, key_id: keyId, name: 'Readers', address: 'abc', created_at: 1, deleted_at: null },
      member_count: contacts,
    })
    .execute()
  await db
    .insertInto('contact_properties')
    .values({
      ...{ id: propertyId, key_id: keyId, name: 'first', name_key: 'first' },
      ...{ type: 'str', namespace: 'static', created_at: 1, deleted_at: null },
    })
    .execute()
  for (let from = 0; from < contacts; from += 1_000) {
    const numbers = Array.from({ length: Math.min(1_000, contacts - from) }, (_, n) => 1_000 + from + n)
    await db.transaction().execute(async (tx) => {
      await tx
        .insertInto('contacts')
        .values(
          numbers.map((n) => ({
            ...{ id: n as ContactId, key_id: keyId, created_at: 1 },
            email: `reader${n}@far${n % domains}.test`,
          })),
        )
        .execute()
      await tx
        .insertInto('list_members')
        .values(
          numbers.map((n) => ({
            ...{ id: n as MemberId, key_id: keyId, list_id: listId, contact_id: n as ContactId },
            ...{ is_unsubscribed: 0 as const, subscribed_at: 1, unsubscribed_at: null },
          })),
        )
        .execute()
      await tx
        .insertInto('contact_values')
        .values(
          numbers.map((n) => ({
            ...{ contact_id: n as ContactId, property_id: propertyId, number_value: null },
            ...{ text_value: `Name ${n}`, text_key: `name ${n}` },
          })),
        )
        .execute()
    })
  }
  await storage.stop()
}

const sizeMb = (folder: string) =>
  Math.round(
    ['paravion.db', 'paravion.db-wal'].reduce(
      (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    ) / 1e6,
  )

async function prepare(server: ServerProcess): Promise<number> {
  const { campaign } = (await server.admin('POST', '/api/campaigns', {
    ...{ title: 'Bench', subject: 'News for [[data:first:"you"]]', listId },
    ...{ senderEmail: server.ready.from, trackOpens: true, trackClicks: true },
  })) as { campaign: { id: number } }
  await server.admin('PUT', `/api/campaigns/${campaign.id}/content`, { html })
  return campaign.id
}

const sink = await startCountingSink({ id: /^To: (\S+)\r$/m })
const folder = await makeDataFolder()
const env = {
  PARAVION_DELIVERY_SMARTHOST_HOST: '127.0.0.1',
  PARAVION_DELIVERY_SMARTHOST_PORT: String(sink.port),
  PARAVION_DELIVERY_SMARTHOST_SECURITY: 'none',
}
try {
  const first = await startServer({ folder: folder.path, env })
  const { ready } = first
  const { keys } = (await first.admin('GET', '/api/keys')) as { keys: { id: number; publicKey: string }[] }
  await first.kill('SIGTERM')
  const keyId = keys.find(({ publicKey }) => publicKey === ready.apiKey)?.id
  if (keyId === undefined) throw new Error('the first key has no number')
  await fill(folder.path, keyId as KeyId)
  const server = await startServer({ folder: folder.path, env })
  const before = sizeMb(folder.path)
  // The first second of a process is spent on compiling.
  await sendSome(server, ready)
  const idle = await readLatencies(server, await sendSome(server, ready))
  const idleBytes = server.residentBytes()
  const id = await prepare(server)
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, server.residentBytes())
  }, 100)
  const cpuBefore = server.cpuMicros()
  const began = performance.now()
  await server.admin('POST', `/api/campaigns/${id}/send`, {})
  // One address besides: that of the other mail.
  const campaignTaken = () => sink.taken.size - 1
  await waitFor(() => campaignTaken() > contacts / 20, 600_000)
  const during = await readLatencies(server, await sendSome(server, ready))
  const leftThen = contacts - campaignTaken()
  let gatheredMs = 0
  await waitFor(async () => {
    const { campaign, progress } = (await server.admin('GET', `/api/campaigns/${id}`)) as {
      campaign: { state: string }
      progress: { total: number; pending: number; queued: number }
    }
    if (gatheredMs === 0 && progress.total === contacts) gatheredMs = Math.round(performance.now() - began)
    await new Promise((resolve) => setTimeout(resolve, 200))
    return campaign.state === 'sent' && campaignTaken() === contacts
  }, 3_600_000)
  const seconds = (performance.now() - began) / 1000
  clearInterval(watch)
  const twice = [...sink.taken].filter(([to, times]) => to.includes('@far') && times > 1).length
  console.log(
    JSON.stringify({
      workload: 'campaign',
      contacts,
      seconds: Math.round(seconds * 10) / 10,
      perSecond: Math.round(contacts / seconds),
      cpuMicrosPerMail: Math.round((server.cpuMicros() - cpuBefore) / contacts),
      twice,
      residentIdleMb: Math.round(idleBytes / 1e6),
      residentPeakMb: Math.round(peak / 1e6),
      databaseMb: sizeMb(folder.path) - before,
      ...{ idleP50Ms: idle.p50Ms, idleP99Ms: idle.p99Ms },
      ...{ duringP50Ms: during.p50Ms, duringP99Ms: during.p99Ms, duringWorstMs: during.worstMs, leftThen },
    }),
  )
  await server.kill('SIGTERM')
} finally {
  await sink.stop()
  await folder.remove()
}
