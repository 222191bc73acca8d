/** Contacts from a CSV file (reference: contacts.md §7). */
import { Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { Refused } from '../runtime/refused.ts'
import { createGatherer, type Outcome } from './batches.ts'
import { contactEmail } from './contacts.ts'
import type { ContactsContext } from './context.ts'
import { delimiterOf } from './csv-delimiter.ts'
import { dateReader } from './date-formats.ts'
import type { ContactJob } from './jobs.ts'
import { createProperty, isPropertyName, type Property, propertiesByName } from './properties.ts'
import { readValues } from './save-contacts.ts'
import type { Step } from './steps.ts'
import { firstLineOf, readUpload } from './uploads.ts'
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

export type CsvOptions = {
  /** Names of the columns, where the file has no line for them. */
  fieldNames?: readonly string[]
  dateTimeFormat?: string
  timezoneOffset?: number
  /** The column that is the name of the contact; without it, a column `name` is a property like others. */
  nameColumn?: string
}

const mostColumns = 200
const longestRecord = 1024 * 1024

export async function* csvSteps(ctx: ContactsContext, job: ContactJob): AsyncGenerator<Step> {
  const { uploadId } = job
  if (uploadId === null) throw new Refused('bad-value', 'the job has no file')
  const options = job.options as CsvOptions
  const records = readRecords(ctx, uploadId)
  const gatherer = createGatherer({
    targets: job.targets,
    origin: `CSV import ${job.id}`,
    creates: job.method !== 'remove',
    jobId: job.id,
  })
  let columns: Columns | undefined
  let number = 0
  for await (const { record, raw } of records) {
    if (columns === undefined) {
      const names = options.fieldNames ?? record
      columns = await readColumns(ctx, job, { names, options })
      if (options.fieldNames === undefined || isHeader(record, columns)) continue
    }
    number += 1
    if (number <= job.position) continue
    gatherer.add(number, raw, readRecord(record, { columns, method: job.method, isTwice: gatherer.has }))
    if (gatherer.isFull()) yield gatherer.take()
  }
  if (columns === undefined)
    throw new Refused('bad-value', 'the file is empty; its first line names the columns, one of them email')
  if (!gatherer.isEmpty()) yield gatherer.take()
}

type CsvRecord = { record: string[]; raw: string }

async function* readRecords(
  ctx: ContactsContext,
  uploadId: NonNullable<ContactJob['uploadId']>,
): AsyncGenerator<CsvRecord> {
  const { storage } = ctx
  const parser = Readable.from(readUpload(storage, uploadId)).pipe(
    parse({
      bom: true,
      delimiter: await findDelimiter(ctx, uploadId),
      raw: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: longestRecord,
    }),
  )
  try {
    for await (const one of parser) {
      const { record, raw } = one as CsvRecord
      yield { record, raw: raw.replaceAll(/^(?:\r?\n)+|\r?\n$/g, '') }
    }
  } catch (error) {
    if (!isCsvError(error)) throw error
    throw new Refused('bad-value', `the file cannot be read as CSV: ${error.message}`, { cause: error })
  }
}

function isCsvError(error: unknown): error is CsvError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_')
}

async function findDelimiter(
  { storage }: ContactsContext,
  uploadId: NonNullable<ContactJob['uploadId']>,
): Promise<string> {
  return delimiterOf(await firstLineOf(storage, uploadId))
}

type Columns = {
  names: readonly string[]
  emailAt: number
  nameAt: number
  properties: ReadonlyMap<string, Property>
  /** Property names by column; undefined where a column is none. */
  propertyNames: readonly (string | undefined)[]
  readDate: DateReader
}

/** Columns that are no properties yet become properties of type str. */
async function readColumns(
  ctx: ContactsContext,
  job: ContactJob,
  { names, options }: { names: readonly string[]; options: CsvOptions },
): Promise<Columns> {
  const { storage, clock } = ctx
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
  const nameAt =
    options.nameColumn === undefined ? -1 : lower.indexOf(options.nameColumn.trim().toLowerCase())
  const propertyNames = names.map((name, at) =>
    at === emailAt || at === nameAt ? undefined : propertyNameOf(name),
  )
  const repeated = propertyNames.find(
    (name, at) =>
      name !== undefined &&
      propertyNames.findIndex((one) => one?.toLowerCase() === name.toLowerCase()) !== at,
  )
  if (repeated !== undefined) throw new Refused('bad-value', `the column ${repeated} is there twice`)
  const known = await propertiesByName(storage.db, job.keyId)
  for (const name of propertyNames) {
    if (name === undefined || known.has(name.toLowerCase())) continue
    await createProperty(storage, { keyId: job.keyId, name, type: 'str', now: clock.now() })
  }
  const readDate = dateReader(options.dateTimeFormat, { offsetHours: options.timezoneOffset ?? 0 })
  if (readDate === undefined) {
    throw new Refused(
      'bad-value',
      `DateTimeFormat '${options.dateTimeFormat}' has no year, month and day, as dd/mm/yyyy has`,
    )
  }
  const properties = await propertiesByName(storage.db, job.keyId)
  return { names, emailAt, nameAt, properties, propertyNames, readDate }
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
function isHeader(record: readonly string[], { emailAt }: Columns): boolean {
  return record[emailAt]?.trim().toLowerCase() === 'email'
}

function readRecord(
  record: readonly string[],
  { columns, method, isTwice }: { columns: Columns; method: string; isTwice(email: string): boolean },
): Outcome {
  const { names, emailAt, nameAt, propertyNames, properties, readDate } = columns
  if (record.length < names.length) return { problem: 'Too few columns at line', field: '' }
  if (record.length > names.length) return { problem: 'Too many columns at line', field: '' }
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
