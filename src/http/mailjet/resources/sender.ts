/** `/v3/REST/sender` (reference/senders-domains-dns.md §1-2). */
import { createSender, deleteSender, reviveSender, updateSender } from '../../../domains/create-sender.ts'
import {
  countSenders,
  findSender,
  listSenders,
  type Sender,
  type SenderFilters,
} from '../../../domains/senders.ts'
import { type Validation, validateSender } from '../../../domains/validate-sender.ts'
import type { DomainId, SenderId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import type { Values } from '../read-values.ts'
import { formatTime, type Page, type Query } from '../resource.ts'
import { envelope } from '../rest.ts'
import { tellProperty } from './contact-problems.ts'

type SenderRow = Sender & {
  /** '' for a single address. */
  fileName: string
}

const statusWords = { inactive: 'Inactive', active: 'Active', deleted: 'Deleted' } as const

export const sender = defineResource<SenderRow>({
  name: 'sender',
  description: 'Addresses, and whole domains, that an API key may use as From.',
  uniqueKey: ['Email'],
  properties: [
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'When it was added.',
      value: (row) => formatTime(row.createdAt),
    },
    {
      name: 'DNSID',
      type: 'integer',
      description: 'The dns object of its domain.',
      // -1 is what the real service shows where there is none.
      value: (row) => row.domainId ?? -1,
    },
    {
      name: 'Email',
      type: 'text',
      description: 'The address, or *@domain for every address of a domain.',
      write: 'at-creation',
      isRequired: true,
      maxLength: 320,
      isOneLine: true,
      refusal: 'Not allowed to change email address',
      value: (row) => row.email,
    },
    {
      name: 'EmailType',
      type: 'text',
      description: 'What it is used for; restricts nothing.',
      write: 'always',
      default: 'unknown',
      allowed: ['transactional', 'bulk', 'unknown'],
      value: (row) => row.kind,
    },
    {
      name: 'Filename',
      type: 'text',
      description: 'The file at the root of the web site that proves a domain.',
      value: (row) => row.fileName,
    },
    { name: 'ID', type: 'integer', description: 'Number of the sender.', value: (row) => row.id },
    {
      name: 'IsDefaultSender',
      type: 'boolean',
      description: 'The default sender of the API key; there is at most one.',
      write: 'always',
      default: false,
      value: (row) => row.isDefault,
    },
    {
      name: 'Name',
      type: 'text',
      description: 'Display name.',
      write: 'always',
      default: '',
      maxLength: 200,
      isOneLine: true,
      value: (row) => row.name,
    },
    {
      name: 'Status',
      type: 'text',
      description: 'Inactive, Active or Deleted.',
      write: 'never',
      default: 'Inactive',
      allowed: Object.values(statusWords),
      value: (row) => statusWords[row.status],
    },
  ],
  filters: {
    DnsID: 'integer',
    Domain: 'text',
    Email: 'text',
    IsDomainSender: 'boolean',
    LocalPart: 'text',
    ShowDeleted: 'boolean',
    Status: 'text',
  },
  sort: { ID: true },
  unknownId: 'not-found',
  async select(query, page) {
    return withFileNames(query, await selectSenders(query, page))
  },
  async count(query) {
    if (isOne(query)) return (await findOne(query)).length
    const filters = readFilters(query)
    return filters === undefined ? 0 : countSenders(query, filters)
  },
  async create(query, values) {
    const email = values.text('Email') ?? ''
    const wanted = { keyId: query.keyId, email, ...readValues(values) }
    const added = await tellProperty('Email', createSender(query.parts.domains, wanted))
    return withFileName(query, added)
  },
  async update(query, row, values) {
    const { keyId, parts } = query
    const changes = { keyId, senderId: row.id, ...readValues(values) }
    const updated = values.size === 0 ? row : await updateSender(parts.domains, changes)
    if (row.status !== 'deleted') return withFileName(query, updated)
    return withFileName(query, await reviveSender(parts.domains, { keyId, senderId: row.id }))
  },
  // It comes back (reference/senders-domains-dns.md §1: the Terraform provider relies on it).
  isChangedByAnyUpdate: (row) => row.status === 'deleted',
  remove: ({ keyId, parts }, row) => deleteSender(parts.domains, { keyId, senderId: row.id }),
  actions: {
    validate: {
      description: 'Tries to prove the sender: by its domain, a TXT record, a file, or a mail to it.',
      async run({ keyId, parts }, row) {
        return formatValidation(await validateSender(parts.domains, { keyId, senderId: row.id }))
      },
    },
  },
})

function isOne({ id, uniqueKey }: Query): boolean {
  return id !== undefined || uniqueKey !== undefined
}

async function findOne({ db, keyId, id, uniqueKey }: Query): Promise<Sender[]> {
  const by = id === undefined ? { email: uniqueKey?.[0] ?? '' } : { id: id as SenderId }
  const found = await findSender({ db }, { keyId, ...by })
  return found === undefined ? [] : [found]
}

async function selectSenders(query: Query, { limit, offset, sort }: Page): Promise<Sender[]> {
  if (isOne(query)) return findOne(query)
  const filters = readFilters(query)
  if (filters === undefined) return []
  return listSenders(query, filters, { limit, offset, newestFirst: sort[0]?.descending ?? false })
}

/** Undefined when nothing can match. */
function readFilters({ keyId, filters }: Query): SenderFilters | undefined {
  const wanted: SenderFilters = { keyId, showDeleted: filters.boolean('ShowDeleted') ?? false }
  const word = filters.text('Status')?.toLowerCase()
  const status = (['inactive', 'active', 'deleted'] as const).find((one) => one === word)
  if (word !== undefined && status === undefined) return undefined
  if (status !== undefined) wanted.status = status
  const email = filters.text('Email')
  if (email !== undefined) wanted.email = email
  const localPart = filters.text('LocalPart')
  if (localPart !== undefined) wanted.localPart = localPart
  const domain = filters.text('Domain')
  if (domain !== undefined) wanted.domain = domain
  const domainId = filters.integer('DnsID')
  if (domainId !== undefined) wanted.domainId = domainId as DomainId
  const isDomainSender = filters.boolean('IsDomainSender')
  if (isDomainSender !== undefined) wanted.isDomainSender = isDomainSender
  return wanted
}

function readValues(values: Values): { name?: string; kind?: Sender['kind']; isDefault?: boolean } {
  const name = values.text('Name')
  const kind = (['transactional', 'bulk', 'unknown'] as const).find((one) => one === values.text('EmailType'))
  const isDefault = values.boolean('IsDefaultSender')
  return {
    ...(name !== undefined && { name }),
    ...(kind !== undefined && { kind }),
    ...(isDefault !== undefined && { isDefault }),
  }
}

async function withFileName(query: Query, row: Sender): Promise<SenderRow> {
  const [named] = await withFileNames(query, [row])
  return named ?? { ...row, fileName: '' }
}

async function withFileNames({ db, keyId }: Query, rows: readonly Sender[]): Promise<SenderRow[]> {
  const domainIds = rows.flatMap(({ email, domainId }) =>
    email.startsWith('*@') && domainId !== null ? [domainId] : [],
  )
  const domains =
    domainIds.length === 0
      ? []
      : await db
          .selectFrom('domains')
          .select(['name', 'ownership_token'])
          .where('key_id', '=', keyId)
          .where('id', 'in', domainIds)
          .execute()
  const tokens = new Map(domains.map(({ name, ownership_token }) => [`*@${name}`, ownership_token]))
  return rows.map((row) => {
    const token = tokens.get(row.email)
    return { ...row, fileName: token === undefined ? '' : `${token}.txt` }
  })
}

/** Bare and in an envelope: documentation and recordings differ, and readers of both exist (reference §2). */
function formatValidation({ method, errors, globalError }: Validation): object {
  const result = {
    ValidationMethod: method,
    Errors: { DNSValidationError: errors.dns, FileValidationError: errors.file },
    GlobalError: globalError,
  }
  return { ...result, ...envelope([result]) }
}
