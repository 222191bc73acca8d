/** The SPF record: one, readable, within the limits receivers have, and with our addresses in it. */
import { spfRecord } from '../dns-records.ts'
import {
  findMisplaced,
  noAnswer,
  quotedProblem,
  type RecordCheck,
  recordsOf,
  withoutZoneQuotes,
  wrongPlaces,
  type ZoneReader,
} from './record-check.ts'
import { isSpf, parseSpf, type SpfTerm } from './spf-terms.ts'

// RFC 7208 §4.6.4. Receivers give up (permerror) beyond them, and no mail of the domain passes.
const maxLookups = 10
const maxVoidLookups = 2
/** Where we stop counting: enough to say by how much it is too many, too few to be made to ask the world. */
const giveUpAt = 25

export async function checkSpf(
  zone: ZoneReader,
  { domainName, include, mustInclude = true }: { domainName: string; include: string; mustInclude?: boolean },
): Promise<RecordCheck> {
  const check = { purpose: 'spf', name: domainName } as const
  const publish = spfRecord({ domainName, include })
  const answer = await zone.txt(domainName)
  if (answer.kind === 'failed') {
    return { ...check, status: 'unknown', found: [], problems: [noAnswer(domainName, answer.reason)] }
  }
  const texts = recordsOf(answer)
  const found = texts.filter(isSpf)
  const [text] = found
  if (text === undefined) {
    const broken = texts.filter((one) => /^[\s"]*v\s*=\s*spf/i.test(one))
    if (broken.length > 0)
      return { ...check, status: 'error', found: broken, problems: broken.map(whyNoSpf), publish }
    const places = [
      ...wrongPlaces(domainName, domainName),
      ...['spf', '_spf', 'www'].map((host) => ({
        name: `${host}.${domainName}`,
        mistake: "it belongs to the domain itself: enter '@' (or nothing) as its host",
      })),
    ]
    const misplaced = await findMisplaced(zone, {
      places,
      isIt: (one) => isSpf(one) && one.includes(include),
    })
    const problem = misplaced ?? `there is no SPF record at ${domainName}`
    return { ...check, status: 'missing', found: [], problems: [problem], publish }
  }
  const merged = { ...publish, value: addInclude(found, include) }
  if (found.length > 1) {
    const problem = `there are ${found.length} SPF records and receivers then use none: make one of them`
    return { ...check, status: 'error', found, problems: [problem], publish: merged }
  }
  const walk = await walkSpf(zone, { domainName, text, include })
  if (walk.unanswered !== undefined) {
    return { ...check, status: 'unknown', found, problems: [walk.unanswered] }
  }
  const problems = [...walk.problems]
  const lacksUs = mustInclude && !walk.includesUs
  if (lacksUs) {
    problems.push(`our servers are not in it: add include:${include}`)
  }
  if (problems.length > 0) {
    return { ...check, status: 'error', found, problems, ...(lacksUs && { publish: merged }) }
  }
  return { ...check, status: walk.advice.length === 0 ? 'ok' : 'advice', found, problems: walk.advice }
}

/** The record that is there with our include in it, before what ends it; of several records, all their words. */
export function addInclude(found: readonly string[], include: string): string {
  const words = found.flatMap((text) => text.split(/ +/).slice(1)).filter((word) => word !== '')
  const isEnd = (word: string) => /^[+?~-]?all$/i.test(word)
  const isRedirect = (word: string) => /^redirect=/i.test(word)
  const ours = `include:${include}`
  const body = words.filter((word) => !isEnd(word) && !isRedirect(word) && word.toLowerCase() !== ours)
  // The strictest of several ends could cut off what the others let through: the softest stays.
  const ends = words.filter(isEnd).filter((word) => !/^\+?all$/i.test(word))
  const end =
    ends.find((word) => word.startsWith('?')) ?? ends.find((word) => word.startsWith('~')) ?? ends[0]
  const last = end ?? words.find(isRedirect) ?? '~all'
  return ['v=spf1', ...new Set(body), ours, last].join(' ')
}

type Walk = {
  includesUs: boolean
  lookups: number
  voids: number
  problems: string[]
  advice: string[]
  unanswered?: string
}

/** Follows include and redirect as a receiver would that finds no match anywhere. */
async function walkSpf(
  zone: ZoneReader,
  { domainName, text, include }: { domainName: string; text: string; include: string },
): Promise<Walk> {
  const walk: Walk = { includesUs: false, lookups: 0, voids: 0, problems: [], advice: [] }
  await follow(text, [domainName])
  if (walk.lookups > maxLookups) {
    const counted = walk.lookups >= giveUpAt ? `${giveUpAt} or more` : walk.lookups
    walk.problems.push(
      `it takes ${counted} DNS look-ups and receivers make at most ${maxLookups}: remove includes that are no longer needed`,
    )
  }
  if (walk.voids > maxVoidLookups) {
    walk.problems.push(
      `${walk.voids} of its names do not exist and receivers accept at most ${maxVoidLookups} such: remove them`,
    )
  }
  return walk

  async function follow(record: string, path: readonly string[]): Promise<void> {
    const isOwn = path.length === 1
    const { terms, problems } = parseSpf(record)
    const where = isOwn ? '' : ` (in ${path.at(-1)})`
    walk.problems.push(...problems.map((problem) => problem + where))
    if (isOwn) judgeEnd(terms)
    const all = terms.findIndex(({ kind }) => kind === 'all')
    for (const [index, term] of terms.entries()) {
      // RFC 7208 §6.1: with an `all`, redirect= is ignored; so is every mechanism behind it.
      if (all !== -1 && (index > all || term.kind === 'redirect')) continue
      if (walk.lookups >= giveUpAt || walk.unanswered !== undefined) return
      await take(term, path)
    }
  }

  async function take(term: SpfTerm, path: readonly string[]): Promise<void> {
    switch (term.kind) {
      case 'include':
      case 'redirect':
        walk.lookups += 1
        return term.domain === undefined ? undefined : enter(term.domain, { term, path })
      case 'a':
      case 'mx':
      case 'exists': {
        walk.lookups += 1
        const name = term.domain ?? (term.text.includes('%') ? undefined : path.at(-1))
        if (name === undefined) return
        const answer = term.kind === 'mx' ? await zone.mx(name) : await zone.addresses(name)
        if (answer.kind === 'none' || answer.kind === 'nxdomain') walk.voids += 1
        return
      }
      case 'ptr':
        walk.lookups += 1
        walk.advice.push(`'${term.text}' is slow and should not be used any more (RFC 7208): remove it`)
        return
      default:
        return
    }
  }

  async function enter(
    name: string,
    { term, path }: { term: SpfTerm; path: readonly string[] },
  ): Promise<void> {
    if (name === include) walk.includesUs = true
    if (path.includes(name)) {
      walk.problems.push(`'${term.text}' leads back to ${name}: receivers would go round in circles`)
      return
    }
    const answer = await zone.txt(name)
    if (answer.kind === 'failed') {
      walk.unanswered = noAnswer(name, answer.reason)
      return
    }
    const [nested, second] = recordsOf(answer).filter(isSpf)
    if (answer.kind !== 'found') walk.voids += 1
    // RFC 7208 §5.2: an include without a record is an error of the whole.
    if (nested === undefined) walk.problems.push(`'${term.text}': there is no SPF record at ${name}`)
    else if (second !== undefined)
      walk.problems.push(`'${term.text}': there are several SPF records at ${name}`)
    else await follow(nested, [...path, name])
  }

  function judgeEnd(terms: readonly SpfTerm[]): void {
    const all = terms.find((term) => term.kind === 'all')
    if (all?.kind === 'all' && all.qualifier === '+') {
      walk.problems.push(`'${all.text}' lets the whole world send as ${domainName}: make it ~all`)
    }
    if (all?.kind === 'all' && all.qualifier === '?') {
      walk.advice.push("'?all' says nothing about other senders: ~all protects the domain better")
    }
    if (all === undefined && !terms.some(({ kind }) => kind === 'redirect')) {
      walk.advice.push('it has no end: add ~all')
    }
  }
}

function whyNoSpf(text: string): string {
  if (withoutZoneQuotes(text) !== undefined) return quotedProblem
  return `'${text.slice(0, 100)}' is not an SPF record: it must begin with 'v=spf1' and a space`
}
