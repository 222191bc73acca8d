/** A mailing: what is written for a list and sent to it. */
import { sql } from 'kysely'
import type {
  CampaignId,
  ContactListId,
  DeliveryId,
  KeyId,
  MailingId,
  MessageId,
  SegmentId,
  WorkId,
} from '../mail/ids.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { MailingState } from '../storage/tables/mailings.ts'

export type Builder = Schema['mailings']['builder']

export const editModes = ['tool', 'html', 'tool2', 'html2', 'mjml'] as const
export type EditMode = (typeof editModes)[number]

/** What a person or a client says about it; the content stands apart. */
export type MailingSettings = {
  title: string
  subject: string
  senderLabel: string
  /** '' while there is none. */
  senderEmail: string
  senderName: string
  replyTo: string
  listId: ContactListId | null
  segmentId: SegmentId | null
  locale: string
  editMode: EditMode
  templateId: number | null
  extras: Readonly<Record<string, string | number | boolean>>
  isStarred: boolean
  /** Null: as the key's mail. */
  trackOpens: boolean | null
  trackClicks: boolean | null
}

export type Mailing = MailingSettings & {
  id: MailingId
  keyId: KeyId
  builder: Builder
  isUsed: boolean
  state: MailingState
  /** What it was before it was archived or deleted. */
  archivedFrom: MailingState | null
  /** Why it is paused, in words. */
  reason: string
  pausedBy: Schema['mailings']['paused_by']
  marks: Readonly<Record<string, number>>
  scheduledAt: Instant | null
  createdAt: Instant
  modifiedAt: Instant | null
  startedAt: Instant | null
  gatheredAt: Instant | null
  endedAt: Instant | null
  workId: WorkId | null
  gatheredAfter: number
  handedAfter: number
  campaignId: CampaignId | null
  messageId: MessageId | null
  firstDeliveryId: DeliveryId | null
  total: number
  pending: number
  handed: number
  excluded: number
}

type Row = { [Column in keyof Schema['mailings']]: import('kysely').Selectable<Schema['mailings']>[Column] }

export function toMailing(row: Row): Mailing {
  return {
    id: row.id,
    keyId: row.key_id,
    builder: row.builder,
    title: row.title,
    subject: row.subject,
    senderLabel: row.sender_label,
    senderEmail: row.sender_email,
    senderName: row.sender_name,
    replyTo: row.reply_to,
    listId: row.list_id,
    segmentId: row.segment_id,
    locale: row.locale,
    editMode: row.edit_mode as EditMode,
    templateId: row.template_id,
    extras: JSON.parse(row.extras) as Mailing['extras'],
    isStarred: row.is_starred === 1,
    isUsed: row.is_used === 1,
    trackOpens: fromFlag(row.track_opens),
    trackClicks: fromFlag(row.track_clicks),
    state: row.state,
    archivedFrom: row.archived_from,
    reason: row.reason,
    pausedBy: row.paused_by,
    marks: JSON.parse(row.marks) as Mailing['marks'],
    scheduledAt: row.scheduled_at,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
    startedAt: row.started_at,
    gatheredAt: row.gathered_at,
    endedAt: row.ended_at,
    workId: row.work_id,
    gatheredAfter: row.gathered_after,
    handedAfter: row.handed_after,
    campaignId: row.campaign_id,
    messageId: row.message_id,
    firstDeliveryId: row.first_delivery_id,
    total: row.total,
    pending: row.pending,
    handed: row.handed,
    excluded: row.excluded,
  }
}

/** When it was changed. Never the same twice, so that who has looked at it learns that it is another now. */
export function changedAt(now: Instant) {
  return sql<Instant>`CASE WHEN modified_at >= ${now} THEN modified_at + 1 ELSE ${now} END`
}

/** Columns of the settings that are given. */
export function settingsColumns(settings: Partial<MailingSettings>) {
  const { title, subject, senderLabel, senderEmail, senderName, replyTo, locale, editMode } = settings
  return {
    ...(title !== undefined && { title }),
    ...(subject !== undefined && { subject }),
    ...(senderLabel !== undefined && { sender_label: senderLabel }),
    ...(senderEmail !== undefined && { sender_email: senderEmail }),
    ...(senderName !== undefined && { sender_name: senderName }),
    ...(replyTo !== undefined && { reply_to: replyTo }),
    ...(settings.listId !== undefined && { list_id: settings.listId }),
    ...(settings.segmentId !== undefined && { segment_id: settings.segmentId }),
    ...(locale !== undefined && { locale }),
    ...(editMode !== undefined && { edit_mode: editMode }),
    ...(settings.templateId !== undefined && { template_id: settings.templateId }),
    ...(settings.extras !== undefined && { extras: JSON.stringify(settings.extras) }),
    ...(settings.isStarred !== undefined && { is_starred: toFlag(settings.isStarred) }),
    ...(settings.trackOpens !== undefined && { track_opens: toWish(settings.trackOpens) }),
    ...(settings.trackClicks !== undefined && { track_clicks: toWish(settings.trackClicks) }),
  }
}

function fromFlag(flag: 0 | 1 | null): boolean | null {
  return flag === null ? null : flag === 1
}

function toFlag(is: boolean): 0 | 1 {
  return is ? 1 : 0
}

function toWish(wish: boolean | null): 0 | 1 | null {
  return wish === null ? null : toFlag(wish)
}
