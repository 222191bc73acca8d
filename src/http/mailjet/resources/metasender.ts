/** `/v3/REST/metasender`: senders of a whole account (reference/senders-domains-dns.md §3). */
import {
  createMetasender,
  findMetasender,
  listMetasenders,
  type Metasender,
  updateMetasender,
} from '../../../domains/metasenders.ts'
import type { AccountId, DomainId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import { formatTime, type Query } from '../resource.ts'
import { alreadyExists } from '../rest-errors.ts'
import { tellProperty } from './contact-problems.ts'

export const metasender = defineResource<Metasender>({
  name: 'metasender',
  description:
    'Senders of the whole account, which all its API keys may use once the operator has enabled them.',
  uniqueKey: ['Email'],
  masterOnly: 'to-write',
  properties: [
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'When it was added.',
      value: (row) => formatTime(row.createdAt),
    },
    {
      name: 'Description',
      type: 'text',
      description: 'Free text.',
      write: 'always',
      maxLength: 500,
      isOneLine: true,
      default: '',
      value: (row) => row.description,
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
      name: 'Filename',
      type: 'text',
      description: 'The file at the root of the web site that proves a domain.',
      value: (row) => row.fileName,
    },
    { name: 'ID', type: 'integer', description: 'Number of the metasender.', value: (row) => row.id },
    {
      name: 'IsEnabled',
      type: 'boolean',
      // It would let every key send as it, unproved.
      description: 'Whether it may be used. The operator of the service decides that.',
      default: false,
      value: (row) => row.isEnabled,
    },
  ],
  filters: { DNS: 'integer', User: 'integer' },
  sort: { ID: false },
  unknownId: 'not-found',
  select: async (query, page) => (await matching(query)).slice(page.offset, page.offset + page.limit),
  count: async (query) => (await matching(query)).length,
  async create({ apiKey: { accountId }, db, parts }, values) {
    const email = values.text('Email') ?? ''
    const existing = await tellProperty('Email', findMetasender({ db }, { accountId, email }))
    if (existing !== undefined) {
      throw alreadyExists('Metasender', { property: 'Email', value: existing.email })
    }
    const description = values.text('Description') ?? ''
    return tellProperty('Email', createMetasender(parts.domains, { accountId, email, description }))
  },
  async update({ apiKey: { accountId }, parts }, { id }, values) {
    const description = values.text('Description')
    return updateMetasender(parts.domains, {
      accountId,
      id,
      ...(description !== undefined && { description }),
    })
  },
})

async function matching({ db, apiKey, id, uniqueKey, filters }: Query): Promise<Metasender[]> {
  const { accountId } = apiKey
  const [email] = uniqueKey ?? []
  if (id === undefined && email === undefined) {
    const user = filters.integer('User')
    if (user !== undefined && user !== accountId) return []
    const all = await listMetasenders({ db }, { accountId })
    const domainId = filters.integer('DNS')
    if (domainId === undefined) return all
    const domain = await nameOfDomain({ db }, { accountId, domainId: domainId as DomainId })
    return all.filter((one) => domain !== undefined && one.email.endsWith(`@${domain}`))
  }
  const found = await findMetasender(
    { db },
    { accountId, ...(id === undefined ? { email: email ?? '' } : { id }) },
  )
  return found === undefined ? [] : [found]
}

async function nameOfDomain(
  { db }: Pick<Query, 'db'>,
  { accountId, domainId }: { accountId: AccountId; domainId: DomainId },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('domains')
    .innerJoin('api_keys', 'api_keys.id', 'domains.key_id')
    .select('domains.name')
    .where('domains.id', '=', domainId)
    .where('api_keys.account_id', '=', accountId)
    .executeTakeFirst()
  return row?.name
}
