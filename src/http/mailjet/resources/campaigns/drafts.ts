/** `/v3/REST/campaigndraft` and its elder `/v3/REST/newsletter` (reference/campaigns-templates.md §2, §3). */
import { archiveMailing, deleteMailing, restoreMailing } from '../../../../campaigns/change-state.ts'
import {
  type Builder,
  type EditMode,
  editModes,
  type Mailing,
  type MailingSettings,
} from '../../../../campaigns/mailing.ts'
import { mailingStates } from '../../../../campaigns/states.ts'
import {
  changeMailing,
  countMailings,
  createMailing,
  listMailings,
  type MailingFilters,
} from '../../../../campaigns/store-mailings.ts'
import { findContactList } from '../../../../contacts/lists.ts'
import { listSegments } from '../../../../contacts/segments.ts'
import type { ContactListId, MailingId, SegmentId } from '../../../../mail/ids.ts'
import { type AnyResource, defineResource } from '../../define-resource.ts'
import type { Values } from '../../read-values.ts'
import { formatTime, type Property, type Query } from '../../resource.ts'
import { badRequest } from '../../rest-errors.ts'
import { draftActions } from './draft-actions.ts'
import { statesOfStatus, statusNumbers, told } from './draft-status.ts'

/** With what stands elsewhere. */
type Row = Mailing & { contentId: number; hasText: boolean; url: string }

type Extra = {
  name: string
  type: 'text' | 'integer' | 'boolean'
  default: string | number | boolean
  allowed?: string[]
}

/** Kept for clients, and used by nothing here. */
const newsletterExtras: readonly Extra[] = [
  { name: 'Callback', type: 'text', default: '' },
  { name: 'EditType', type: 'text', default: 'full', allowed: ['full', 'light', 'ulight'] },
  { name: 'Footer', type: 'text', default: 'default', allowed: ['default', 'none'] },
  { name: 'FooterAddress', type: 'text', default: '' },
  { name: 'FooterWYSIWYGType', type: 'integer', default: 0 },
  { name: 'HeaderFilename', type: 'text', default: '' },
  { name: 'HeaderLink', type: 'text', default: '' },
  { name: 'HeaderText', type: 'text', default: '' },
  { name: 'HeaderUrl', type: 'text', default: '' },
  { name: 'Ip', type: 'text', default: '' },
  { name: 'Permalink', type: 'text', default: 'default', allowed: ['default', 'none'] },
  { name: 'PermalinkHost', type: 'text', default: '' },
  { name: 'PermalinkWYSIWYGType', type: 'integer', default: 0 },
  { name: 'PolitenessMode', type: 'integer', default: 0 },
  { name: 'TestAddress', type: 'text', default: '' },
]
const draftExtras: readonly Extra[] = [{ name: 'Preset', type: 'text', default: '' }]

function extraProperty({ name, type, allowed, ...extra }: Extra): Property<Row> {
  return {
    ...{ name, type, write: 'always', maxLength: 10_000 },
    description: 'Kept for whoever set it; nothing here follows it.',
    default: extra.default,
    ...(allowed !== undefined && { allowed }),
    value: (row) => row.extras[name] ?? extra.default,
  }
}

const text = (name: string, description: string, value: (row: Row) => string): Property<Row> => ({
  ...{ name, description, value },
  type: 'text',
  write: 'always',
})

function commonProperties(modes: readonly EditMode[], initial: EditMode): Property<Row>[] {
  return [
    {
      name: 'AXFraction',
      type: 'number',
      description: 'Share of an A/B variant; there are none.',
      value: () => 0,
    },
    {
      name: 'AXFractionName',
      type: 'text',
      description: 'Name of an A/B variant; there are none.',
      value: () => '',
    },
    {
      name: 'CampaignID',
      type: 'integer',
      description: 'The campaign that it has become.',
      value: (row) => row.campaignId ?? undefined,
    },
    {
      name: 'ContactsListID',
      type: 'integer',
      description: 'The list that it goes to.',
      write: 'always',
      value: (row) => row.listId ?? undefined,
    },
    {
      name: 'ContactsListALT',
      type: 'text',
      description: 'The list, by its address.',
      write: 'always',
      value: () => undefined,
    },
    {
      name: 'CreatedAt',
      type: 'time',
      description: 'When it was made.',
      value: (row) => formatTime(row.createdAt),
    },
    {
      name: 'DeliveredAt',
      type: 'time',
      description: 'When it went out.',
      value: (row) => formatTime(row.state === 'sent' ? row.endedAt : null),
    },
    {
      name: 'EditMode',
      type: 'text',
      description: `${modes.join(', ')}.`,
      write: 'always',
      default: initial,
      allowed: [...modes],
      value: (row) => row.editMode,
    },
    { name: 'ID', type: 'integer', description: 'Its number.', value: (row) => row.id },
    {
      name: 'IsStarred',
      type: 'boolean',
      description: 'Whether it has a star.',
      write: 'always',
      default: false,
      value: (row) => row.isStarred,
    },
    {
      name: 'IsTextPartIncluded',
      type: 'boolean',
      description: 'Whether there is a text part.',
      value: (row) => row.hasText,
    },
    { ...text('Locale', 'Such as en_US.', (row) => row.locale), isRequired: true },
    {
      name: 'ModifiedAt',
      type: 'time',
      description: 'Last change.',
      value: (row) => formatTime(row.modifiedAt),
    },
    {
      ...text('ReplyEmail', 'Address for answers.', (row) => row.replyTo),
      value: (row) => row.replyTo || undefined,
    },
    {
      name: 'SegmentationID',
      type: 'integer',
      description: 'The segment of the list that it goes to.',
      write: 'always',
      value: (row) => row.segmentId ?? undefined,
    },
    {
      name: 'SegmentationALT',
      type: 'text',
      description: 'The segment, by its name.',
      write: 'always',
      value: () => undefined,
    },
    text('Sender', 'Free text about the sender.', (row) => row.senderLabel),
    text('SenderEmail', 'Address of the sender.', (row) => row.senderEmail),
    text('SenderName', 'Name of the sender.', (row) => row.senderName),
    {
      name: 'Status',
      type: 'integer',
      description:
        '-3 cancelled, -2 deleted, -1 archived, 0 draft, 1 programmed, 2 sent. -2, -1 and 0 may be set.',
      write: 'always',
      value: (row) => statusNumbers[row.state],
    },
    { ...text('Subject', 'Subject line.', (row) => row.subject), isRequired: true, maxLength: 998 },
    {
      name: 'TemplateID',
      type: 'integer',
      description: 'What it was begun from; its content is not taken from there.',
      write: 'always',
      value: (row) => row.templateId ?? undefined,
    },
    text('Title', 'Name of its own, for people.', (row) => row.title),
    { name: 'Url', type: 'text', description: 'Online version, once it is sent.', value: (row) => row.url },
  ]
}

function byName(properties: readonly Property<Row>[]): Property<Row>[] {
  return properties.toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
}

function draftResource({
  name,
  description,
  modes,
  initial,
  extras,
  more,
}: {
  name: Builder
  description: string
  modes: readonly EditMode[]
  initial: EditMode
  extras: readonly Extra[]
  more: readonly Property<Row>[]
}): AnyResource {
  return defineResource<Row>({
    ...{ name, description },
    properties: byName([...commonProperties(modes, initial), ...extras.map(extraProperty), ...more]),
    filters: {
      Campaign: 'integer',
      ContactsList: 'integer',
      DeliveredAt: 'time',
      EditMode: 'text',
      IsArchived: 'boolean',
      IsDeleted: 'boolean',
      IsHandled: 'boolean',
      IsStarred: 'boolean',
      NewsLetterTemplate: 'integer',
      Segmentation: 'integer',
      Status: 'text',
      Subject: 'text',
      Template: 'integer',
    },
    sort: { ID: true },
    unknownId: 'not-found',
    async select(query, { limit, offset, sort: [first] }) {
      const page = { limit, offset, newestFirst: first?.descending ?? false }
      return withMore(query, await listMailings(query.db, readFilters(query, name), page))
    },
    count: (query) => countMailings(query.db, readFilters(query, name)),
    async create(query, values) {
      const settings = { editMode: initial, ...(await readSettings(query, { values, extras, before: {} })) }
      return one(
        query,
        await createMailing(query.parts.campaigns, { ...settings, keyId: query.keyId, builder: name }),
      )
    },
    async update(query, row, values) {
      const settings = await readSettings(query, { values, extras, before: row.extras })
      const changed = await told(changeMailing(query.parts.campaigns, row, settings))
      return one(query, await setStatus(query, changed, values.integer('Status')))
    },
    actions: draftActions({ hasMjml: name === 'campaigndraft' }),
  })
}

async function one(query: Query, mailing: Mailing): Promise<Row> {
  const [row] = await withMore(query, [mailing])
  if (row === undefined) throw new Error('one mailing gave no row')
  return row
}

async function withMore({ db, baseUrl, parts }: Query, mailings: readonly Mailing[]): Promise<Row[]> {
  const contents = new Map<MailingId, { contentId: number; hasText: boolean }>()
  if (mailings.length > 0) {
    const rows = await db
      .selectFrom('mailing_contents')
      .select(({ eb }) => ['mailing_id', 'content_id', eb('text', 'is not', null).as('hasText')])
      .where(
        'mailing_id',
        'in',
        mailings.map(({ id }) => id),
      )
      .execute()
    for (const row of rows) {
      contents.set(row.mailing_id, { contentId: row.content_id, hasText: Boolean(row.hasText) })
    }
  }
  return mailings.map((mailing) => ({
    ...mailing,
    ...(contents.get(mailing.id) ?? { contentId: 0, hasText: false }),
    url:
      mailing.messageId === null || mailing.state !== 'sent'
        ? ''
        : `${baseUrl}/v/${parts.tracking.tokens.online(mailing.messageId)}`,
  }))
}

function readFilters({ keyId, id, filters }: Query, builder: Builder): MailingFilters {
  if (id !== undefined) return { keyId, builder, id: id as MailingId }
  const listId = filters.integer('ContactsList')
  const segmentId = filters.integer('Segmentation')
  const templateId = filters.integer('Template') ?? filters.integer('NewsLetterTemplate')
  const campaignId = filters.integer('Campaign')
  const isStarred = filters.boolean('IsStarred')
  const subject = filters.text('Subject')
  const editMode = filters.text('EditMode')
  return {
    ...{ keyId, builder, states: readStates(filters) },
    ...(listId !== undefined && { listId }),
    ...(segmentId !== undefined && { segmentId }),
    ...(templateId !== undefined && { templateId }),
    ...(campaignId !== undefined && { campaignId }),
    ...(isStarred !== undefined && { isStarred }),
    ...(subject !== undefined && { subject }),
    ...(editMode !== undefined && { editMode }),
  }
}

function readStates(filters: Query['filters']): Mailing['state'][] {
  const status = filters.text('Status')
  if (status !== undefined) return statesOfStatus(status)
  const isArchived = filters.boolean('IsArchived')
  const isDeleted = filters.boolean('IsDeleted') ?? false
  const isHandled = filters.boolean('IsHandled')
  return mailingStates.filter(
    (state) =>
      (state === 'deleted') === isDeleted &&
      (isArchived === undefined || (state === 'archived') === isArchived) &&
      (isHandled === undefined || (state === 'sent') === isHandled),
  )
}

const names = {
  Title: 'title',
  Subject: 'subject',
  Sender: 'senderLabel',
  SenderEmail: 'senderEmail',
  SenderName: 'senderName',
  ReplyEmail: 'replyTo',
  Locale: 'locale',
} as const

async function readSettings(
  query: Query,
  { values, extras, before }: { values: Values; extras: readonly Extra[]; before: Mailing['extras'] },
): Promise<Partial<MailingSettings>> {
  const settings: Partial<MailingSettings> = {}
  for (const [name, field] of Object.entries(names)) {
    const given = values.text(name)
    if (given !== undefined) settings[field] = given
  }
  const mode = editModes.find((one) => one === values.text('EditMode'))
  if (mode !== undefined) settings.editMode = mode
  const isStarred = values.boolean('IsStarred')
  if (isStarred !== undefined) settings.isStarred = isStarred
  const templateId = values.integer('TemplateID')
  if (templateId !== undefined) settings.templateId = templateId || null
  const listId = values.integer('ContactsListID') ?? (await listByAddress(query, values))
  // 0 takes it away.
  if (listId !== undefined) settings.listId = (listId || null) as ContactListId | null
  const segmentId = values.integer('SegmentationID') ?? (await segmentByName(query, values))
  if (segmentId !== undefined) settings.segmentId = (segmentId || null) as SegmentId | null
  const given = extras.flatMap(({ name, type }) => {
    const value =
      type === 'text' ? values.text(name) : type === 'integer' ? values.integer(name) : values.boolean(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  if (given.length > 0) settings.extras = { ...before, ...Object.fromEntries(given) }
  return settings
}

async function listByAddress({ db, keyId }: Query, values: Values): Promise<number | undefined> {
  const address = values.text('ContactsListALT')
  if (address === undefined || address === '') return undefined
  const found = await findContactList(db, { keyId, address })
  if (found === undefined)
    throw badRequest('Object properties invalid', 'There is no contacts list with that ContactsListALT')
  return found.id
}

async function segmentByName({ db, keyId }: Query, values: Values): Promise<number | undefined> {
  const name = values.text('SegmentationALT')
  if (name === undefined || name === '') return undefined
  const [found] = await listSegments(db, { keyId, name }, { limit: 1 })
  if (found === undefined)
    throw badRequest('Object properties invalid', 'There is no segmentation with that SegmentationALT')
  return found.id
}

async function setStatus({ parts }: Query, mailing: Mailing, status: number | undefined): Promise<Mailing> {
  const { campaigns } = parts
  if (status === undefined || status === statusNumbers[mailing.state]) return mailing
  if (status === -2) return told(deleteMailing(campaigns, mailing))
  if (status === -1) return told(archiveMailing(campaigns, mailing))
  if (status === 0 && mailing.state === 'archived') return told(restoreMailing(campaigns, mailing))
  throw badRequest(
    'Object properties invalid',
    'MJ08 Property Status is invalid: MJ04 It may be set to -2 (deleted), -1 (archived) or, if archived, 0; the actions send and schedule do the rest',
  )
}

export const campaigndraft = draftResource({
  name: 'campaigndraft',
  description: 'Campaigns that are prepared: for whom, from whom, what and when.',
  modes: ['tool2', 'html2', 'mjml'],
  initial: 'tool2',
  extras: draftExtras,
  more: [
    {
      name: 'Current',
      type: 'integer',
      description: 'Number of its content.',
      value: (row) => row.contentId,
    },
    {
      name: 'Used',
      type: 'boolean',
      description: 'A test was sent, or it itself.',
      value: (row) => row.isUsed,
    },
  ],
})

export const newsletter = draftResource({
  name: 'newsletter',
  description: 'The same for old integrations, with numbers of their own.',
  modes: ['tool', 'html'],
  initial: 'tool',
  extras: newsletterExtras,
  more: [
    {
      name: 'IsHandled',
      type: 'boolean',
      description: 'It has been sent.',
      value: (row) => row.state === 'sent',
    },
  ],
})
