/** `/v3/REST/csvimport` (reference/contacts.md §7). */
import { type CsvMethod, type CsvOptions, csvMethods } from '../../../contacts/csv-steps.ts'
import { dateReader } from '../../../contacts/date-formats.ts'
import {
  abortJob,
  type ContactJob,
  countJobs,
  createJob,
  listJobs,
  resumeJob,
} from '../../../contacts/jobs.ts'
import { findContactList } from '../../../contacts/lists.ts'
import { readListAction } from '../../../contacts/members.ts'
import { findUpload } from '../../../contacts/uploads.ts'
import type { ContactJobId, ContactListId, UploadId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import { propertiesOf } from '../properties.ts'
import { readJson } from '../read-json.ts'
import type { Values } from '../read-values.ts'
import { formatTime, type Query } from '../resource.ts'
import { badRequest } from '../rest-errors.ts'
import { invalidProperty, missingProperty } from './contact-problems.ts'

export const csvimport = defineResource<ContactJob>({
  name: 'csvimport',
  description: 'Imports of CSV files into lists.',
  properties: [
    {
      name: 'AliveAt',
      type: 'time',
      description: 'Last sign of life.',
      value: (row) => formatTime(row.aliveAt),
    },
    {
      name: 'ContactsListID',
      type: 'integer',
      description: 'List concerned; not with excludemarketing and includemarketing.',
      write: 'at-creation',
      value: (row) => row.listId ?? undefined,
    },
    { name: 'Count', type: 'integer', description: 'Records handled.', value: (row) => row.processed },
    { name: 'Current', type: 'integer', description: 'Position reached.', value: (row) => row.position },
    {
      name: 'DataID',
      type: 'integer',
      description: 'The uploaded file.',
      write: 'at-creation',
      isRequired: true,
      value: (row) => row.uploadId ?? 0,
    },
    {
      name: 'ErrTreshold',
      type: 'integer',
      description: 'Percentage of refused records that ends the job; 0 for never.',
      write: 'at-creation',
      default: 0,
      value: (row) => row.errorLimitPercent,
    },
    { name: 'Errcount', type: 'integer', description: 'Records refused.', value: (row) => row.refused },
    { name: 'ID', type: 'integer', description: 'Number of the job.', value: (row) => row.id },
    {
      name: 'ImportOptions',
      type: 'text',
      description: 'JSON text with DateTimeFormat, TimezoneOffset and FieldNames.',
      write: 'at-creation',
      default: '',
      maxLength: 20_000,
      value: (row) => (typeof row.options.given === 'string' ? row.options.given : ''),
    },
    { name: 'JobEnd', type: 'time', description: 'When it ended.', value: (row) => formatTime(row.endedAt) },
    {
      name: 'JobStart',
      type: 'time',
      description: 'When it started.',
      value: (row) => formatTime(row.startedAt),
    },
    {
      name: 'Method',
      type: 'text',
      description: 'What is done with each contact.',
      write: 'at-creation',
      allowed: csvMethods,
      isRequired: true,
      value: (row) => row.method,
    },
    {
      name: 'RequestAt',
      type: 'time',
      description: 'When it was asked for.',
      value: (row) => formatTime(row.requestedAt),
    },
    {
      name: 'Status',
      type: 'text',
      description: 'Upload, Prepare, Importing, Completed, Error or Abort; Upload starts it, Abort stops it.',
      write: 'always',
      default: 'Upload',
      value: (row) => row.status,
    },
  ],
  filters: {},
  sort: { ID: true },
  unknownId: 'not-found',
  select: async (query, { limit, offset, sort: [first] }) =>
    listJobs(query.db, filtersOf(query), { limit, offset, newestFirst: first?.descending ?? false }),
  count: async (query) => countJobs(query.db, filtersOf(query)),
  create: (query, values) => startImport(query, values, { list: 'ContactsListID' }),
  update: changeJobStatus,
})

/** `list` is how the resource calls the number of the list. */
export async function startImport(
  query: Query,
  values: Values,
  { list }: { list: 'ContactsListID' | 'RefId' },
): Promise<ContactJob> {
  const { db, keyId, parts } = query
  const method = csvMethods.find((one) => one === values.text('Method')) ?? 'addnoforce'
  if ((values.text('Status') ?? 'Upload').toLowerCase() !== 'upload')
    throw badRequest('Invalid value for Status')
  // Zero is how clients with typed fields say that there is none.
  const listId = (values.integer(list) || undefined) as ContactListId | undefined
  await checkList(query, { method, listId, list })
  const uploadId = (values.integer('DataID') ?? 0) as UploadId
  if ((await findUpload({ db }, { keyId, id: uploadId })) === undefined) {
    throw invalidProperty('DataID', `MJ04 There is no uploaded file ${uploadId}`)
  }
  const percent = values.integer('ErrTreshold') ?? 0
  if (percent < 0 || percent > 100) throw invalidProperty('ErrTreshold', 'MJ04 Value must be from 0 to 100')
  const given = values.text('ImportOptions') ?? ''
  const action = readListAction(method)
  const id = await createJob(parts.contacts, {
    ...{ keyId, kind: 'csv', method, uploadId, status: 'Upload', errorLimitPercent: percent },
    options: { ...readOptions(given), given },
    targets: listId === undefined || action === undefined ? [] : [{ listId, action }],
    ...(listId !== undefined && { listId }),
  })
  return reread(query, id)
}

/** `Abort` stops a job, `Upload` lets it go on where it was. */
export async function changeJobStatus(query: Query, job: ContactJob, values: Values): Promise<ContactJob> {
  const { contacts } = query.parts
  const status = values.text('Status')
  if (status === undefined) return job
  switch (status.toLowerCase()) {
    case 'abort':
      await abortJob(contacts, job)
      break
    case 'upload':
      await resumeJob(contacts, job)
      break
    default:
      throw badRequest('Invalid value for Status')
  }
  return reread(query, job.id)
}

function filtersOf({ keyId, id }: Query) {
  return { keyId, kinds: ['csv'] as const, ...(id !== undefined && { id: id as ContactJobId }) }
}

async function reread({ db, keyId }: Query, id: ContactJobId): Promise<ContactJob> {
  const [job] = await listJobs(db, { keyId, id }, { limit: 1 })
  if (job === undefined) throw new Error('a job was forgotten while it was asked for')
  return job
}

async function checkList(
  { db, keyId }: Query,
  { method, listId, list: property }: { method: CsvMethod; listId: ContactListId | undefined; list: string },
): Promise<void> {
  if (readListAction(method) === undefined) {
    if (listId === undefined) return
    throw badRequest(
      'Object properties invalid',
      'MJ08 Property ContactsList is invalid: Exclusion of contacts from marketing campaign is a global status and can not be applied to a list',
    )
  }
  if (listId === undefined) throw missingProperty(property)
  const list = await findContactList(db, { keyId, id: listId })
  if (list === undefined || list.deletedAt !== null) {
    throw invalidProperty('ContactsList', `List ID ${listId} is invalid or deleted`)
  }
}

/** JSON as a text within JSON. */
function readOptions(text: string): CsvOptions {
  if (text.trim() === '') return {}
  const given = propertiesOf(readJson(Buffer.from(text))?.value)
  if (given === undefined) throw invalidProperty('ImportOptions', 'MJ04 Value must be a JSON object')
  const format = given.get('datetimeformat')
  if (format !== undefined && (typeof format !== 'string' || dateReader(format) === undefined)) {
    throw invalidProperty('ImportOptions', 'MJ04 DateTimeFormat needs year, month and day, as dd/mm/yyyy has')
  }
  const offset = given.get('timezoneoffset')
  const hours = offset === undefined ? undefined : Number(offset)
  if (hours !== undefined && !(Math.abs(hours) <= 12)) {
    throw invalidProperty('ImportOptions', 'MJ04 TimezoneOffset must be from -12 to 12')
  }
  const names = given.get('fieldnames')
  const isNames = Array.isArray(names) && names.every((name) => typeof name === 'string')
  if (names !== undefined && !isNames) {
    throw invalidProperty('ImportOptions', 'MJ04 FieldNames must be a list of texts')
  }
  return {
    ...(typeof format === 'string' && { dateTimeFormat: format }),
    ...(hours !== undefined && { timezoneOffset: hours }),
    ...(isNames && { fieldNames: names as string[] }),
  }
}
