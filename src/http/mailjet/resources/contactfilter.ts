/** `/v3/REST/contactfilter`: segments (reference/contacts.md §11). */
import {
  changeSegment,
  countSegments,
  createSegment,
  deleteSegment,
  listSegments,
  type Segment,
  type SegmentFilters,
} from '../../../contacts/segments.ts'
import type { SegmentId } from '../../../mail/ids.ts'
import { Refused } from '../../../runtime/refused.ts'
import { defineResource } from '../define-resource.ts'
import type { Query } from '../resource.ts'
import { alreadyExists } from '../rest-errors.ts'
import { invalidProperty } from './contact-problems.ts'

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
      description: 'unused, used or deleted.',
      default: 'unused',
      value: (row) => (row.deletedAt !== null ? 'deleted' : row.isUsed === 1 ? 'used' : 'unused'),
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
    const segment = { keyId, name, description, expression, now }
    return untaken(await tellFormula(createSegment(parts.storage, segment)), name)
  },
  async update({ db, keyId, now }, row, values) {
    const name = values.text('Name')
    const description = values.text('Description')
    const expression = values.text('Expression')
    const changes = {
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(expression !== undefined && { expression }),
    }
    const changed = await tellFormula(changeSegment(db, { ...row, keyId }, { ...changes, now }))
    return untaken(changed, name ?? row.name)
  },
  remove: ({ db, now }, { id }) => deleteSegment(db, { id, now }),
})

function untaken(segment: Segment | undefined, name: string): Segment {
  if (segment === undefined) throw alreadyExists('Contactfilter', { property: 'Name', value: name })
  return segment
}

async function tellFormula<T>(change: Promise<T>): Promise<T> {
  try {
    return await change
  } catch (error) {
    if (error instanceof Refused && error.code === 'bad-value') {
      throw invalidProperty('Expression', `MJ04 ${error.message}`)
    }
    throw error
  }
}

/** Undefined when nothing can match. */
function readFilters({ keyId, id, uniqueKey, filters }: Query): SegmentFilters | undefined {
  const [name] = uniqueKey ?? []
  const word = filters.text('Status')?.toLowerCase()
  const status = (['unused', 'used', 'deleted'] as const).find((one) => one === word)
  if (word !== undefined && status === undefined) return undefined
  return {
    keyId,
    showDeleted: filters.boolean('ShowDeleted') ?? false,
    ...(id !== undefined && { id: id as SegmentId }),
    ...(name !== undefined && { name }),
    ...(status !== undefined && { status }),
  }
}
