/** Stored templates: what is said of them, who has them (reference/campaigns-templates.md §5). */
import { type Kysely, type Selectable, sql } from 'kysely'
import type { AccountId, KeyId, TemplateId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { TemplateOwner } from '../storage/tables/templates.ts'

export const editModes = ['visual', 'html', 'section', 'mjml'] as const
export type EditMode = (typeof editModes)[number]

export type TemplateDetails = {
  /** Unique for its owner. */
  name: string
  author: string
  description: string
  copyright: string
  editMode: EditMode
  /** en_US */
  locale: string
  purposes: readonly string[]
  categories: readonly string[]
  /** JSON text of an editor's; not looked into. */
  presets: string
  isStarred: boolean
  /** A text part is made from the HTML where none is given. */
  makesText: boolean
}

export type StoredTemplate = TemplateDetails & {
  id: TemplateId
  ownerType: TemplateOwner
  /** An API key, or the account for those of the user. */
  ownerId: number
  /** The latest of its versions; 0: it has no content yet. */
  version: number
  createdAt: Instant
  updatedAt: Instant
  deletedAt: Instant | null
}

/** Who asks: a key sees its own and those of the user; only the master key may change or use the user's. */
export type TemplateReader = { keyId: KeyId; accountId: AccountId; isMaster: boolean }

export type TemplateFilters = {
  reader: TemplateReader
  id?: TemplateId
  ownerType?: TemplateOwner
  name?: string
  /** Somewhere in the name or the description, in any letter case. */
  search?: string
  editMode?: EditMode
  isStarred?: boolean
  purposes?: WordFilter
  categories?: WordFilter
  isDeleted?: boolean
}

/** The template's words compared with these: one of them at least, all of them, or nothing but them. */
export type WordFilter = { words: readonly string[]; method: 'any' | 'all' | 'subset' }

export type TemplateRow = Selectable<Schema['templates']>

export async function listTemplates(
  db: Kysely<Schema>,
  filters: TemplateFilters,
  {
    limit,
    offset = 0,
    order = 'oldest',
  }: { limit: number; offset?: number; order?: 'oldest' | 'newest' | 'changed' | 'name' },
): Promise<StoredTemplate[]> {
  let query = filtered(db, filters).selectAll()
  if (order === 'changed') query = query.orderBy('updated_at', 'desc')
  if (order === 'name') query = query.orderBy(sql`lower(name)`)
  const rows = await query
    .orderBy('id', order === 'oldest' || order === 'name' ? 'asc' : 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
  return rows.map(toTemplate)
}

export async function countTemplates(db: Kysely<Schema>, filters: TemplateFilters): Promise<number> {
  const { count } = await filtered(db, filters)
    .select(({ fn }) => fn.countAll<number | string | bigint>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Throws Refused when the reader sees none. */
export async function findTemplate(
  db: Kysely<Schema>,
  filters: TemplateFilters & { id: TemplateId },
): Promise<StoredTemplate> {
  const [found] = await listTemplates(db, filters, { limit: 1 })
  if (found === undefined) throw new Refused('not-found', `this API key has no template ${filters.id}`)
  return found
}

export function mayChange(template: StoredTemplate, reader: TemplateReader): boolean {
  return template.ownerType === 'apikey' || reader.isMaster
}

function filtered(db: Kysely<Schema>, filters: TemplateFilters) {
  const { reader, id, ownerType, name, search, editMode, isStarred, purposes, categories } = filters
  let query = db
    .selectFrom('templates')
    .where('deleted_at', filters.isDeleted ? 'is not' : 'is', null)
    .where((where) => {
      const own = where.and({ owner_type: 'apikey', owner_id: reader.keyId })
      const users = where.and({ owner_type: 'user', owner_id: reader.accountId })
      if (ownerType !== undefined) return ownerType === 'apikey' ? own : users
      return where.or([own, users])
    })
  if (id !== undefined) query = query.where('id', '=', id)
  if (name !== undefined) query = query.where('name', '=', name)
  if (editMode !== undefined) query = query.where('edit_mode', '=', editModes.indexOf(editMode) + 1)
  if (isStarred !== undefined) query = query.where('is_starred', '=', isStarred ? 1 : 0)
  const text = search?.trim() ?? ''
  if (text !== '') {
    const pattern = `%${text.replaceAll(/[\\%_]/g, (found) => `\\${found}`)}%`
    query = query.where(
      // The database makes both sides small: SQLite knows the letters of ASCII alone, JavaScript those of everybody.
      sql<boolean>`(lower(name) like lower(${pattern}) escape '\\' or lower(description) like lower(${pattern}) escape '\\')`,
    )
  }
  if (purposes !== undefined) query = query.where(wordsMatch('purposes', purposes))
  if (categories !== undefined) query = query.where(wordsMatch('categories', categories))
  return query
}

/** The columns hold JSON lists of known words: each is found with its quotes. */
function wordsMatch(column: 'purposes' | 'categories', { words, method }: WordFilter) {
  const has = (word: string) => sql<boolean>`${sql.ref(column)} like ${`%${JSON.stringify(word)}%`}`
  if (method === 'subset') {
    const others = knownWords[column].filter((word) => !words.includes(word))
    return sql<boolean>`not (${sql.join([sql`1 = 0`, ...others.map(has)], sql` or `)})`
  }
  const [none, joiner] = method === 'any' ? [sql`1 = 0`, sql` or `] : [sql`1 = 1`, sql` and `]
  return sql<boolean>`(${sql.join([none, ...words.map(has)], joiner)})`
}

/** reference/campaigns-templates.md §5. */
export const knownWords = {
  purposes: ['marketing', 'transactional', 'automation'],
  categories: [
    'full',
    'basic',
    'newsletter',
    'e-commerce',
    'events',
    'travel',
    'sports',
    'welcome',
    'contact-property-update',
    'support',
    'invoice',
    'anniversary',
    'account',
    'activation',
  ],
} as const satisfies Record<'purposes' | 'categories', readonly string[]>

export function detailsOf(template: StoredTemplate): TemplateDetails {
  const { id, ownerType, ownerId, version, createdAt, updatedAt, deletedAt, ...details } = template
  return details
}

export function toTemplate(row: TemplateRow): StoredTemplate {
  return {
    id: row.id,
    ownerType: row.owner_type,
    ownerId: row.owner_id,
    name: row.name,
    author: row.author,
    description: row.description,
    copyright: row.copyright,
    editMode: editModes[row.edit_mode - 1] ?? 'html',
    locale: row.locale,
    purposes: JSON.parse(row.purposes) as string[],
    categories: JSON.parse(row.categories) as string[],
    presets: row.presets,
    isStarred: row.is_starred === 1,
    makesText: row.makes_text === 1,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  }
}
