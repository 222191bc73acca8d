/** DNS as values: what was found, that there is nothing, or that nobody could say. Answers are kept for minutes. */
import { Resolver as CaresResolver } from 'node:dns/promises'
import type { Clock } from './clock.ts'
import { createRecent } from './recent.ts'

export type DnsAnswer<T> =
  | { kind: 'found'; records: T }
  /** The name exists, without records of this type. */
  | { kind: 'none' }
  | { kind: 'nxdomain' }
  /** No usable answer: a timeout, SERVFAIL, a refusal. Asking again may help. */
  | { kind: 'failed'; reason: string }

/** `exchange` is '' in a null MX (RFC 7505). Lower-case, without the trailing dot. */
export type MxRecord = { readonly priority: number; readonly exchange: string }
export type Addresses = { readonly v4: readonly string[]; readonly v6: readonly string[] }
export type TlsaRecord = {
  readonly usage: number
  readonly selector: number
  readonly matching: number
  readonly data: Buffer
}

export type Resolver = {
  mx(domain: string): Promise<DnsAnswer<readonly MxRecord[]>>
  addresses(host: string): Promise<DnsAnswer<Addresses>>
  /** Each record's strings joined. */
  txt(name: string): Promise<DnsAnswer<readonly string[]>>
  /** Names of an IP address. */
  ptr(address: string): Promise<DnsAnswer<readonly string[]>>
  tlsa(name: string): Promise<DnsAnswer<readonly TlsaRecord[]>>
}

/** For checks of other people's zones, which want to tell an alias from the record itself. */
export type AliasResolver = {
  cname(name: string): Promise<DnsAnswer<readonly string[]>>
}

const maxEntries = 20_000
const foundMaxAgeMs = 5 * 60_000
const absentMaxAgeMs = 60_000
/** Failures are remembered only so long that a burst of mail for one domain asks once. */
const failedMaxAgeMs = 5_000

export function createResolver({
  servers,
  clock,
  timeoutMs = 5_000,
  maxAgeMs = foundMaxAgeMs,
}: {
  /** `address` or `address:port`; the system's when left out. */
  servers?: readonly string[]
  clock: Clock
  /** For one server to answer once; each is asked up to three times. */
  timeoutMs?: number
  /** How long an answer is believed (an absence: at most one minute). */
  maxAgeMs?: number
}): Resolver & AliasResolver {
  const resolver = new CaresResolver({ timeout: timeoutMs, tries: 3 })
  if (servers !== undefined) resolver.setServers([...servers])
  const cache = createRecent<string, { answer: DnsAnswer<unknown>; until: number }>({ max: maxEntries })
  const asking = new Map<string, Promise<DnsAnswer<unknown>>>()

  function remembered<T>(key: string, ask: () => Promise<DnsAnswer<T>>): Promise<DnsAnswer<T>> {
    const known = cache.get(key)
    // The key names the record type, so what is kept under it is a T.
    if (known !== undefined && clock.now() < known.until) return Promise.resolve(known.answer as DnsAnswer<T>)
    const running = asking.get(key)
    if (running !== undefined) return running as Promise<DnsAnswer<T>>
    const asked = ask()
      .then((answer) => {
        cache.set(key, { answer, until: clock.now() + ageOf(answer) })
        return answer
      })
      .finally(() => asking.delete(key))
    asking.set(key, asked)
    return asked
  }

  function ageOf(answer: DnsAnswer<unknown>): number {
    if (answer.kind === 'found') return maxAgeMs
    return Math.min(maxAgeMs, answer.kind === 'failed' ? failedMaxAgeMs : absentMaxAgeMs)
  }

  async function addresses(host: string): Promise<DnsAnswer<Addresses>> {
    const [v4, v6] = await Promise.all([
      answerOf(resolver.resolve4(host), (records) => records),
      answerOf(resolver.resolve6(host), (records) => records),
    ])
    if (v4.kind === 'found' || v6.kind === 'found') {
      return {
        kind: 'found',
        records: {
          v4: v4.kind === 'found' ? v4.records : [],
          v6: v6.kind === 'found' ? v6.records : [],
        },
      }
    }
    // "There is no address" is only known when both answers say so.
    if (v4.kind === 'failed') return v4
    if (v6.kind === 'failed') return v6
    return v4.kind === 'nxdomain' && v6.kind === 'nxdomain' ? { kind: 'nxdomain' } : { kind: 'none' }
  }

  return {
    mx: (domain) =>
      remembered(`mx ${domain.toLowerCase()}`, () =>
        answerOf(resolver.resolveMx(domain), (records) =>
          records.map(({ priority, exchange }) => ({ priority, exchange: plainName(exchange) })),
        ),
      ),
    addresses: (host) => remembered(`a ${host.toLowerCase()}`, () => addresses(host)),
    txt: (name) =>
      remembered(`txt ${name.toLowerCase()}`, () =>
        answerOf(resolver.resolveTxt(name), (records) => records.map((strings) => strings.join(''))),
      ),
    cname: (name) =>
      remembered(`cname ${name.toLowerCase()}`, () =>
        answerOf(resolver.resolveCname(name), (names) => names.map(plainName)),
      ),
    ptr: (address) =>
      remembered(`ptr ${address}`, () =>
        answerOf(resolver.reverse(address), (names) => names.map(plainName)),
      ),
    tlsa: (name) =>
      remembered(`tlsa ${name.toLowerCase()}`, () =>
        answerOf(resolver.resolveTlsa(name), (records) =>
          records.map((record) => ({
            usage: record.certUsage,
            selector: record.selector,
            matching: record.match,
            data: Buffer.from(record.data),
          })),
        ),
      ),
  }
}

function plainName(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}

async function answerOf<In extends readonly unknown[], Out extends readonly unknown[]>(
  asked: Promise<In>,
  read: (records: In) => Out,
): Promise<DnsAnswer<Out>> {
  try {
    const records = await asked
    return records.length === 0 ? { kind: 'none' } : { kind: 'found', records: read(records) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENODATA') return { kind: 'none' }
    if (code === 'ENOTFOUND') return { kind: 'nxdomain' }
    // A name that is no name (an empty label, too long) can have no records.
    if (code === 'EBADNAME' || code === 'ERR_INVALID_ARG_VALUE') return { kind: 'nxdomain' }
    if (/^E[A-Z]+$/.test(code)) return { kind: 'failed', reason: code }
    throw error
  }
}
