/**
 * Kills the process (SIGKILL) again and again in the middle of a campaign, and proves that every contact got it exactly
 * once, apart from attempts that were in flight. One JSON line; fails when anything else came of it.
 * `node bin/with-node24.js test/crash/campaign.ts [CONTACTS] [KILLS]`
 */
import { cameTwice, prepareCampaign, prepareContacts, readCampaign } from '../load/big-campaign.ts'
import { startServer, waitFor } from '../load/server-process.ts'
import { inspectSqlite } from './inspect.ts'

const contacts = Number(process.argv[2] ?? 100_000)
const kills = Number(process.argv[3] ?? 5)
const withinMs = 3_600_000

const prepared = await prepareContacts(contacts)
const { folder, env, sink } = prepared
const began = performance.now()
try {
  let server = await startServer({ folder, env })
  const id = await prepareCampaign(server)
  await server.admin('POST', `/api/campaigns/${id}/send`, {})
  const killedAt: number[] = []
  let inFlight = 0
  let isSound = true
  for (let kill = 0; kill < kills; kill++) {
    // The first while recipients are gathered, the others at random moments of equal parts of the way.
    const share = kill === 0 ? 0 : (kill - 1 + Math.random()) / (kills - 1)
    await waitFor(
      async () =>
        kill === 0
          ? (await readCampaign(server, id)).progress.total > 0
          : sink.taken.size >= Math.min(share * contacts, contacts - 1),
      withinMs,
    )
    await server.kill('SIGKILL')
    killedAt.push(sink.taken.size)
    const { leased, integrity } = await inspectSqlite(folder)
    inFlight += leased
    isSound &&= integrity === 'ok'
    process.stderr.write(`killed after ${sink.taken.size} of ${contacts}, ${leased} leased, ${integrity}\n`)
    server = await startServer({ folder, env })
  }
  await waitFor(async () => {
    const { campaign } = await readCampaign(server, id)
    if (!['sending', 'sent'].includes(campaign.state))
      throw new Error(`${campaign.state}: ${campaign.reason}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    return campaign.state === 'sent' && sink.taken.size >= contacts
  }, withinMs)
  await server.kill('SIGTERM')
  const twice = cameTwice(sink)
  const ok = sink.taken.size === contacts && twice <= inFlight && isSound
  console.log(
    JSON.stringify({
      ...{ workload: 'campaign-killed', ok, contacts, kills, killedAt, reached: sink.taken.size, twice },
      ...{ inFlightAtKills: inFlight, databaseOpensClean: isSound },
      seconds: Math.round((performance.now() - began) / 1_000),
    }),
  )
  if (!ok) process.exitCode = 1
} finally {
  await prepared.stop()
}
