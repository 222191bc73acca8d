/**
 * The lab: a DNS server and a receiving mail host on loopback, so that mail can be tried without the world. Both run
 * in one thread of their own, because checking signatures must never hold up the engine; rows go through this side,
 * where the storage is.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Log, LogLevel } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import { createCalls } from './calls.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { createLabRecords, type DnsRecord, type LabRecords } from './records.ts'
import type { MainProcedures, OwnMailHost, ThreadProcedures, ThreadStart } from './wire.ts'

export type LabOptions = {
  storage: Storage
  log: Log
  /** What the lab's thread writes to `log` at all; 'info' when left out. */
  logLevel?: LogLevel
  /** 0 picks a free one. */
  ports: { dns: number; receiver: number }
  /** PEM, for `labHost`. */
  tls: { cert: string; key: string }
  /** The instance's own records: DKIM, SPF and DMARC of its domains, its bounce domain, PTR of 127.0.0.1. */
  published: () => Promise<readonly DnsRecord[]>
  /** Where the instance itself takes mail: reports to hosts of that name go there. */
  ownMailHost?: () => OwnMailHost | null
  settings?: Partial<LabSettings>
}

export type LabSettings = {
  /** How long greylist@ puts off a sender it has not seen. */
  greylistMs: number
  /** How long slow@ thinks about each command. */
  slowMs: number
  /** How long after acceptance spam@ complains and bounce-later@ bounces. */
  reportDelayMs: number
  maxMessageBytes: number
}

export type LabCounters = {
  /** Messages taken for mailboxes, and their recipients refused or put off. */
  received: number
  refusedRecipients: number
  /** Mail for sink.test: counted, neither stored nor verified. */
  sinkMessages: number
  sinkRecipients: number
  sinkBytes: number
  /** Complaints and bounces on their way, sent, and given up. */
  reportsWaiting: number
  reportsSent: number
  reportsFailed: number
  dnsQueries: number
}

export type Lab = {
  dns: { host: string; port: number }
  receiver: { host: string; port: number }
  inbox: Inbox
  /** What people put into the lab's DNS; it stands beside, and above, what the lab and the instance publish. */
  records: LabRecords
  /** Makes a change of `published` visible at once (otherwise within a second). */
  refresh(): Promise<void>
  counters(): Promise<LabCounters>
  stop(): Promise<void>
}

export const defaultLabSettings: LabSettings = {
  greylistMs: 60_000,
  slowMs: 3_000,
  reportDelayMs: 2_000,
  // Room for what signing and relaying add to the largest message that submission takes.
  maxMessageBytes: 32 * 1024 * 1024,
}

const host = '127.0.0.1'

export async function startLab({
  storage,
  log,
  logLevel = 'info',
  ports,
  tls,
  published,
  ownMailHost = () => null,
  settings,
}: LabOptions): Promise<Lab> {
  const { inbox, store, settled } = createInbox({ storage, log })
  const start: ThreadStart = { host, ports, tls, settings: { ...defaultLabSettings, ...settings }, logLevel }
  const worker = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: start,
    name: 'lab',
    // Verifying makes much short-lived garbage: 410 MB of process after 10,000 messages with V8's own bound, 320 so.
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  })

  let state: 'starting' | 'running' | 'stopped' = 'starting'
  const ready = Promise.withResolvers<{ dns: number; receiver: number }>()
  const procedures: MainProcedures = {
    ready: (bound) => ready.resolve(bound),
    zone: async () => ({ put: await records.list(), published: [...(await published())] }),
    store,
    log: (line) => repeatLine(log, line),
    ownMailHost: () => ownMailHost(),
  }
  const thread = createCalls<ThreadProcedures>(worker, procedures)
  const refresh = () => thread.call('forgetZone', undefined)
  const records = createLabRecords({ storage, onChange: refresh })

  worker.on('error', (error) => {
    ready.reject(error)
    thread.fail(error instanceof Error ? error : new Error(String(error)))
    // A program whose lab has died looks healthy and delivers nothing: better to end.
    if (state === 'running') throw error
  })
  const exited = new Promise<void>((resolve) => worker.on('exit', () => resolve()))

  const bound = await ready.promise
  state = 'running'

  return {
    dns: { host, port: bound.dns },
    receiver: { host, port: bound.receiver },
    inbox,
    records,
    refresh,
    counters: () => thread.call('counters', undefined),
    async stop() {
      if (state === 'stopped') return exited
      state = 'stopped'
      await thread.call('stop', undefined)
      await settled()
      thread.fail(new Error('The lab has stopped'))
      await worker.terminate()
      await exited
    },
  }
}

const levels: Record<number, Exclude<LogLevel, 'silent'>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

/** A line of the thread's log, written again by ours. */
function repeatLine(log: Log, line: string): void {
  const { level, msg, time: _, ...fields } = JSON.parse(line) as Record<string, unknown>
  log[levels[Number(level)] ?? 'info'](fields, String(msg))
}
