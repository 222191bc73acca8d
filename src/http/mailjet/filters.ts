/**
 * Query parameters as the REST services read them: names in any case, the first of a name counts, unknown ones are
 * ignored, and so are those without a value. A filter that is known and cannot be read is refused: whoever asked for a
 * part must never get everything.
 */

import type { FilterKind, Filters, Page, Sort } from './resource.ts'
import { badRequest } from './rest-errors.ts'

export type Paging = Page & { countOnly: boolean; countRecords: boolean }

const defaultLimit = 10
const maxLimit = 1000
const maxSorts = 10

export function readQuery(url: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>()
  const start = url.indexOf('?')
  if (start === -1) return query
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    const lower = name.toLowerCase()
    // No stored text holds U+0000, and PostgreSQL refuses it even in a question.
    if (value.includes('\0')) throw badRequest(`Invalid value for "${name.slice(0, 100)}": it holds U+0000`)
    if (!query.has(lower)) query.set(lower, value)
  }
  return query
}

export function readPaging(
  query: ReadonlyMap<string, string>,
  sortable: Readonly<Record<string, boolean>>,
): Paging {
  const limit = wholeNumber(query.get('limit'))
  return {
    limit: limit === undefined ? defaultLimit : limit === 0 ? maxLimit : Math.min(limit, maxLimit),
    // All there is has no second page (reference/contacts.md §1).
    offset: limit === 0 ? 0 : (wholeNumber(query.get('offset')) ?? 0),
    sort: readSort(query.get('sort'), sortable),
    countOnly: isTrue(query.get('countonly')),
    countRecords: isTrue(query.get('countrecords')),
  }
}

/** `ID`, `ArrivedAt DESC`, several with commas between them; what cannot be sorted by is refused (contacts.md §1). */
function readSort(text: string | undefined, sortable: Readonly<Record<string, boolean>>): Page['sort'] {
  const names = Object.entries(sortable)
  const wanted = (text ?? '').split(',', maxSorts).flatMap((one): Sort[] => {
    const [name = '', ...further] = one.trim().split(/\s+/)
    if (name === '') return []
    const direction = further.join(' ')
    const descending = direction.toLowerCase() === 'desc'
    if (!descending && direction !== '' && direction.toLowerCase() !== 'asc') {
      throw badRequest(`Invalid sort specification: "${direction.slice(0, 100)}" is neither ASC nor DESC`)
    }
    const found = names.find(([property]) => property.toLowerCase() === name.toLowerCase())
    // What has no number comes in the order that it has anyway: clients ask everything for it.
    if (found === undefined && name.toLowerCase() === 'id' && !descending) return []
    if (found === undefined) {
      throw badRequest(`Invalid sort specification: Cannot sort on field "${name.slice(0, 100)}"`)
    }
    const [property, canDescend] = found
    if (descending && !canDescend) {
      throw badRequest(`Invalid sort specification: Cannot sort on field "${property}" in descending order`)
    }
    return [{ property, descending }]
  })
  if (wanted.length > 0) return wanted
  return names.slice(0, 1).map(([property]) => ({ property, descending: false }))
}

export function readFilters(
  query: ReadonlyMap<string, string>,
  declared: Readonly<Record<string, FilterKind>>,
): Filters {
  const given = new Map<string, string>()
  for (const [name, kind] of Object.entries(declared)) {
    const text = givenValue(query, declared, name)
    if (text === undefined) continue
    if (readers[kind](text) === undefined) throw unreadable(name, kind, text)
    given.set(name, text)
  }
  const value = (name: string, kind: FilterKind): string | undefined =>
    declared[name] === kind ? given.get(name) : undefined
  return {
    text: (name) => value(name, 'text') || undefined,
    integer: (name) => wholeNumber(value(name, 'integer')),
    boolean: (name) => readBoolean(value(name, 'boolean')),
    time: (name) => readTime(value(name, 'time')),
    list: (name) =>
      value(name, 'list')
        ?.split(',')
        .map((one) => one.trim().toLowerCase())
        .filter((one) => one !== ''),
  }
}

/** Refuses filters of the real service for which nothing is kept here; `why` by name. */
export function refuseFilters(query: ReadonlyMap<string, string>, why: Readonly<Record<string, string>>) {
  for (const [name, reason] of Object.entries(why)) {
    if (query.get(name.toLowerCase())?.trim()) {
      throw badRequest(`The filter "${name}" is not supported: ${reason}`)
    }
  }
}

/** What other objects are called; each may be named with and without `ID` (reference/rest-conventions.md §3). */
const references = new Set([
  ...[
    'apikey',
    'campaign',
    'contact',
    'contactslist',
    'data',
    'dns',
    'message',
    'newsletter',
    'segmentation',
  ],
  ...['sender', 'template', 'user'],
])

function givenValue(
  query: ReadonlyMap<string, string>,
  declared: Readonly<Record<string, FilterKind>>,
  name: string,
): string | undefined {
  const own = query.get(name.toLowerCase())
  if (own?.trim()) return own
  if (declared[name] !== 'integer') return undefined
  const stem = name.toLowerCase().replace(/id$/, '')
  if (!references.has(stem)) return undefined
  const twin = stem === name.toLowerCase() ? `${stem}id` : stem
  const isOther = Object.keys(declared).some((other) => other.toLowerCase() === twin)
  return isOther ? undefined : query.get(twin)?.trim() || undefined
}

const readers = {
  integer: wholeNumber,
  text: (text) => text,
  boolean: readBoolean,
  time: readTime,
  list: (text) => text,
} satisfies Record<FilterKind, (text: string) => unknown>

const wantedOf = {
  integer: 'a whole number',
  text: 'a text',
  boolean: 'true or false',
  time: 'Unix seconds or a time like 2026-01-31T12:00:00Z',
  list: 'a list with commas',
} satisfies Record<FilterKind, string>

function unreadable(name: string, kind: FilterKind, text: string) {
  return badRequest(`Invalid value for filter "${name}": "${text.slice(0, 100)}" is not ${wantedOf[kind]}`)
}

/** Within what the database and JavaScript hold exactly. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined
}

function readBoolean(text: string | undefined): boolean | undefined {
  if (isTrue(text)) return true
  return text?.trim() === '0' || text?.trim().toLowerCase() === 'false' ? false : undefined
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 'true'].includes(text.trim().toLowerCase())
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/i

/** Unix seconds or RFC 3339; without a zone it is UTC. */
export function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  // `+` of a zone that was not percent-encoded arrives as a blank.
  const trimmed = text.trim().replace(/ (\d{2}:\d{2})$/, '+$1')
  if (/^\d{1,11}$/.test(trimmed)) return Number(trimmed) * 1000
  if (!rfc3339.test(trimmed)) return undefined
  const hasZone = /(?:Z|[+-]\d{2}:\d{2})$/i.test(trimmed.slice(10))
  const hasTime = trimmed.length > 10
  const at = Date.parse(hasTime && !hasZone ? `${trimmed.replace(' ', 'T')}Z` : trimmed.replace(' ', 'T'))
  return Number.isNaN(at) ? undefined : at
}
