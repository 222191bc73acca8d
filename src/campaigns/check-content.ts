/**
 * What is wrong with the words of a mailing, found without rendering it: faults of the template language, names that
 * nothing is known under, and what looks like a placeholder and is none. Pure.
 */
import { nearestName } from '../runtime/nearest.ts'
import type { Content } from '../templates/content.ts'
import {
  findDoubtfulTags,
  parseTemplate,
  readReferences,
  type Template,
  type UsedReference,
} from '../templates/index.ts'
import { usesLanguage } from './compose-mailing.ts'
import type { MailingPart } from './render.ts'
import { placeIn, unmadeInWords } from './render-draft.ts'

export type ContentFinding = {
  code: 'template-error' | 'unknown-property' | 'doubtful-tag'
  /** What is wrong, where, and what would be right. */
  message: string
  /** Without: it is only to be told. */
  hinders: boolean
}

export type WrittenContent = Pick<Content, 'html' | 'text' | 'mjml' | 'headers'> & { textFromHtml?: boolean }

/** In each part. */
const mostDoubtful = 5
const mostUnknown = 10

/** `properties`: the names of those that the contacts of the key can have. */
export function checkContent(
  { subject, content }: { subject: string; content: WrittenContent },
  properties: readonly string[],
): ContentFinding[] {
  const { html, text, mjml, headers } = content
  const how = { usesLanguage: usesLanguage(headers), mjml, properties }
  const findings = [...checkPart('subject', subject, how), ...checkPart('html', html ?? '', how)]
  const inText = checkPart('text', text ?? '', how)
  // What was made of the HTML has its faults again.
  const isTold =
    content.textFromHtml === true && inText.every(({ code }) => findings.some((one) => one.code === code))
  return isTold ? findings : [...findings, ...inText]
}

type How = { usesLanguage: boolean; mjml: string | null; properties: readonly string[] }

function checkPart(part: MailingPart, source: string, how: How): ContentFinding[] {
  const parsed = how.usesLanguage ? parseTemplate(source, { placeholders: true }) : source
  const doubtful = findDoubtfulTags(source, { usesLanguage: how.usesLanguage, limit: mostDoubtful }).map(
    ({ text, start, advice, isEmptied }): ContentFinding => ({
      code: 'doubtful-tag',
      message: `${placeIn({ part, source, start }, how.mjml)}: ${text} ${isEmptied ? "is filled by Mailjet's own editor only, and nothing stands in its place here" : 'is no placeholder and goes out as it stands'}; ${advice}.`,
      hinders: false,
    }),
  )
  if (typeof parsed === 'object' && 'problem' in parsed) {
    const words = unmadeInWords({ part, source, ...parsed }, how.mjml)
    const message = `${words}. Mend it, or no mail can be made.`
    return [{ code: 'template-error', message, hinders: true }, ...doubtful]
  }
  return [...checkNames(part, parsed, { ...how, source }), ...doubtful]
}

/** Each name once, where it does most harm. */
function checkNames(
  part: MailingPart,
  parsed: Template | string,
  { source, mjml, properties }: How & { source: string },
): ContentFinding[] {
  const known = new Set(properties.map((name) => name.toLowerCase()))
  const { references, locals } = readReferences(parsed)
  const found = new Map<string, ContentFinding>()
  for (const used of references) {
    const unknown = whatIsUnknown(used, { known, locals, properties })
    if (unknown === undefined) continue
    const { name, advice } = unknown
    const before = found.get(name)
    const hasDefault = used.reference.fallback !== undefined
    // Mailjet sends those with nothing in their place, and so do we (reference/campaigns-templates.md §7).
    const hinders = !hasDefault && !used.isPlaceholder
    if (before?.hinders || (before !== undefined && !hinders) || found.size >= mostUnknown) continue
    const place = placeIn({ part, source, start: used.start }, mjml)
    const follows = hasDefault
      ? 'so that everybody gets the default'
      : used.isPlaceholder
        ? 'so that everybody gets nothing in its place'
        : 'so that no mail can be made'
    found.set(name, {
      code: 'unknown-property',
      message: `${place}: ${name} is used, ${follows}, because ${advice}`,
      hinders,
    })
  }
  return [...found.values()]
}

/** The name as it is written, and why nothing is known under it, with what would be right. */
function whatIsUnknown(
  { reference: { namespace, path } }: UsedReference,
  {
    known,
    locals,
    properties,
  }: { known: ReadonlySet<string>; locals: ReadonlySet<string>; properties: readonly string[] },
): { name: string; advice: string } | undefined {
  const [first = '', second = '', third = ''] = path
  const isData = namespace === 'mj' && first.toLowerCase() === 'contact' && second.toLowerCase() === 'data'
  if (namespace === 'data' || isData) {
    const property = isData ? path.slice(2).join('.') : path.join('.')
    const isKnown = path.length === (isData ? 3 : 1) && known.has((isData ? third : first).toLowerCase())
    if (isKnown) return undefined
    const name = isData ? `mj:contact.data.${property}` : `data:${property}`
    return { name, advice: `contacts have no property ${property}: ${meant(property, properties)}` }
  }
  if (namespace === 'var') {
    return {
      name: `var:${path.join('.')}`,
      advice: 'campaigns have no variables: a property of the contact is written data:name.',
    }
  }
  if (namespace === 'local' && !locals.has(first)) {
    const name = path.join('.')
    return {
      name,
      advice: `nothing is set under that name: a property of the contact is written data:${name}.`,
    }
  }
  return undefined
}

const mostNamed = 10

function meant(name: string, properties: readonly string[]): string {
  if (properties.length === 0) return 'make it, or give a default.'
  const near = nearestName(name, properties)
  if (near !== undefined) return `was ${near} meant?`
  const named = properties.slice(0, mostNamed).join(', ')
  return `there ${properties.length === 1 ? 'is' : 'are'} ${named}${properties.length > mostNamed ? ' and others' : ''}.`
}
