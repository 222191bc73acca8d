/** `/v3/REST/apikey`: the master key lists, makes, names and suspends the keys of its account (reference §6). */
import type { ApiKey } from '../../../accounts/api-keys.ts'
import { findApiKey, toApiKey } from '../../../accounts/api-keys.ts'
import { changeKey, createSubKey } from '../../../accounts/sub-keys.ts'
import type { KeyId } from '../../../mail/ids.ts'
import { defineResource } from '../define-resource.ts'
import { formatTime, type Page, type Query } from '../resource.ts'

type KeyRow = ApiKey & {
  /** Known only to the answer that makes the key: its hash alone is kept. */
  secret: string
  instanceName: string
}

export const apikey = defineResource<KeyRow>({
  name: 'apikey',
  description: 'API keys of the account. Only its master key may use this.',
  uniqueKey: ['APIKey'],
  masterOnly: 'always',
  properties: [
    {
      name: 'ACL',
      type: 'text',
      description: 'What the key may do; empty is everything, and nothing else can be chosen.',
      write: 'always',
      default: '',
      allowed: [''],
      value: () => '',
    },
    {
      name: 'APIKey',
      type: 'text',
      description: 'User name for the API and for SMTP.',
      value: (row) => row.publicKey,
    },
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'When it was made.',
      value: (row) => formatTime(row.createdAt),
    },
    { name: 'ID', type: 'integer', description: 'Number of the key.', value: (row) => row.id },
    {
      name: 'IsActive',
      type: 'boolean',
      description: 'Whether it is accepted; false suspends it.',
      write: 'always',
      default: true,
      value: (row) => row.isActive,
    },
    {
      name: 'IsMaster',
      type: 'boolean',
      description: 'Whether it is the master key of the account.',
      value: (row) => row.isMaster,
    },
    {
      name: 'Name',
      type: 'text',
      description: 'Name, for people.',
      write: 'always',
      isRequired: true,
      maxLength: 100,
      value: (row) => row.name,
    },
    { name: 'QuarantineValue', type: 'integer', description: 'Always 0.', value: () => 0 },
    { name: 'Runlevel', type: 'text', description: 'Always Normal.', value: () => 'Normal' },
    {
      name: 'SecretKey',
      type: 'text',
      description: 'Password. Shown by the answer that makes the key, and never again.',
      value: (row) => row.secret,
    },
    {
      name: 'TrackHost',
      type: 'text',
      description: 'Host of tracked links.',
      value: (row) => row.instanceName,
    },
    { name: 'UserID', type: 'integer', description: 'User of the account.', value: (row) => row.accountId },
  ],
  filters: { APIKey: 'text', IsActive: 'boolean', IsMaster: 'boolean', Name: 'text', User: 'integer' },
  refusedFilters: {
    ConfirmKey: 'keys are not confirmed',
    CustomStatus: 'keys have no status of their own; filter by IsActive',
    KeyType: 'keys are of one type; filter by IsMaster',
  },
  sort: { ID: false, IsMaster: true, IsActive: true, CreatedAt: true, Name: true },
  unknownId: 'not-found',
  async select(query, page) {
    const rows = await sorted(query, page).limit(page.limit).offset(page.offset).execute()
    return rows.map((row) => toRow(query, toApiKey(row)))
  },
  async count(query) {
    const { count } = await filtered(query)
      .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
      .executeTakeFirstOrThrow()
    return Number(count)
  },
  async create(query, values) {
    const { parts, apiKey, now } = query
    const name = values.text('Name') ?? ''
    const { key, secret } = await createSubKey(parts.storage, { accountId: apiKey.accountId, name, now })
    const made =
      values.boolean('IsActive') === false ? await changeKey(parts.storage, key, { isActive: false }) : key
    return { ...toRow(query, made), secret }
  },
  async update(query, row, values) {
    const { storage, authenticator } = query.parts
    const name = values.text('Name')
    const isActive = values.boolean('IsActive')
    await changeKey(storage, row, {
      ...(name !== undefined && { name }),
      ...(isActive !== undefined && { isActive }),
    })
    authenticator.forget(row.publicKey)
    return toRow(query, await findApiKey(storage, row.id))
  },
})

function toRow({ parts }: Query, key: ApiKey): KeyRow {
  return { ...key, secret: '', instanceName: parts.domains.settings.name }
}

const columns = {
  ID: 'id',
  IsMaster: 'is_master',
  IsActive: 'is_active',
  CreatedAt: 'created_at',
  Name: 'name',
} as const

function sorted(query: Query, { sort }: Page) {
  let rows = filtered(query).selectAll()
  for (const { property, descending } of sort) {
    const column = Object.entries(columns).find(([name]) => name === property)?.[1]
    if (column !== undefined) rows = rows.orderBy(column, descending ? 'desc' : 'asc')
  }
  return rows.orderBy('id')
}

function filtered({ db, apiKey, id, uniqueKey, filters }: Query) {
  let query = db.selectFrom('api_keys').where('account_id', '=', apiKey.accountId)
  if (id !== undefined) query = query.where('id', '=', id as KeyId)
  const publicKey = uniqueKey?.[0] ?? filters.text('APIKey')
  if (publicKey !== undefined) query = query.where('public_key', '=', publicKey.toLowerCase())
  const isActive = filters.boolean('IsActive')
  if (isActive !== undefined) query = query.where('is_active', '=', isActive ? 1 : 0)
  const isMaster = filters.boolean('IsMaster')
  if (isMaster !== undefined) query = query.where('is_master', '=', isMaster ? 1 : 0)
  const name = filters.text('Name')
  if (name !== undefined) query = query.where('name', '=', name)
  const user = filters.integer('User')
  // Each account has one user, of the same number.
  if (user !== undefined && user !== apiKey.accountId) query = query.where('id', '<', 0 as KeyId)
  return query
}
