/** What the parts of this folder need from the rest of the program. */
import type { Address } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { SafeFetch } from '../runtime/safe-fetch.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'
import type { ZoneReader } from './checks/record-check.ts'

export type DomainsContext = {
  storage: Storage
  seal: Seal
  clock: Clock
  log: Log
  /** DNS without the memory that delivery has. */
  zone: ZoneReader
  fetch: SafeFetch
  settings: DomainsSettings
  /** Mail of the instance itself, through the same door as everybody's. */
  sendMail(mail: SystemMail): Promise<void>
  /** Something that other parts remember has changed: an address or `*@domain`, or the keys of a domain. */
  changed(change: { keyId: KeyId; email?: string; domain?: string }): void
}

export type DomainsSettings = {
  /** Public host name of the instance. */
  name: string
  /** Where browsers reach it, without a slash at the end. */
  publicUrl(): string
  /** The name under which it publishes its SPF record. */
  spfInclude: string
  bounceDomain: string
  /** For new keys. */
  dkim: { selector: string; bits: number; ed25519: boolean }
}

export type SystemMail = { to: Address; subject: string; text: string; html: string }
