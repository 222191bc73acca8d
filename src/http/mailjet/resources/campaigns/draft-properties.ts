/** What a campaign draft and a newsletter show of themselves (reference/campaigns-templates.md §2, §3). */
import type { EditMode, Mailing } from '../../../../campaigns/mailing.ts'
import { formatTime, type Property } from '../../resource.ts'
import { statusNumbers } from './draft-status.ts'

/** With what stands elsewhere. */
export type DraftRow = Mailing & { contentId: number; hasText: boolean; url: string }

/** To everybody whom it was for, and perhaps put away or deleted since then. */
export function wasSent({ state, archivedFrom }: Mailing): boolean {
  return state === 'sent' || ((state === 'archived' || state === 'deleted') && archivedFrom === 'sent')
}

export type Extra = {
  name: string
  type: 'text' | 'integer' | 'boolean'
  default: string | number | boolean
  allowed?: string[]
}

/** Kept for clients, and used by nothing here. */
export const newsletterExtras: readonly Extra[] = [
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
export const draftExtras: readonly Extra[] = [{ name: 'Preset', type: 'text', default: '' }]

export function extraProperty({ name, type, allowed, ...extra }: Extra): Property<DraftRow> {
  return {
    ...{ name, type, write: 'always', maxLength: 10_000 },
    description: 'Kept for whoever set it; nothing here follows it.',
    default: extra.default,
    ...(allowed !== undefined && { allowed }),
    value: (row) => row.extras[name] ?? extra.default,
  }
}

const text = (name: string, description: string, value: (row: DraftRow) => string): Property<DraftRow> => ({
  ...{ name, description, value },
  type: 'text',
  write: 'always',
})

/** A reference may also be written without its ID (reference/rest-conventions.md §5); it is shown with it. */
const bare = (name: 'ContactsList' | 'Segmentation' | 'Template'): Property<DraftRow> => ({
  name,
  type: 'integer',
  description: `Other name of ${name}ID.`,
  write: 'always',
  value: () => undefined,
})

export function commonProperties(modes: readonly EditMode[], initial: EditMode): Property<DraftRow>[] {
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
    bare('ContactsList'),
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
      value: (row) => formatTime(wasSent(row) ? row.endedAt : null),
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
    bare('Segmentation'),
    text('Sender', 'Free text about the sender.', (row) => row.senderLabel),
    text('SenderEmail', 'Address of the sender.', (row) => row.senderEmail),
    text('SenderName', 'Name of the sender.', (row) => row.senderName),
    {
      name: 'Status',
      type: 'integer',
      description:
        '-3 cancelled, -2 deleted, -1 archived, 0 draft, 1 programmed, 2 sent. -3, -2, -1 and 0 may be set.',
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
    bare('Template'),
    text('Title', 'Name of its own, for people.', (row) => row.title),
    { name: 'Url', type: 'text', description: 'Online version, once it is sent.', value: (row) => row.url },
  ]
}
