/** `/v3/REST/batchjob`: every job, whatever started it (reference/contacts.md §8). */
import { csvMethods } from '../../../contacts/csv-steps.ts'
import { type ContactJob, countJobs, type JobFilters, listJobs } from '../../../contacts/jobs.ts'
import type { ContactJobId, ContactListId, UploadId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import type { Query } from '../resource.ts'
import { isOfOther, span } from './contact-filters.ts'
import { changeJobStatus, startImport } from './csvimport.ts'

const jobTypes = {
  csv: 'Contact list import csv',
  manage: 'Contact list import free format',
  'copy-list': 'Contact list import free format',
} satisfies Partial<Record<ContactJob['kind'], string>>

const shownKinds = ['csv', 'manage', 'copy-list'] as const

function typeOf({ kind }: ContactJob): string {
  return kind === 'forget-property' ? 'Unknown' : jobTypes[kind]
}

export const batchjob = defineResource<ContactJob>({
  name: 'batchjob',
  description: 'Jobs.',
  properties: [
    { name: 'APIKeyID', type: 'integer', description: 'API key concerned.', value: (row) => row.keyId },
    {
      name: 'AliveAt',
      type: 'integer',
      description: 'Last sign of life.',
      value: (row) => seconds(row.aliveAt),
    },
    { name: 'Blocksize', type: 'integer', description: 'Always 0.', value: () => 0 },
    { name: 'Count', type: 'integer', description: 'Records handled.', value: (row) => row.processed },
    { name: 'Current', type: 'integer', description: 'Records handled.', value: (row) => row.processed },
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
      description: 'Percentage of refused records that ends the job.',
      write: 'at-creation',
      value: (row) => row.errorLimitPercent,
    },
    { name: 'Errcount', type: 'integer', description: 'Records refused.', value: (row) => row.refused },
    { name: 'ID', type: 'integer', description: 'Number of the job.', value: (row) => row.id },
    { name: 'JobEnd', type: 'integer', description: 'When it ended.', value: (row) => seconds(row.endedAt) },
    {
      name: 'JobStart',
      type: 'integer',
      description: 'When it started.',
      value: (row) => seconds(row.startedAt),
    },
    {
      name: 'JobType',
      type: 'text',
      description: 'Kind of job; an import of a CSV file can be started here.',
      write: 'at-creation',
      isRequired: true,
      allowed: [jobTypes.csv],
      value: (row) => typeOf(row),
    },
    {
      name: 'Method',
      type: 'text',
      description: 'What is done with each record.',
      write: 'at-creation',
      isRequired: true,
      allowed: csvMethods,
      value: (row) => row.method,
    },
    {
      name: 'RefId',
      type: 'integer',
      description: 'List concerned.',
      write: 'at-creation',
      value: (row) => row.listId ?? 0,
    },
    {
      name: 'RequestAt',
      type: 'integer',
      description: 'When it was asked for.',
      value: (row) => seconds(row.requestedAt),
    },
    {
      name: 'Status',
      type: 'text',
      description: 'How far it is; Upload starts it again, Abort stops it.',
      write: 'always',
      value: (row) => row.status,
    },
    { name: 'Throttle', type: 'integer', description: 'Always 0.', value: () => 0 },
  ],
  filters: {
    APIKey: 'integer',
    Data: 'integer',
    JobType: 'text',
    MaxJobEnd: 'time',
    MaxJobStart: 'time',
    MaxRequestAt: 'time',
    Method: 'text',
    MinJobEnd: 'time',
    MinJobStart: 'time',
    MinRequestAt: 'time',
    RefID: 'integer',
    Status: 'text',
  },
  sort: { ID: true },
  unknownId: 'not-found',
  select: async (query, { limit, offset, sort: [first] }) =>
    isOfOther(query)
      ? []
      : listJobs(query.db, filtersOf(query), { limit, offset, newestFirst: first?.descending ?? false }),
  create: (query, values) => startImport(query, values, { list: 'RefId' }),
  update: changeJobStatus,
  count: async (query) => (isOfOther(query) ? 0 : countJobs(query.db, filtersOf(query))),
})

/** Times are Unix seconds here, unlike elsewhere (reference §8). */
function seconds(at: number | null): number {
  return at === null ? 0 : Math.floor(at / 1000)
}

function filtersOf({ keyId, id, filters }: Query): JobFilters {
  const type = filters.text('JobType')?.toLowerCase()
  const status = filters.text('Status')
  const method = filters.text('Method')
  const uploadId = filters.integer('Data')
  const listId = filters.integer('RefID')
  return {
    keyId,
    ...(id !== undefined && { id: id as ContactJobId }),
    // What is cleaned up behind a deletion is nobody's job.
    kinds: shownKinds.filter((kind) => type === undefined || jobTypes[kind].toLowerCase() === type),
    ...(status !== undefined && { status }),
    ...(method !== undefined && { method }),
    ...(uploadId !== undefined && { uploadId: uploadId as UploadId }),
    ...(listId !== undefined && { listId: listId as ContactListId }),
    requested: span(filters.time('MinRequestAt'), filters.time('MaxRequestAt')),
    started: span(filters.time('MinJobStart'), filters.time('MaxJobStart')),
    ended: span(filters.time('MinJobEnd'), filters.time('MaxJobEnd')),
  }
}
