/** `/v3/REST/batchjob`: every job, whatever started it (reference/contacts.md §8). */
import { type ContactJob, countJobs, type JobFilters, listJobs } from '../../../contacts/jobs.ts'
import type { ContactJobId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import type { Query } from '../resource.ts'

const jobTypes = {
  csv: 'Contact list import csv',
  manage: 'Contact list import free format',
  'copy-list': 'Contact list import free format',
  'forget-property': 'Unknown',
} satisfies Record<ContactJob['kind'], string>

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
    { name: 'Current', type: 'integer', description: 'Position reached.', value: (row) => row.position },
    { name: 'DataID', type: 'integer', description: 'The uploaded file.', value: (row) => row.uploadId ?? 0 },
    {
      name: 'ErrTreshold',
      type: 'integer',
      description: 'Percentage of refused records that ends the job.',
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
    { name: 'JobType', type: 'text', description: 'Kind of job.', value: (row) => jobTypes[row.kind] },
    {
      name: 'Method',
      type: 'text',
      description: 'What is done with each record.',
      value: (row) => row.method,
    },
    { name: 'RefId', type: 'integer', description: 'List concerned.', value: (row) => row.listId ?? 0 },
    {
      name: 'RequestAt',
      type: 'integer',
      description: 'When it was asked for.',
      value: (row) => seconds(row.requestedAt),
    },
    { name: 'Status', type: 'text', description: 'How far it is.', value: (row) => row.status },
    { name: 'Throttle', type: 'integer', description: 'Always 0.', value: () => 0 },
  ],
  filters: { JobType: 'text', Method: 'text', Status: 'text' },
  sort: { ID: true },
  unknownId: 'not-found',
  select: async (query, { limit, offset, sort: [first] }) =>
    listJobs(query.db, filtersOf(query), { limit, offset, newestFirst: first?.descending ?? false }),
  count: async (query) => countJobs(query.db, filtersOf(query)),
})

/** Times are Unix seconds here, unlike elsewhere (reference §8). */
function seconds(at: number | null): number {
  return at === null ? 0 : Math.floor(at / 1000)
}

function filtersOf({ keyId, id, filters }: Query): JobFilters {
  const type = filters.text('JobType')?.toLowerCase()
  const status = filters.text('Status')
  const method = filters.text('Method')
  const kinds = Object.entries(jobTypes).filter(([, words]) => words.toLowerCase() === type)
  return {
    keyId,
    ...(id !== undefined && { id: id as ContactJobId }),
    ...(type !== undefined && { kinds: kinds.map(([kind]) => kind as ContactJob['kind']) }),
    ...(status !== undefined && { status }),
    ...(method !== undefined && { method }),
  }
}
