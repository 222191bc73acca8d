/** The lab's thread: DNS server, receiving host, and the reports that it sends. */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../runtime/clock.ts'
import { createLog } from '../runtime/log.ts'
import { createCalls } from './calls.ts'
import { startDnsServer } from './dns-server.ts'
import { startReceiver } from './receiver.ts'
import { createReporter } from './reporter.ts'
import { createRowBatches } from './row-batches.ts'
import { createReportSender } from './send-report.ts'
import { createVerifier } from './verify.ts'
import type { MainProcedures, ThreadProcedures, ThreadStart } from './wire.ts'
import { createZoneSource } from './zone-cache.ts'

if (parentPort === null) throw new Error('The lab thread was started outside a worker')
const { host, ports, tls, settings, logLevel } = workerData as ThreadStart

const procedures: ThreadProcedures = {
  forgetZone: () => zones.forget(),
  counters: () => ({
    ...receiver.counters(),
    ...reporter.counters(),
    dnsQueries: dnsServer.queries(),
  }),
  async stop() {
    await receiver.stop()
    await Promise.all([reporter.stop(), dnsServer.stop()])
  },
}
const main = createCalls<MainProcedures>(parentPort, procedures)

const clock = systemClock
const log = createLog({ level: logLevel, destination: { write: (line) => void main.call('log', line) } })
let receiverPort = 0
let ipv6 = false
const zones = createZoneSource({ read: () => main.call('zone', undefined), ipv6: () => ipv6 })
const store = createRowBatches((rows) => {
  const buffers = new Set(rows.flatMap(({ content }) => content.buffer as ArrayBuffer))
  return main.call('store', rows, [...buffers])
})
const reporter = createReporter({
  send: createReportSender({
    zones,
    async portOf(name) {
      const own = await main.call('ownMailHost', undefined)
      return own?.host === name ? own.port : receiverPort
    },
  }),
  delayMs: settings.reportDelayMs,
  clock,
  log,
})
const receiver = await startReceiver({
  host,
  port: ports.receiver,
  tls,
  settings,
  verify: createVerifier(zones),
  store,
  reporter,
  clock,
  log,
})
receiverPort = receiver.port
ipv6 = receiver.ipv6
zones.forget()
const dnsServer = await startDnsServer({ host, port: ports.dns, zones, log })
await main.call('ready', { dns: dnsServer.port, receiver: receiver.port })
