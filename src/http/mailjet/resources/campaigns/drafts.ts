/** `/v3/REST/campaigndraft` and its elder `/v3/REST/newsletter` (reference/campaigns-templates.md §2, §3). */
import {
  archiveMailing,
  cancelMailing,
  deleteMailing,
  restoreMailing,
  unscheduleMailing,
} from '../../../../campaigns/change-state.ts'
import type { Builder, EditMode, Mailing } from '../../../../campaigns/mailing.ts'
import { refuseChange } from '../../../../campaigns/refuse-change.ts'
import { afterChange, mailingStates } from '../../../../campaigns/states.ts'
import {
  changeMailing,
  countMailings,
  createMailing,
  listMailings,
  type MailingFilters,
} from '../../../../campaigns/store-mailings.ts'
import type { MailingId } from '../../../../mail/ids.ts'
import { type AnyResource, defineResource } from '../../define-resource.ts'
import type { Property, Query } from '../../resource.ts'
import { badRequest } from '../../rest-errors.ts'
import { draftActions } from './draft-actions.ts'
import {
  commonProperties,
  type DraftRow,
  draftExtras,
  type Extra,
  extraProperty,
  newsletterExtras,
  wasSent,
} from './draft-properties.ts'
import { readSettings } from './draft-settings.ts'
import { refusalOf, statesOfStatus, statusNumbers, told } from './draft-status.ts'

function byName(properties: readonly Property<DraftRow>[]): Property<DraftRow>[] {
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
  more: readonly Property<DraftRow>[]
}): AnyResource {
  return defineResource<DraftRow>({
    ...{ name, description },
    properties: byName([...commonProperties(modes, initial), ...extras.map(extraProperty), ...more]),
    filters: {
      AXTesting: 'integer',
      AXTestingID: 'integer',
      Campaign: 'integer',
      CampaignID: 'integer',
      ContactsList: 'integer',
      ContactsListID: 'integer',
      DeliveredAt: 'time',
      EditMode: 'text',
      IsArchived: 'boolean',
      IsCampaign: 'boolean',
      IsDeleted: 'boolean',
      IsHandled: 'boolean',
      IsStarred: 'boolean',
      Modified: 'boolean',
      NewsLetterTemplate: 'integer',
      NewsLetterTemplateID: 'integer',
      Segmentation: 'integer',
      SegmentationID: 'integer',
      Status: 'text',
      Subject: 'text',
      Template: 'integer',
      TemplateID: 'integer',
    },
    sort: { ID: true },
    unknownId: 'not-found',
    async select(query, { limit, offset, sort: [first] }) {
      const page = { limit, offset, newestFirst: first?.descending ?? false }
      const wanted = readFilters(query, name)
      return wanted === undefined ? [] : withMore(query, await listMailings(query.db, wanted, page))
    },
    async count(query) {
      const wanted = readFilters(query, name)
      return wanted === undefined ? 0 : countMailings(query.db, wanted)
    },
    async create(query, values) {
      const settings = { editMode: initial, ...(await readSettings(query, { values, extras, before: {} })) }
      return one(
        query,
        await createMailing(query.parts.campaigns, { ...settings, keyId: query.keyId, builder: name }),
      )
    },
    async update(query, row, values) {
      const { campaigns } = query.parts
      const settings = await readSettings(query, { values, extras, before: row.extras })
      const change = statusChange(row, values.integer('Status'))
      if (change !== undefined && afterChange(change, row) === undefined) {
        throw refusalOf(refuseChange(change, row))
      }
      if (change === 'restore' || change === 'unschedule') {
        const draft = await told((change === 'restore' ? restoreMailing : unscheduleMailing)(campaigns, row))
        return one(query, await told(changeMailing(campaigns, draft, settings)))
      }
      const changed = await told(changeMailing(campaigns, row, settings))
      if (change === 'delete') return one(query, await told(deleteMailing(campaigns, changed)))
      if (change === 'cancel') return one(query, await told(cancelMailing(campaigns, changed)))
      if (change === 'archive') return one(query, await told(archiveMailing(campaigns, changed)))
      return one(query, changed)
    },
    actions: draftActions({ hasMjml: name === 'campaigndraft' }),
  })
}

async function one(query: Query, mailing: Mailing): Promise<DraftRow> {
  const [row] = await withMore(query, [mailing])
  if (row === undefined) throw new Error('one mailing gave no row')
  return row
}

async function withMore({ db, baseUrl, parts }: Query, mailings: readonly Mailing[]): Promise<DraftRow[]> {
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
      mailing.messageId === null || !wasSent(mailing)
        ? ''
        : `${baseUrl}/v/${parts.tracking.tokens.online(mailing.messageId)}`,
  }))
}

/** Undefined: nothing can match. */
function readFilters({ keyId, id, filters }: Query, builder: Builder): MailingFilters | undefined {
  if (id !== undefined) return { keyId, builder, id: id as MailingId }
  // By either of its names (reference/rest-conventions.md §3).
  const reference = (name: string) => filters.integer(name) ?? filters.integer(`${name}ID`)
  // There are no A/B tests: everything is in none.
  if (reference('AXTesting')) return undefined
  const listId = reference('ContactsList')
  const segmentId = reference('Segmentation')
  const templateId = reference('Template') ?? reference('NewsLetterTemplate')
  const campaignId = reference('Campaign')
  const deliveredAt = filters.time('DeliveredAt')
  const isModified = filters.boolean('Modified')
  const isStarred = filters.boolean('IsStarred')
  const subject = filters.text('Subject')
  const editMode = filters.text('EditMode')?.toLowerCase()
  const isCampaign = filters.boolean('IsCampaign') ?? filters.boolean('IsHandled')
  return {
    ...{ keyId, builder, states: readStates(filters) },
    ...(listId !== undefined && { listId }),
    ...(segmentId !== undefined && { segmentId }),
    ...(templateId !== undefined && { templateId }),
    ...(campaignId !== undefined && { campaignId }),
    ...(deliveredAt !== undefined && { deliveredAt }),
    ...(isModified !== undefined && { isModified }),
    ...(isStarred !== undefined && { isStarred }),
    ...(subject !== undefined && { subject }),
    ...(editMode !== undefined && { editMode }),
    ...(isCampaign !== undefined && { isCampaign }),
  }
}

function readStates(filters: Query['filters']): Mailing['state'][] {
  const status = filters.text('Status')
  if (status !== undefined) return statesOfStatus(status)
  const isArchived = filters.boolean('IsArchived')
  const isDeleted = filters.boolean('IsDeleted') ?? false
  return mailingStates.filter(
    (state) =>
      (state === 'deleted') === isDeleted &&
      (isArchived === undefined || (state === 'archived') === isArchived),
  )
}

/** What a client asks for by setting `Status`; undefined when that is where it stands. */
function statusChange(
  mailing: Mailing,
  status: number | undefined,
): 'archive' | 'cancel' | 'delete' | 'restore' | 'unschedule' | undefined {
  if (status === undefined || status === statusNumbers[mailing.state]) return undefined
  if (status === -2) return 'delete'
  if (status === -1) return 'archive'
  if (status === -3) return 'cancel'
  if (status === 0) return mailing.state === 'archived' ? 'restore' : 'unschedule'
  throw badRequest(
    'Object properties invalid',
    'MJ08 Property Status is invalid: MJ04 It may be set to -3 (cancelled), -2 (deleted), -1 (archived) or 0 (a draft again); the actions send and schedule do the rest',
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
      description: 'It has begun to go out.',
      value: (row) => row.campaignId !== null,
    },
  ],
})
