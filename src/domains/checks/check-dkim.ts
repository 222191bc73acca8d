/** Does DNS show the public part of a signing key? */
import { dkimRecord, type PublishedKey } from '../dns-records.ts'
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

export async function checkDkim(zone: ZoneReader, key: PublishedKey): Promise<RecordCheck> {
  const publish = dkimRecord(key)
  const name = publish.name.slice(0, -1)
  const check = { purpose: 'dkim', name } as const
  // The resolver follows aliases and joins strings.
  const answer = await zone.txt(name)
  if (answer.kind === 'failed') {
    return { ...check, status: 'unknown', found: [], problems: [noAnswer(name, answer.reason)] }
  }
  const found = recordsOf(answer)
  if (found.length === 0) {
    const problem = (await whereItIs(zone, { name, key })) ?? `there is no TXT record at ${name}`
    return { ...check, status: 'missing', found, problems: [problem], publish }
  }
  const { ok, problems } = judgeDkim(found, key)
  if (ok) return { ...check, status: problems.length === 0 ? 'ok' : 'advice', found, problems }
  return { ...check, status: 'error', found, problems, publish }
}

/** The texts at the name of a key. `ok` may come with advice. */
export function judgeDkim(
  found: readonly string[],
  key: Pick<PublishedKey, 'algorithm' | 'publicKey'>,
): { ok: boolean; problems: string[] } {
  // Beside a wild card or an alias other TXT records may turn up; only those that can be keys count.
  const candidates = found.filter((text) => /(?:^|[;\s"\\])p\s*=/.test(text))
  const [text] = candidates
  if (text === undefined) {
    return { ok: false, problems: ['the TXT record at this name is not a DKIM key: it has no p='] }
  }
  if (candidates.length > 1) {
    return {
      ok: false,
      problems: [
        `there are ${candidates.length} keys at this name and receivers take any of them: delete all but the one to publish`,
      ],
    }
  }
  const unquoted = withoutZoneQuotes(text)
  if (unquoted !== undefined) {
    const { ok, problems } = judgeKey(unquoted, key)
    return { ok: false, problems: ok ? [quotedProblem] : [quotedProblem, ...problems] }
  }
  return judgeKey(text, key)
}

function judgeKey(
  text: string,
  { algorithm, publicKey }: Pick<PublishedKey, 'algorithm' | 'publicKey'>,
): { ok: boolean; problems: string[] } {
  const wrong = (problem: string) => ({ ok: false, problems: [problem] })
  const tags = parseTags(text)
  if (tags === undefined)
    return wrong('the record cannot be read: it must be a list like v=DKIM1; k=rsa; p=…')
  const type = algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519'
  const version = tags.get('v')
  if (version !== undefined && version !== 'DKIM1')
    return wrong(`the record has v=${version}; it must be v=DKIM1`)
  const published = (tags.get('p') ?? '').replace(/\s/g, '')
  if (published === '') return wrong('the key is revoked: its p= is empty')
  if (published !== publicKey) {
    if (publicKey.startsWith(published)) {
      return wrong(
        `the key is cut off after ${published.length} of ${publicKey.length} characters: the provider's field is too short, enter the value in parts of at most 255 characters each in quotation marks`,
      )
    }
    return wrong('another key is published at this name than the one that signs')
  }
  const kind = (tags.get('k') ?? 'rsa').toLowerCase()
  if (kind !== type) return wrong(`the record says k=${kind}, the key is k=${type}`)
  const services = tags
    .get('s')
    ?.split(':')
    .map((service) => service.trim())
  if (services && !services.includes('*') && !services.includes('email')) {
    return wrong(`the record keeps the key from signing mail: s=${tags.get('s')}`)
  }
  const hashes = tags
    .get('h')
    ?.split(':')
    .map((hash) => hash.trim().toLowerCase())
  if (hashes && !hashes.includes('sha256')) {
    return wrong(`the record does not allow SHA-256, which we sign with: h=${tags.get('h')}`)
  }
  const flags = (tags.get('t') ?? '').split(':').map((flag) => flag.trim().toLowerCase())
  return {
    ok: true,
    problems: flags.includes('y')
      ? ['the record says t=y (only testing): some receivers then ignore the signature; remove it']
      : [],
  }
}

async function whereItIs(
  zone: ZoneReader,
  { name, key }: { name: string; key: PublishedKey },
): Promise<string | undefined> {
  const { domainName, selector } = key
  const forgotten = `the name must contain ._domainkey: enter '${selector}._domainkey' as its host`
  const places = [
    ...wrongPlaces(name, domainName),
    { name: `${selector}.${domainName}`, mistake: forgotten },
    { name: `_domainkey.${domainName}`, mistake: `enter '${selector}._domainkey' as its host` },
    { name: domainName, mistake: forgotten },
  ]
  const [misplaced, alias] = await Promise.all([
    findMisplaced(zone, { places, isIt: (text) => text.replace(/[\s"\\]/g, '').includes(key.publicKey) }),
    zone.cname(name),
  ])
  const [target] = recordsOf(alias)
  if (target !== undefined) return `${name} is a CNAME to ${target}, and there is no TXT record there`
  return misplaced
}
