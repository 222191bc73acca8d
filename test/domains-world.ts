/** Senders and domains with a zone, web sites and mailboxes that a test writes and reads. */
import type { DomainsContext, SystemMail } from '../src/domains/context.ts'
import { formatAddress } from '../src/mail/address.ts'
import { type Clock, systemClock } from '../src/runtime/clock.ts'
import type { Addresses, DnsAnswer, MxRecord } from '../src/runtime/dns.ts'
import { silentLog } from '../src/runtime/log.ts'
import { createSeal, type Seal } from '../src/runtime/seal.ts'
import type { Storage } from '../src/storage/storage.ts'

export type DomainsWorld = {
  /** Names without a dot at the end. */
  txt: Map<string, string[]>
  cname: Map<string, string>
  mx: Map<string, MxRecord[]>
  addresses: Map<string, Addresses>
  /** Names that DNS gives no answer for. */
  broken: Set<string>
  /** What web sites answer, by URL. */
  pages: Map<string, { status: number; body: string }>
  mails: SystemMail[]
  /** The token in the latest mail to an address. */
  tokenFor(email: string): string | undefined
  changes: Parameters<DomainsContext['changed']>[0][]
}

export function createWorld(): DomainsWorld & Pick<DomainsContext, 'zone' | 'fetch'> {
  const world: DomainsWorld = {
    txt: new Map(),
    cname: new Map(),
    mx: new Map(),
    addresses: new Map(),
    broken: new Set(),
    pages: new Map(),
    mails: [],
    tokenFor(email) {
      const mail = world.mails.findLast(({ to }) => formatAddress(to) === email)
      return mail && /\/activate\/([\w-]+)/.exec(mail.text)?.[1]
    },
    changes: [],
  }

  function answer<T>(name: string, records: T | undefined): DnsAnswer<T> {
    if (world.broken.has(name)) return { kind: 'failed', reason: 'ETIMEOUT' }
    return records === undefined ? { kind: 'nxdomain' } : { kind: 'found', records }
  }

  return Object.assign(world, {
    zone: {
      async txt(name: string) {
        let place = name
        for (let i = 0; i < 8; i += 1) place = world.cname.get(place) ?? place
        return answer<readonly string[]>(place, world.txt.get(place))
      },
      cname: async (name: string) => {
        const target = world.cname.get(name)
        return answer<readonly string[]>(name, target === undefined ? undefined : [target])
      },
      mx: async (name: string) => answer<readonly MxRecord[]>(name, world.mx.get(name)),
      addresses: async (name: string) => answer(name, world.addresses.get(name)),
    },
    async fetch(url: string) {
      const page = world.pages.get(url)
      return page === undefined
        ? ({ kind: 'failed', reason: 'no connection (ECONNREFUSED)' } as const)
        : ({ kind: 'answered', status: page.status, body: Buffer.from(page.body), url } as const)
    },
  })
}

export function createTestDomains(
  storage: Storage,
  {
    clock = systemClock,
    seal = createSeal(Buffer.alloc(32, 7)),
    log = silentLog,
  }: { clock?: Clock; seal?: Seal; log?: DomainsContext['log'] } = {},
): { ctx: DomainsContext; world: DomainsWorld } {
  const world = createWorld()
  const ctx: DomainsContext = {
    storage,
    seal,
    clock,
    log,
    zone: world.zone,
    fetch: world.fetch,
    settings: {
      name: 'mail.paravion.example',
      publicUrl: () => 'http://mail.paravion.example',
      spfInclude: 'spf.mail.paravion.example',
      bounceDomain: 'bounce.mail.paravion.example',
      // Small keys are made faster; what is checked is the same.
      dkim: { selector: 'mailjet', bits: 1024, ed25519: false },
    },
    sendMail: async (mail) => void world.mails.push(mail),
    changed: (change) => void world.changes.push(change),
  }
  return { ctx, world }
}
