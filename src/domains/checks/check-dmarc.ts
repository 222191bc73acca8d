/** The DMARC record (RFC 9989): is there one, can it be read, and does our mail pass what it asks for? */
import { dmarcRecord } from '../dns-records.ts'
import {
  findMisplaced,
  noAnswer,
  parseTags,
  quotedProblem,
  type RecordCheck,
  recordsOf,
  withoutZoneQuotes,
  wrongPlaces,
  type ZoneReader,
} from './record-check.ts'

/** RFC 9989 §4.10: a tree walk asks at most eight names. */
const maxQueries = 8

export async function checkDmarc(
  zone: ZoneReader,
  { domainName, dkimIsRight }: { domainName: string; dkimIsRight: boolean },
): Promise<RecordCheck> {
  const name = `_dmarc.${domainName}`
  const check = { purpose: 'dmarc', name } as const
  const publish = dmarcRecord({ domainName })
  const answer = await zone.txt(name)
  if (answer.kind === 'failed') {
    return { ...check, status: 'unknown', found: [], problems: [noAnswer(name, answer.reason)] }
  }
  const texts = recordsOf(answer)
  const found = texts.filter((text) => /^[\s"]*v\s*=\s*dmarc1/i.test(text))
  if (found.length > 1) {
    return {
      ...check,
      status: 'error',
      found,
      problems: [`there are ${found.length} DMARC records and receivers then use none: delete all but one`],
    }
  }
  const [text] = found
  if (text === undefined) return { ...check, ...(await whenMissing(zone, { name, domainName })), publish }
  const { policy, problems } = judgeDmarc(text)
  if (problems.length > 0) return { ...check, status: 'error', found, problems, publish }
  if ((policy === 'reject' || policy === 'quarantine') && !dkimIsRight) {
    const problem = `the policy p=${policy} asks receivers to turn away mail without a signature of ${domainName}: publish the DKIM record before you send`
    return { ...check, status: 'error', found, problems: [problem] }
  }
  const strangers = await deafReceivers(zone, { text, domainName })
  return { ...check, status: strangers.length === 0 ? 'ok' : 'advice', found, problems: strangers }
}

export function judgeDmarc(text: string): { policy: string | undefined; problems: string[] } {
  if (withoutZoneQuotes(text) !== undefined) return { policy: undefined, problems: [quotedProblem] }
  const tags = parseTags(text)
  // RFC 9989 §4.7: v= comes first and is written exactly so.
  if (tags === undefined || !/^v\s*=\s*DMARC1\s*(?:;|$)/.test(text)) {
    return {
      policy: undefined,
      problems: [
        'the record cannot be read: it must be a list that begins with v=DMARC1, like v=DMARC1; p=none',
      ],
    }
  }
  const problems: string[] = []
  const policy = tags.get('p')?.toLowerCase()
  const policies = ['none', 'quarantine', 'reject']
  if (policy === undefined) {
    // RFC 9989 §4.7: without a usable p, a record with rua counts as none.
    if (!tags.has('rua')) problems.push('the record has no policy: add p=none, p=quarantine or p=reject')
  } else if (!policies.includes(policy)) {
    problems.push(`the policy p=${policy} does not exist: it must be none, quarantine or reject`)
  }
  for (const tag of ['sp', 'np']) {
    const value = tags.get(tag)?.toLowerCase()
    if (value !== undefined && !policies.includes(value)) {
      problems.push(`${tag}=${value} does not exist: it must be none, quarantine or reject`)
    }
  }
  for (const tag of ['adkim', 'aspf']) {
    const value = tags.get(tag)?.toLowerCase()
    if (value !== undefined && value !== 'r' && value !== 's') {
      problems.push(`${tag}=${value} does not exist: it must be r or s`)
    }
  }
  for (const uri of (tags.get('rua') ?? '').split(',')) {
    if (uri.trim() !== '' && !/^mailto:[^\s@]+@[^\s@]+$/i.test(uri.trim())) {
      problems.push(
        `rua=${uri.trim()} is not an address for reports: write it like mailto:dmarc@shop.example`,
      )
    }
  }
  return { policy: policy ?? 'none', problems }
}

/** A sub-domain is covered by the record of a domain above it. */
async function whenMissing(
  zone: ZoneReader,
  { name, domainName }: { name: string; domainName: string },
): Promise<Pick<RecordCheck, 'status' | 'found' | 'problems'>> {
  const labels = domainName.split('.')
  for (let up = 1; up < labels.length - 1 && up < maxQueries; up += 1) {
    const above = labels.slice(up).join('.')
    const [inherited] = recordsOf(await zone.txt(`_dmarc.${above}`)).filter((text) =>
      /^\s*v\s*=\s*DMARC1/.test(text),
    )
    if (inherited !== undefined) {
      return { status: 'ok', found: [inherited], problems: [] }
    }
  }
  const places = [
    ...wrongPlaces(name, domainName),
    {
      name: `dmarc.${domainName}`,
      mistake: "the name begins with an underscore: enter '_dmarc' as its host",
    },
    { name: domainName, mistake: "enter '_dmarc' as its host" },
  ]
  const misplaced = await findMisplaced(zone, { places, isIt: (text) => /^[\s"]*v\s*=\s*dmarc1/i.test(text) })
  return { status: 'missing', found: [], problems: [misplaced ?? `there is no DMARC record at ${name}`] }
}

/** RFC 9990 §3: who gets reports about another domain must say in its own DNS that it wants them. */
async function deafReceivers(
  zone: ZoneReader,
  { text, domainName }: { text: string; domainName: string },
): Promise<string[]> {
  const uris = (parseTags(text)?.get('rua') ?? '').split(',').slice(0, 5)
  const hosts = uris.flatMap((uri) => /@([^\s@!]+)/.exec(uri.trim().toLowerCase())?.[1] ?? [])
  const strangers = [...new Set(hosts)].filter((host) => !isRelated(host, domainName))
  const answers = await Promise.all(
    strangers.map(async (host) => ({ host, answer: await zone.txt(`${domainName}._report._dmarc.${host}`) })),
  )
  return answers
    .filter(({ answer }) => answer.kind === 'none' || answer.kind === 'nxdomain')
    .map(
      ({ host }) =>
        `reports will not reach ${host}: it does not say in DNS that it takes them for ${domainName}`,
    )
}

function isRelated(a: string, b: string): boolean {
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`)
}
