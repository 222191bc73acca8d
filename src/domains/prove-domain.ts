/** Does whoever added a domain control its DNS, or its web site? */
import { randomBytes } from 'node:crypto'
import type { Fetched } from '../runtime/safe-fetch.ts'
import { findMisplaced, noAnswer, recordsOf, wrongPlaces } from './checks/record-check.ts'
import type { DomainsContext } from './context.ts'
import { ownershipRecord } from './dns-records.ts'

export type Proof =
  | { kind: 'proved'; by: 'DNS' | 'File' }
  /** Why each way failed, for people. */
  | { kind: 'unproved'; dns: string; file: string }

type Claim = { domainName: string; token: string }

export async function proveDomain(ctx: Pick<DomainsContext, 'zone' | 'fetch'>, claim: Claim): Promise<Proof> {
  const dns = await proveByRecord(ctx, claim)
  if (dns === undefined) return { kind: 'proved', by: 'DNS' }
  const file = await proveByFile(ctx, claim)
  if (file === undefined) return { kind: 'proved', by: 'File' }
  return { kind: 'unproved', dns, file }
}

/** Undefined when it is proved, else why not. */
async function proveByRecord(
  { zone }: Pick<DomainsContext, 'zone'>,
  { domainName, token }: Claim,
): Promise<string | undefined> {
  const name = ownershipRecord({ domainName, token }).name.slice(0, -1)
  // Quotation marks that were pasted along change nothing about who could put it there.
  const isToken = (text: string) => text.replace(/["\s]/g, '').toLowerCase() === token
  const answer = await zone.txt(name)
  if (answer.kind === 'failed') return noAnswer(name, answer.reason)
  const found = recordsOf(answer)
  if (found.some(isToken)) return undefined
  if (found.length > 0) return `the TXT record at ${name} has another value than ${token}`
  // Where the record stands by mistake proves as much, but its owner should see that the form plays tricks.
  const places = [
    ...wrongPlaces(name, domainName),
    { name: domainName, mistake: `enter '${name.slice(0, -1 - domainName.length)}' as its host` },
  ]
  return (
    (await findMisplaced(zone, { places, isIt: isToken })) ??
    `there is no TXT record with the ownership token at ${name}`
  )
}

async function proveByFile(
  { fetch }: Pick<DomainsContext, 'fetch'>,
  { domainName, token }: Claim,
): Promise<string | undefined> {
  const fileName = `${token}.txt`
  const bases = ['http', 'https'].flatMap((scheme) =>
    [domainName, `www.${domainName}`].map((host) => `${scheme}://${host}`),
  )
  const results = await Promise.all(bases.map((base) => checkFile(fetch, { base, token })))
  if (results.some((problem) => problem === undefined)) return undefined
  const [first] = results
  return `${fileName} was not found at the root of the web site: ${first}`
}

async function checkFile(
  fetch: DomainsContext['fetch'],
  { base, token }: { base: string; token: string },
): Promise<string | undefined> {
  const url = `${base}/${token}.txt`
  const answer = await fetch(url)
  const problem = whyNot(answer, token)
  if (problem !== undefined) return `${url}: ${problem}`
  if (answer.kind === 'answered' && answer.body.toString('latin1').trim() !== '') return undefined
  // An empty file is enough, but not on a site that answers so to anything: there everybody could prove everything.
  const probe = await fetch(`${base}/${randomBytes(16).toString('hex')}.txt`)
  return whyNot(probe, token) === undefined
    ? `${url}: the site has an empty answer for every name; put the token into the file`
    : undefined
}

function whyNot(answer: Fetched, token: string): string | undefined {
  if (answer.kind === 'failed') return answer.reason
  if (answer.status !== 200) return `the site answers ${answer.status}`
  const text = answer.body.toString('latin1').trim().toLowerCase()
  return text === '' || text === token ? undefined : 'the file holds something else than the token'
}
