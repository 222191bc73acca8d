/** The lab's zone in the shape of `dns.promises.resolve`, without the network between. */
import { parseMx } from './records.ts'
import type { ZoneSource } from './zone-cache.ts'

type MxResult = { exchange: string; priority: number }
export type ResolveResult = string[] | string[][] | MxResult[]

/** As node:dns throws it: `code` says why. */
export class ResolveError extends Error {
  override readonly name = 'ResolveError'
  readonly code: 'ENOTFOUND' | 'ENODATA' | 'ESERVFAIL' | 'ETIMEOUT'

  constructor(code: ResolveError['code'], what: string) {
    super(`${code} ${what}`)
    this.code = code
  }
}

export function createZoneResolver(zones: ZoneSource) {
  return async function resolve(asked: string, type: string): Promise<ResolveResult> {
    const name = asked.toLowerCase().replace(/\.$/, '')
    const answer = (await zones.current()).answer(name, type)
    const what = `${type} ${name}`
    if (answer.kind === 'silence') throw new ResolveError('ETIMEOUT', what)
    if (answer.code === 'SERVFAIL') throw new ResolveError('ESERVFAIL', what)
    if (answer.code === 'NXDOMAIN') throw new ResolveError('ENOTFOUND', what)
    const values = answer.records.filter((record) => record.type === type).map(({ value }) => value)
    if (values.length === 0) throw new ResolveError('ENODATA', what)
    if (type === 'MX') {
      return values.map(parseMx).map(({ preference, exchange }) => ({ exchange, priority: preference }))
    }
    if (type === 'TXT') return values.map((value) => [value])
    return values
  }
}
