/** `/v3/REST/template` (reference/campaigns-templates.md §5): what is said of templates; what they hold is an action. */
import type { TemplateId } from '../../../mail/ids.ts'
import { Refused } from '../../../runtime/refused.ts'
import type { TemplateOwner } from '../../../storage/tables/templates.ts'
import {
  changeTemplate,
  createTemplate,
  deleteTemplate,
  TemplateNameIsTaken,
} from '../../../templates/change-templates.ts'
import {
  countTemplates,
  editModes,
  listTemplates,
  mayChange,
  type StoredTemplate,
  type TemplateDetails,
  type TemplateFilters,
  type TemplateReader,
  type WordFilter,
} from '../../../templates/stored-templates.ts'
import { defineResource } from '../define-resource.ts'
import type { Values } from '../read-values.ts'
import { formatTime, type Property, type Query } from '../resource.ts'
import { badRequest, masterKeyNeeded, RestError } from '../rest-errors.ts'
import { detailContent } from './template-content.ts'

/** Drafts of campaigns have these words for the numbers; the guides filter with them. */
const editModeWords = { tool: 1, tool2: 1, html: 2, html2: 2, section: 3, mjml: 4 }

function text(
  name: string,
  field: 'author' | 'copyright' | 'description' | 'presets' | 'locale',
  { description, maxLength, initial = '' }: { description: string; maxLength: number; initial?: string },
): Property<StoredTemplate> {
  return {
    ...{ name, type: 'text', description, maxLength, default: initial, write: 'always' },
    value: (row) => row[field],
  }
}

export const template = defineResource<StoredTemplate>({
  name: 'template',
  description: 'Stored templates.',
  uniqueKey: ['OwnerType', 'Name'],
  isNewer: true,
  properties: [
    { name: 'ID', type: 'integer', description: 'Number of the template.', value: (row) => row.id },
    {
      name: 'Name',
      type: 'text',
      description: 'Name; unique for its owner.',
      write: 'always',
      isRequired: true,
      value: (row) => row.name,
    },
    text('Author', 'author', { description: 'Who made it, in words.', maxLength: 255 }),
    {
      name: 'OwnerId',
      type: 'integer',
      description: 'The API key, or the user.',
      value: (row) => row.ownerId,
    },
    {
      name: 'OwnerType',
      type: 'text',
      description: 'apikey: of this key alone. user: of the master key, and read by all sub-keys.',
      write: 'at-creation',
      default: 'apikey',
      allowed: ['apikey', 'user'],
      value: (row) => row.ownerType,
    },
    text('Presets', 'presets', {
      description: 'JSON text of an editor’s; kept as it is.',
      maxLength: 100_000,
      initial: '{}',
    }),
    {
      name: 'Categories',
      type: 'list',
      description: 'Words that describe it.',
      write: 'always',
      value: (row) => row.categories,
    },
    text('Copyright', 'copyright', { description: 'Whose it is, in words.', maxLength: 1_000 }),
    text('Description', 'description', { description: 'Free text.', maxLength: 2_000 }),
    {
      name: 'EditMode',
      type: 'integer',
      description: '1 made in a visual editor, 2 HTML, 3 a saved section, 4 MJML.',
      write: 'always',
      default: 2,
      words: editModeWords,
      value: (row) => editModes.indexOf(row.editMode) + 1,
    },
    {
      name: 'IsStarred',
      type: 'boolean',
      description: 'Whether it has a star.',
      write: 'always',
      default: false,
      value: (row) => row.isStarred,
    },
    {
      name: 'IsTextPartGenerationEnabled',
      type: 'boolean',
      description: 'Whether a text part is made from the HTML where none is given.',
      write: 'always',
      default: false,
      value: (row) => row.makesText,
    },
    text('Locale', 'locale', {
      description: 'Language and country, like en_US.',
      maxLength: 5,
      initial: 'en_US',
    }),
    {
      name: 'LocaleList',
      type: 'list',
      description: 'Its locale.',
      value: (row) => [row.locale],
    },
    { name: 'Previews', type: 'list', description: 'Always empty.', value: () => [] },
    {
      name: 'Purposes',
      type: 'list',
      description: 'marketing, transactional, automation; of several, the first counts at the creation.',
      write: 'always',
      value: (row) => row.purposes,
    },
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'When it was made.',
      value: (row) => formatTime(row.createdAt),
    },
    {
      name: 'LastUpdatedAt',
      type: 'time',
      description: 'When it was changed last.',
      value: (row) => formatTime(row.updatedAt),
    },
  ],
  filters: {
    APIKey: 'integer',
    Categories: 'list',
    CategoriesSelectionMethod: 'text',
    EditMode: 'text',
    Name: 'text',
    OwnerType: 'text',
    Purposes: 'list',
    PurposesSelectionMethod: 'text',
    User: 'integer',
  },
  sort: { ID: true },
  unknownId: 'not-found',
  async select(query, { limit, offset, sort: [first] }) {
    const filters = readFilters(query)
    if (filters === undefined) return []
    const order = first?.descending ? 'newest' : 'oldest'
    return listTemplates(query.db, filters, { limit, offset, order })
  },
  async count(query) {
    const filters = readFilters(query)
    return filters === undefined ? 0 : countTemplates(query.db, filters)
  },
  async create(query, values) {
    const { purposes, ...details } = readDetails(values)
    return tell(
      createTemplate(query.parts.storage, {
        reader: readerOf(query),
        ownerType: values.text('OwnerType') === 'user' ? 'user' : 'apikey',
        details: {
          ...details,
          name: details.name ?? '',
          ...(purposes !== undefined && { purposes: purposes.slice(0, 1) }),
        },
        now: query.now,
      }),
    )
  },
  async update(query, row, values) {
    refuseUnlessOwner(query, row)
    return tell(changeTemplate(query.db, row, { details: readDetails(values), now: query.now }))
  },
  async remove(query, row) {
    refuseUnlessOwner(query, row)
    await deleteTemplate(query.db, { id: row.id, now: query.now })
  },
  actions: { detailcontent: detailContent({ refuseUnlessOwner }) },
})

function readerOf({ apiKey }: Query): TemplateReader {
  return { keyId: apiKey.id, accountId: apiKey.accountId, isMaster: apiKey.isMaster }
}

function refuseUnlessOwner(query: Query, row: StoredTemplate): void {
  if (!mayChange(row, readerOf(query))) throw masterKeyNeeded()
}

function readDetails(values: Values): Partial<TemplateDetails> {
  const editMode = values.integer('EditMode')
  const mode = editMode === undefined ? undefined : editModes[editMode - 1]
  if (editMode !== undefined && mode === undefined) {
    throw badRequest(
      'Object properties invalid',
      'MJ08 Property EditMode is invalid: MJ04 Value must be 1 (drag and drop), 2 (HTML), 3 (section) or 4 (MJML)',
    )
  }
  const details: Partial<TemplateDetails> = {
    name: values.text('Name'),
    author: values.text('Author'),
    copyright: values.text('Copyright'),
    description: values.text('Description'),
    presets: values.text('Presets'),
    locale: values.text('Locale'),
    editMode: mode,
    isStarred: values.boolean('IsStarred'),
    makesText: values.boolean('IsTextPartGenerationEnabled'),
    purposes: words('Purposes', values),
    categories: words('Categories', values),
  }
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined))
}

function words(name: string, values: Values): string[] | undefined {
  const given = values.raw(name)
  if (given === undefined) return undefined
  if (Array.isArray(given) && given.every((one): one is string => typeof one === 'string')) return given
  throw badRequest(
    'Object properties invalid',
    `MJ08 Property ${name} is invalid: MJ04 Value must be a list of words`,
  )
}

/** The code by which clients know that they should look for the one that is there. */
async function tell<T>(change: Promise<T>): Promise<T> {
  try {
    return await change
  } catch (error) {
    if (error instanceof TemplateNameIsTaken) {
      throw new RestError(400, `Template name is not unique: ${error.message}`, '', {
        code: 'ps-0015',
        relatedTo: ['Name'],
      })
    }
    if (error instanceof Refused && error.code === 'bad-value') throw badRequest(error.message)
    throw error
  }
}

/** Undefined when nothing can match. */
function readFilters(query: Query): TemplateFilters | undefined {
  const { apiKey, id, uniqueKey, filters } = query
  const owner = (uniqueKey?.[0] ?? filters.text('OwnerType'))?.toLowerCase()
  const key = filters.integer('APIKey')
  const user = filters.integer('User')
  const owners = new Set<TemplateOwner>(['apikey', 'user'])
  for (const one of [...owners]) {
    const isOther =
      (owner !== undefined && one !== owner) ||
      (key !== undefined && (one === 'user' || key !== apiKey.id)) ||
      (user !== undefined && (one === 'apikey' || user !== apiKey.accountId))
    if (isOther) owners.delete(one)
  }
  if (owners.size === 0) return undefined
  const [ownerType] = owners
  const editMode = readEditMode(filters.text('EditMode'))
  if (editMode === 'unknown') return undefined
  const name = uniqueKey?.[1] ?? filters.text('Name')
  const purposes = wordFilter(query, 'Purposes')
  const categories = wordFilter(query, 'Categories')
  return {
    reader: readerOf(query),
    ...(id !== undefined && { id: id as TemplateId }),
    ...(owners.size === 1 && ownerType !== undefined && { ownerType }),
    ...(name !== undefined && { name }),
    ...(editMode !== undefined && { editMode }),
    ...(purposes !== undefined && { purposes }),
    ...(categories !== undefined && { categories }),
  }
}

function readEditMode(given: string | undefined): StoredTemplate['editMode'] | 'unknown' | undefined {
  if (given === undefined) return undefined
  const lower = given.trim().toLowerCase()
  const number = new Map(Object.entries(editModeWords)).get(lower) ?? Number(lower)
  return editModes[number - 1] ?? 'unknown'
}

const methods: Readonly<Record<string, WordFilter['method']>> = {
  containsany: 'any',
  containsall: 'all',
  issubset: 'subset',
}

function wordFilter({ filters }: Query, name: 'Purposes' | 'Categories'): WordFilter | undefined {
  const wanted = filters.list(name)
  if (wanted === undefined || wanted.length === 0) return undefined
  const method = methods[filters.text(`${name}SelectionMethod`)?.toLowerCase() ?? ''] ?? 'any'
  return { words: wanted, method }
}
