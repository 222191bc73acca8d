/** What may be said of a template, checked. */
import { Refused } from '../runtime/refused.ts'
import { knownWords, type TemplateDetails } from './stored-templates.ts'

const longest = {
  name: 255,
  author: 255,
  description: 2_000,
  copyright: 1_000,
  presets: 100_000,
} as const

/** Throws Refused with what is wrong. */
export function checkDetails(details: TemplateDetails): TemplateDetails {
  const name = clean(details.name).trim()
  if (name === '') throw new Refused('bad-value', 'a template needs a name')
  if (!/^[a-z]{2}_[A-Z]{2}$/.test(details.locale)) {
    throw new Refused(
      'bad-value',
      `'${details.locale.slice(0, 40)}' is no locale; give language and country, like en_US`,
    )
  }
  for (const [field, max] of Object.entries(longest)) {
    const value = details[field as keyof typeof longest]
    if (value.length > max) throw new Refused('bad-value', `the ${field} is longer than ${max} characters`)
  }
  return {
    ...details,
    name,
    author: clean(details.author),
    copyright: clean(details.copyright),
    description: details.description.toWellFormed().replaceAll('\0', ''),
    presets: details.presets.toWellFormed().replaceAll('\0', ''),
    purposes: words('purposes', details.purposes),
    categories: words('categories', details.categories),
  }
}

/** On one line, and such that every database takes it. */
function clean(text: string): string {
  return text.toWellFormed().replaceAll(/\p{Cc}+/gu, ' ')
}

function words(field: 'purposes' | 'categories', given: readonly string[]): string[] {
  const known: readonly string[] = knownWords[field]
  const found = new Set<string>()
  for (const word of given) {
    const lower = word.trim().toLowerCase()
    if (!known.includes(lower)) {
      throw new Refused(
        'bad-value',
        `'${word.slice(0, 60)}' is none of the ${field}; they are ${known.join(', ')}`,
      )
    }
    found.add(lower)
  }
  return [...found]
}
