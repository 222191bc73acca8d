/** Contacts from a CSV file (reference: contacts.md §7). */
import { Refused } from '../runtime/refused.ts'
import { createGatherer, type Outcome } from './batches.ts'
import { contactEmail } from './contacts.ts'
import type { ContactsContext } from './context.ts'
import { dateReader } from './date-formats.ts'
import type { ContactJob } from './jobs.ts'
import { type ColumnNames, makeProperties, noColumn, type TypeOptions } from './new-properties.ts'
import { isPropertyName, type Property, propertiesByName } from './properties.ts'
import { type CsvRecord, readCsv } from './read-csv.ts'
import { readValues } from './save-contacts.ts'
import type { Step } from './steps.ts'
import type { DateReader } from './values.ts'

export const csvMethods = [
  'addforce',
  'addnoforce',
  'remove',
  'unsub',
  'excludemarketing',
  'includemarketing',
] as const
export type CsvMethod = (typeof csvMethods)[number]

export type CsvOptions = TypeOptions & {
  /** Names of the columns, where the file has no line for them. */
  fieldNames?: readonly string[]
  dateTimeFormat?: string
  timezoneOffset?: number
  /** The column that is the name of the contact; without it, a column `name` is a property like others. */
  nameColumn?: string
}

const mostColumns = 200

export async function* csvSteps(ctx: ContactsContext, job: ContactJob): AsyncGenerator<Step> {
  const { uploadId } = job
  if (uploadId === null) throw new Refused('bad-value', 'the job has no file')
  const options = job.options as CsvOptions
  const gatherer = createGatherer({
    targets: job.targets,
    origin: `CSV import ${job.id}`,
    creates: job.method !== 'remove',
    jobId: job.id,
  })
  let columns: Columns | undefined
  let number = 0
  try {
    for await (const record of readCsv(ctx.storage, uploadId)) {
      if (columns === undefined) {
        const names = options.fieldNames ?? record.fields
        if (names === undefined) {
          throw new Refused(
            'bad-value',
            'the line with the names of the columns has a quote that is never closed',
          )
        }
        columns = await readColumns(ctx, job, { names, options })
        if (options.fieldNames === undefined || isHeader(record, columns)) continue
      }
      number += 1
      if (number <= job.position) continue
      const of = { columns, method: job.method, isTwice: gatherer.has }
      gatherer.add(number, record.raw, readRecord(record, of))
      if (gatherer.isFull()) yield gatherer.take()
    }
  } catch (error) {
    // What stands before the place where the file cannot be read on is taken.
    if (error instanceof Refused && !gatherer.isEmpty()) yield gatherer.take()
    throw error
  }
  if (columns === undefined)
    throw new Refused('bad-value', 'the file is empty; its first line names the columns, one of them email')
  if (!gatherer.isEmpty()) yield gatherer.take()
}

type Columns = ColumnNames & {
  nameAt: number
  properties: ReadonlyMap<string, Property>
  readDate: DateReader
}

/** Columns that are no properties yet become properties. */
async function readColumns(
  ctx: ContactsContext,
  job: ContactJob,
  { names, options }: { names: readonly string[]; options: CsvOptions },
): Promise<Columns> {
  const { storage } = ctx
  if (names.length > mostColumns) {
    throw new Refused('bad-value', `the file has ${names.length} columns; ${mostColumns} are allowed`)
  }
  const lower = names.map((name) => name.trim().toLowerCase())
  const emailAt = lower.indexOf('email')
  if (emailAt === -1) {
    throw new Refused(
      'bad-value',
      `the file has no column email; its columns are: ${names.join(', ').slice(0, 300)}`,
    )
  }
  const { nameColumn } = options
  const nameAt = nameColumn === undefined ? -1 : lower.indexOf(nameColumn.trim().toLowerCase())
  if (nameColumn !== undefined && nameAt === -1) {
    throw noColumn(nameColumn, { names, use: 'for the names of contacts' })
  }
  const propertyNames = names.map((name, at) =>
    at === emailAt || at === nameAt ? undefined : propertyNameOf(name),
  )
  const repeated = propertyNames.find(
    (name, at) =>
      name !== undefined &&
      propertyNames.findIndex((one) => one?.toLowerCase() === name.toLowerCase()) !== at,
  )
  if (repeated !== undefined) throw new Refused('bad-value', `the column ${repeated} is there twice`)
  const readDate = dateReader(options.dateTimeFormat, { offsetHours: options.timezoneOffset ?? 0 })
  if (readDate === undefined) {
    throw new Refused(
      'bad-value',
      `DateTimeFormat '${options.dateTimeFormat}' has no year, month and day, as dd/mm/yyyy has`,
    )
  }
  const columns = { names, emailAt, propertyNames }
  await makeProperties(ctx, job, { columns, known: await propertiesByName(storage.db, job.keyId) })
  const properties = await propertiesByName(storage.db, job.keyId)
  return { ...columns, nameAt, properties, readDate }
}

/** What cannot stand in the name of a property becomes `_`. Undefined for a column without a name. */
function propertyNameOf(text: string): string | undefined {
  const name = text
    .trim()
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}_]+/gu, '_')
    .slice(0, 99)
  if (name === '' || /^_+$/.test(name)) return undefined
  return isPropertyName(name) ? name : `_${name}`
}

/** The names again, though they were given with the job. */
function isHeader({ fields }: CsvRecord, { emailAt }: Columns): boolean {
  return fields?.[emailAt]?.trim().toLowerCase() === 'email'
}

function readRecord(
  { fields: record, line }: CsvRecord,
  { columns, method, isTwice }: { columns: Columns; method: string; isTwice(email: string): boolean },
): Outcome {
  const { names, emailAt, nameAt, propertyNames, properties, readDate } = columns
  if (record === undefined) return { problem: `Quote opened in line ${line} is never closed`, field: '' }
  if (record.length < names.length) return { problem: `Too few columns at line ${line}`, field: '' }
  if (record.length > names.length) return { problem: `Too many columns at line ${line}`, field: '' }
  const email = contactEmail(record[emailAt] ?? '')
  if (email === undefined) return { problem: 'Invalid email address', field: 'email' }
  if (isTwice(email)) return { problem: 'Duplicated email', field: 'email' }
  if (record.some((cell) => cell.includes('\u{fffd}'))) return { problem: 'Not UTF-8', field: '' }
  const given = record.flatMap((cell, at): [string, string][] => {
    const name = propertyNames[at]
    // An empty cell says nothing.
    return name === undefined || cell.trim() === '' ? [] : [[name, cell]]
  })
  const { values, problems } = readValues(given, properties, { readDate })
  const [first] = problems
  if (first !== undefined) {
    return { problem: 'Property type does not match definition', field: first.name }
  }
  const name = record[nameAt]?.trim()
  const isExcluded = method === 'excludemarketing' ? true : method === 'includemarketing' ? false : undefined
  return {
    contact: {
      email,
      values,
      ...(name && { name }),
      ...(isExcluded !== undefined && { isExcluded }),
    },
  }
}
