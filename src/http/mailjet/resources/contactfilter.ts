/** `/v3/REST/contactfilter`: segments (reference/contacts.md §11). */
import {
  changeSegment,
  countSegments,
  createSegment,
  deleteSegment,
  listSegments,
  type Segment,
  type SegmentFilters,
  type SegmentStatus,
  segmentStatus,
  segmentStatuses,
} from '../../../contacts/segments.ts'
import type { SegmentId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import type { Values } from '../read-values.ts'
import type { Query } from '../resource.ts'
import { alreadyExists } from '../rest-errors.ts'
import { tellProperty } from './contact-problems.ts'

export const contactfilter = defineResource<Segment>({
  name: 'contactfilter',
  description: 'Segments: formulas that choose contacts.',
  uniqueKey: ['Name'],
  properties: [
    {
      name: 'Description',
      type: 'text',
      description: 'Free text.',
      write: 'always',
      default: '',
      maxLength: 2_000,
      value: (row) => row.description,
    },
    {
      name: 'Expression',
      type: 'text',
      description: 'The formula.',
      write: 'always',
      isRequired: true,
      maxLength: 10_000,
      value: (row) => row.expression,
    },
    { name: 'ID', type: 'integer', description: 'Number of the segment.', value: (row) => row.id },
    {
      name: 'Name',
      type: 'text',
      description: 'Name; unique.',
      write: 'always',
      isRequired: true,
      value: (row) => row.name,
    },
    {
      name: 'Status',
      type: 'text',
      description: 'unused, used or deleted; another than deleted brings it back.',
      write: 'always',
      allowed: segmentStatuses,
      default: 'unused',
      value: segmentStatus,
    },
  ],
  filters: { ShowDeleted: 'boolean', Status: 'text' },
  sort: { ID: true },
  unknownId: 'not-found',
  async select(query, { limit, offset, sort: [first] }) {
    const filters = readFilters(query)
    if (filters === undefined) return []
    return listSegments(query.db, filters, { limit, offset, newestFirst: first?.descending ?? false })
  },
  async count(query) {
    const filters = readFilters(query)
    return filters === undefined ? 0 : countSegments(query.db, filters)
  },
  async create({ keyId, parts, now }, values) {
    const name = values.text('Name') ?? ''
    const description = values.text('Description') ?? ''
    const expression = values.text('Expression') ?? ''
    const status = statusOf(values) ?? 'unused'
    const segment = { keyId, name, description, expression, status, now }
    return untaken(await tellProperty('Expression', createSegment(parts.storage, segment)), name)
  },
  async update({ db, keyId, now }, row, values) {
    const name = values.text('Name')
    const description = values.text('Description')
    const expression = values.text('Expression')
    const status = statusOf(values)
    const changes = {
      ...(status !== undefined && { status }),
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(expression !== undefined && { expression }),
    }
    const changed = await tellProperty(
      'Expression',
      changeSegment(db, { ...row, keyId }, { ...changes, now }),
    )
    return untaken(changed, name ?? row.name)
  },
  remove: ({ db, now }, { id }) => deleteSegment(db, { id, now }),
})

function untaken(segment: Segment | undefined, name: string): Segment {
  if (segment === undefined) throw alreadyExists('Contactfilter', { property: 'Name', value: name })
  return segment
}

function statusOf(values: Values): SegmentStatus | undefined {
  return segmentStatuses.find((one) => one === values.text('Status'))
}

/** Undefined when nothing can match. */
function readFilters({ keyId, id, uniqueKey, filters }: Query): SegmentFilters | undefined {
  const [name] = uniqueKey ?? []
  const word = filters.text('Status')?.toLowerCase()
  const status = segmentStatuses.find((one) => one === word)
  if (word !== undefined && status === undefined) return undefined
  return {
    keyId,
    // By its number a deleted one is still found: it can come back.
    showDeleted: filters.boolean('ShowDeleted') ?? id !== undefined,
    ...(id !== undefined && { id: id as SegmentId }),
    ...(name !== undefined && { name }),
    ...(status !== undefined && { status }),
  }
}
