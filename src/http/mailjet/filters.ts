/** Query parameters as the REST services read them: names in any case, the first of a name counts, unknown ones are ignored. */

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
    if (!query.has(lower) && !value.includes('\0')) query.set(lower, value)
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
    offset: wholeNumber(query.get('offset')) ?? 0,
    sort: readSort(query.get('sort'), sortable),
    countOnly: isTrue(query.get('countonly')),
    countRecords: isTrue(query.get('countrecords')),
  }
}

/** `ID`, `ArrivedAt DESC`, several with commas between them; what cannot be sorted by is refused (contacts.md §1). */
function readSort(text: string | undefined, sortable: Readonly<Record<string, boolean>>): Page['sort'] {
  const names = Object.entries(sortable)
  const wanted = (text ?? '').split(',', maxSorts).flatMap((one): Sort[] => {
    const [name = '', direction = ''] = one.trim().split(/\s+/)
    const found = names.find(([property]) => property.toLowerCase() === name.toLowerCase())
    if (found === undefined) {
      if (name === '') return []
      throw badRequest(`Invalid sort specification: Cannot sort on field "${name.slice(0, 100)}"`)
    }
    return [{ property: found[0], descending: found[1] && direction.toLowerCase() === 'desc' }]
  })
  if (wanted.length > 0) return wanted
  return names.slice(0, 1).map(([property]) => ({ property, descending: false }))
}

export function readFilters(
  query: ReadonlyMap<string, string>,
  declared: Readonly<Record<string, FilterKind>>,
): Filters {
  const value = (name: string, kind: FilterKind): string | undefined =>
    declared[name] === kind ? query.get(name.toLowerCase()) : undefined
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

/** Within what the database and JavaScript hold exactly. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined
}

function readBoolean(text: string | undefined): boolean | undefined {
  if (isTrue(text)) return true
  return text === '0' || text?.toLowerCase() === 'false' ? false : undefined
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && (text === '1' || text.toLowerCase() === 'true')
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
