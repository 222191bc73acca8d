/**
 * A campaign to very many contacts, each with a content of its own: how long it takes, what it costs in memory and on
 * disk, and how long other mail takes meanwhile. One JSON line.
 * `node bin/with-node24.js test/bench/campaign.ts [CONTACTS]`
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { cameTwice, prepareCampaign, prepareContacts, readCampaign } from '../load/big-campaign.ts'
import { startServer, waitFor } from '../load/server-process.ts'
import { readLatencies, sendSome } from './latency.ts'

const contacts = Number(process.argv[2] ?? 100_000)

const sizeMb = (folder: string) =>
  Math.round(
    ['paravion.db', 'paravion.db-wal'].reduce(
      (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    ) / 1e6,
  )

const prepared = await prepareContacts(contacts)
const { folder, env, sink, ready } = prepared
try {
  const server = await startServer({ folder, env })
  const before = sizeMb(folder)
  // The first second of a process is spent on compiling.
  await sendSome(server, ready)
  const idle = await readLatencies(server, await sendSome(server, ready))
  const idleBytes = server.residentBytes()
  const id = await prepareCampaign(server)
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
    const { campaign, progress } = await readCampaign(server, id)
    if (gatheredMs === 0 && progress.total === contacts) gatheredMs = Math.round(performance.now() - began)
    await new Promise((resolve) => setTimeout(resolve, 200))
    return campaign.state === 'sent' && campaignTaken() === contacts
  }, 3_600_000)
  const seconds = (performance.now() - began) / 1000
  clearInterval(watch)
  console.log(
    JSON.stringify({
      workload: 'campaign',
      contacts,
      seconds: Math.round(seconds * 10) / 10,
      perSecond: Math.round(contacts / seconds),
      cpuMicrosPerMail: Math.round((server.cpuMicros() - cpuBefore) / contacts),
      twice: cameTwice(sink),
      residentIdleMb: Math.round(idleBytes / 1e6),
      residentPeakMb: Math.round(peak / 1e6),
      databaseMb: sizeMb(folder) - before,
      ...{ idleP50Ms: idle.p50Ms, idleP99Ms: idle.p99Ms },
      ...{ duringP50Ms: during.p50Ms, duringP99Ms: during.p99Ms, duringWorstMs: during.worstMs, leftThen },
    }),
  )
  await server.kill('SIGTERM')
} finally {
  await prepared.stop()
}
