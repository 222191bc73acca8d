/** `/v3/REST/user` and `/v3/REST/myprofile`: the holder of the account (reference/senders-domains-dns.md §8). */
import { type Account, findAccount } from '../../../accounts/accounts.ts'
import {
  type AccountDetails,
  changeDetails,
  type DetailName,
  readDetails,
} from '../../../accounts/details.ts'
import { maxKeysOfAccount } from '../../../accounts/sub-keys.ts'
import { defineResource } from '../define-resource.ts'
import type { Values } from '../read-values.ts'
import { formatTime, type Page, type Property, type Query, type Resource } from '../resource.ts'

type Holder = { account: Account; details: AccountDetails }

const written = {
  Email: 'email',
  Locale: 'locale',
  Timezone: 'timeZone',
  Username: 'userName',
  AddressCity: 'city',
  AddressCountry: 'country',
  AddressPostalCode: 'postalCode',
  AddressState: 'state',
  AddressStreet: 'street',
  BillingEmail: 'billingEmail',
  BirthdayAt: 'birthday',
  CompanyName: 'company',
  CompanyNumOfEmployees: 'employees',
  ContactPhone: 'phone',
  EstimatedVolume: 'estimatedVolume',
  Features: 'features',
  Firstname: 'firstName',
  Industry: 'industry',
  JobTitle: 'jobTitle',
  Lastname: 'lastName',
  VATNumber: 'vatNumber',
  Website: 'website',
} as const satisfies Record<string, DetailName>

function text(name: keyof typeof written, description: string, initial = ''): Property<Holder> {
  return {
    name,
    type: 'text',
    description,
    write: 'always',
    default: initial,
    value: ({ details }) => details[written[name]] ?? initial,
  }
}

const id: Property<Holder> = {
  name: 'ID',
  type: 'integer',
  description: 'Number of the user: that of the account.',
  value: ({ account }) => account.id,
}

const shared = {
  masterOnly: 'to-write',
  sort: { ID: false },
  unknownId: 'not-found',
  select: async (query: Query, page: Page) =>
    (await selectHolder(query)).slice(page.offset, page.offset + page.limit),
  count: async (query: Query) => (await selectHolder(query)).length,
  async update(query: Query, { account }: Holder, values: Values) {
    await changeDetails(query.parts.storage, { accountId: account.id, details: toDetails(values) })
    return { account, details: await readDetails(query.db, account.id) }
  },
} as const satisfies Partial<Resource<Holder>>

export const user = defineResource<Holder>({
  ...shared,
  name: 'user',
  description: 'The user of the account.',
  uniqueKey: ['Email'],
  properties: [
    { name: 'ACL', type: 'text', description: 'Always empty: everything.', value: () => '' },
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'When the account was made.',
      value: ({ account }) => formatTime(account.createdAt),
    },
    text('Email', 'Address of the user.'),
    { name: 'FirstIp', type: 'text', description: 'Not kept.', value: () => '' },
    id,
    { name: 'LastIp', type: 'text', description: 'Not kept.', value: () => '' },
    { name: 'LastLoginAt', type: 'time', description: 'Not kept.', value: () => '' },
    text('Locale', 'Language and country, like en_US.', 'en_US'),
    {
      name: 'MaxAllowedAPIKeys',
      type: 'integer',
      description: 'How many API keys the account may have.',
      value: () => maxKeysOfAccount,
    },
    text('Timezone', 'Time zone, like Europe/Paris.', 'etc/UTC'),
    {
      ...text('Username', 'Name of the user.'),
      value: ({ account, details }) => details.userName ?? account.name,
    },
    { name: 'WarnedRatelimitAt', type: 'time', description: 'Not kept.', value: () => '' },
  ],
  filters: { UserName: 'text' },
  refusedFilters: {
    IsActivated: 'whoever holds the account is active',
    NewEmail: 'addresses that wait for confirmation are not shown',
  },
})

export const myProfile = defineResource<Holder>({
  ...shared,
  name: 'myprofile',
  description: 'Who holds the account.',
  isSingle: true,
  properties: [
    text('AddressCity', 'City.'),
    text('AddressCountry', 'Country.'),
    text('AddressPostalCode', 'Postal code.'),
    text('AddressState', 'State or region.'),
    text('AddressStreet', 'Street and number.'),
    text('BillingEmail', 'Where invoices would go.'),
    { ...text('BirthdayAt', 'Birthday.'), type: 'time' },
    text('CompanyName', 'Company.'),
    text('CompanyNumOfEmployees', 'Size of the company.'),
    text('ContactPhone', 'Telephone number.'),
    {
      name: 'EstimatedVolume',
      type: 'integer',
      description: 'Messages expected in a month.',
      write: 'always',
      default: 0,
      value: ({ details }) => Number(details.estimatedVolume ?? 0),
    },
    text('Features', 'Free text.'),
    text('Firstname', 'First name.'),
    id,
    text('Industry', 'Industry.'),
    text('JobTitle', 'Job title.'),
    text('Lastname', 'Last name.'),
    {
      name: 'UserID',
      type: 'integer',
      description: 'The user of the account.',
      value: ({ account }) => account.id,
    },
    { name: 'VAT', type: 'number', description: 'Always 0: nothing is sold here.', value: () => 0 },
    text('VATNumber', 'Tax number of the company.'),
    text('Website', 'Web site.'),
  ],
  filters: { User: 'integer' },
})

/** The one of the account, or none when another is asked for. */
async function selectHolder({ parts, db, apiKey, id, uniqueKey, filters }: Query): Promise<Holder[]> {
  const { accountId } = apiKey
  const wanted = id ?? filters.integer('User')
  if (wanted !== undefined && wanted !== accountId) return []
  const details = await readDetails(db, accountId)
  const account = await findAccount(parts.storage, accountId)
  const [email] = uniqueKey ?? []
  if (email !== undefined && email.toLowerCase() !== details.email?.toLowerCase()) return []
  const userName = filters.text('UserName')
  if (userName !== undefined && userName !== (details.userName ?? account.name)) return []
  return [{ account, details }]
}

function toDetails(values: Values): AccountDetails {
  const details: AccountDetails = {}
  for (const [property, name] of Object.entries(written)) {
    const value = values.text(property) ?? values.integer(property)
    if (value !== undefined) details[name] = String(value)
  }
  return details
}
