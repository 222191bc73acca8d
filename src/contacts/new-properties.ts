/** The properties that an import makes: named by the columns, of a type that is declared, or that the values show. */
import { Refused } from '../runtime/refused.ts'
import type { PropertyType } from '../storage/tables/contacts.ts'
import { contactEmail } from './contacts.ts'
import type { ContactsContext } from './context.ts'
import type { ContactJob } from './jobs.ts'
import { createProperty, type Property } from './properties.ts'
import { readCsv } from './read-csv.ts'
import { formatValue, readValue } from './values.ts'

export type NewProperty = { name: string; type: PropertyType }

export type TypeOptions = {
  /** By the name of the column, or of the property that it becomes. */
  types?: Readonly<Record<string, PropertyType>>
  /** What is not declared is what all of its values are; otherwise it is a text. */
  guessesTypes?: boolean
  /** What was decided when the job began. */
  newProperties?: readonly NewProperty[]
}

/** What the import makes, or has made. Empty before it has begun. */
export function newPropertiesOf({ options }: ContactJob): readonly NewProperty[] {
  return (options as TypeOptions).newProperties ?? []
}

export type ColumnNames = {
  /** As they stand in the file. */
  names: readonly string[]
  emailAt: number
  /** Property names by column; undefined where a column is none. */
  propertyNames: readonly (string | undefined)[]
}

/** Makes those that are not known yet. What is decided is stored first: a job that goes on decides the same. */
export async function makeProperties(
  ctx: ContactsContext,
  job: ContactJob,
  { columns, known }: { columns: ColumnNames; known: ReadonlyMap<string, Property> },
): Promise<void> {
  const { storage, clock } = ctx
  let decided = (job.options as TypeOptions).newProperties
  if (decided === undefined) {
    decided = await decideTypes(ctx, job, { columns, known })
    if (decided.length === 0) return
    await storage.db
      .updateTable('contact_jobs')
      .set({ options: JSON.stringify({ ...job.options, newProperties: decided }) })
      .where('id', '=', job.id)
      .execute()
  }
  for (const { name, type } of decided) {
    if (known.has(name.toLowerCase())) continue
    await createProperty(storage, { keyId: job.keyId, name, type, now: clock.now() })
  }
}

async function decideTypes(
  ctx: ContactsContext,
  job: ContactJob,
  { columns, known }: { columns: ColumnNames; known: ReadonlyMap<string, Property> },
): Promise<NewProperty[]> {
  const options = job.options as TypeOptions
  const declared = declaredTypes(options.types ?? {}, { columns, known })
  const open = columns.propertyNames.flatMap((name, at) =>
    name === undefined || known.has(name.toLowerCase()) || declared.has(at) ? [] : [at],
  )
  const guessed =
    options.guessesTypes && open.length > 0 ? await guessTypes(ctx, job, { columns, open }) : new Map()
  return columns.propertyNames.flatMap((name, at): NewProperty[] => {
    if (name === undefined || known.has(name.toLowerCase())) return []
    return [{ name, type: declared.get(at) ?? guessed.get(at) ?? 'str' }]
  })
}

/** By column. Throws `Refused` for a column that is not there, and for a property that is of another type already. */
function declaredTypes(
  types: Readonly<Record<string, PropertyType>>,
  { columns, known }: { columns: ColumnNames; known: ReadonlyMap<string, Property> },
): ReadonlyMap<number, PropertyType> {
  const { names, propertyNames } = columns
  const found = new Map<number, PropertyType>()
  for (const [wanted, type] of Object.entries(types)) {
    const lower = wanted.trim().toLowerCase()
    const at = propertyNames.findIndex(
      (name, place) =>
        name !== undefined && (name.toLowerCase() === lower || names[place]?.trim().toLowerCase() === lower),
    )
    const name = propertyNames[at]
    if (name === undefined) throw noColumn(wanted, { names, use: 'to make a property of' })
    const before = known.get(name.toLowerCase())
    if (before !== undefined && before.type !== type) {
      throw new Refused(
        'bad-value',
        `the property ${before.name} is of type ${before.type} already, not ${type}; delete it with its values first, or name the column otherwise`,
      )
    }
    found.set(at, type)
  }
  return found
}

export function noColumn(wanted: string, { names, use }: { names: readonly string[]; use: string }): Refused {
  return new Refused(
    'bad-value',
    `the file has no column '${wanted.slice(0, 100)}' ${use}; its columns are: ${names.join(', ').slice(0, 300)}`,
  )
}

const guessable = ['int', 'float', 'bool', 'datetime'] as const
const recordsLookedAt = 100_000

/**
 * A type is right when each value of the column reads back as it was written, so that no mail shows it otherwise:
 * `01000` stays a text, and so do `19.90`, `yes` and dates in the manner of a country. By column.
 */
async function guessTypes(
  { storage }: ContactsContext,
  job: ContactJob,
  { columns, open }: { columns: ColumnNames; open: readonly number[] },
): Promise<ReadonlyMap<number, PropertyType>> {
  const { names, emailAt } = columns
  const possible = new Map(open.map((at) => [at, [...guessable] as PropertyType[]]))
  const seen = new Set<number>()
  let records = 0
  try {
    if (job.uploadId === null) return new Map()
    for await (const { fields } of readCsv(storage, job.uploadId)) {
      records += 1
      if (records > recordsLookedAt || possible.size === 0) break
      // What is refused anyway, the line with the names among it, says nothing.
      if (fields?.length !== names.length || contactEmail(fields[emailAt] ?? '') === undefined) continue
      for (const [at, types] of possible) {
        const text = fields[at]?.trim() ?? ''
        if (text === '') continue
        seen.add(at)
        const left = types.filter((type) => readsBack(type, text))
        if (left.length === 0) possible.delete(at)
        else if (left.length < types.length) possible.set(at, left)
      }
    }
  } catch (error) {
    // Where the file cannot be read on, the import itself says so; what stands before was looked at.
    if (!(error instanceof Refused)) throw error
  }
  const found = new Map<number, PropertyType>()
  for (const [at, [type]] of possible) if (type !== undefined && seen.has(at)) found.set(at, type)
  return found
}

function readsBack(type: PropertyType, text: string): boolean {
  const value = readValue(type, text)
  return value !== undefined && formatValue(type, value) === text
}
