/** What the lab's thread and the main one say to each other. */
import type { LogLevel } from '../runtime/log.ts'
import type { ReceivedRow } from './inbox.ts'
import type { LabCounters, LabSettings } from './lab.ts'
import type { ZoneRecords } from './zone.ts'

/** Given to the thread at its start. */
export type ThreadStart = {
  host: string
  ports: { dns: number; receiver: number }
  tls: { cert: string; key: string }
  settings: LabSettings
  logLevel: LogLevel
}

/** A type and not an interface, so that it fits the index signature of `createCalls`. */
export type MainProcedures = {
  /** Everything listens. */
  ready(ports: { dns: number; receiver: number }): void
  zone(_: undefined): Promise<ZoneRecords>
  store(rows: ReceivedRow[]): Promise<void>
  log(line: string): void
  /** Where the instance itself takes mail, and under which host name; null while it does not. */
  ownMailHost(_: undefined): OwnMailHost | null
}

export type OwnMailHost = { host: string; port: number }

export type ThreadProcedures = {
  forgetZone(_: undefined): void
  counters(_: undefined): LabCounters
  stop(_: undefined): Promise<void>
}
