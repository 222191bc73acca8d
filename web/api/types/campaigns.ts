/** Campaigns: what is written for a list and sent to it. */
import type { Counts, Tracked } from './statistics.ts'
import type { TemplateContent } from './templates.ts'

export const campaignStates = [
  'draft',
  'scheduled',
  'sending',
  'paused',
  'sent',
  'cancelled',
  'archived',
] as const
export type CampaignState = (typeof campaignStates)[number]

export type CampaignChange =
  | 'edit'
  | 'schedule'
  | 'unschedule'
  | 'send'
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'archive'
  | 'restore'
  | 'delete'

/** What a person says about it. */
export type CampaignSettings = {
  title: string
  subject: string
  senderEmail: string
  senderName: string
  replyTo: string
  listId: number | null
  segmentId: number | null
  locale: string
  /** What it was begun from. */
  templateId: number | null
  /** null: as the API key says. */
  trackOpens: boolean | null
  trackClicks: boolean | null
}

export type Campaign = CampaignSettings & {
  id: number
  isStarred: boolean
  state: CampaignState
  reason: string
  pausedBy: 'person' | 'breaker' | 'problem' | null
  scheduledAt: number | null
  createdAt: number
  modifiedAt: number | null
  startedAt: number | null
  endedAt: number | null
  /** What its mail is counted under. */
  campaignId: number | null
  allowed: CampaignChange[]
}

/** `contentId`: new with each change. */
export type CampaignContent = TemplateContent & { contentId: number }

/** `counts`: null while there is no mail of it. */
export type ListedCampaign = Campaign & { counts: Counts | null; tracked: Tracked | null }

export const exclusionReasons = [
  'unsubscribed',
  'excluded-from-campaigns',
  'opt-in-pending',
  'hard-bounce',
  'soft-bounces',
  'complaint',
  'manual',
  'import',
  'invalid-address',
  'duplicate',
  'gone',
] as const
export type ExclusionReason = (typeof exclusionReasons)[number]

export type Excluded = Partial<Record<ExclusionReason, number>>

export type CampaignProgress = {
  total: number
  pending: number
  queued: number
  delivered: number
  softBounced: number
  hardBounced: number
  blocked: number
  deferred: number
  opened: number
  clicked: number
  complained: number
  unsubscribed: number
  excluded: Excluded
}

export type OpenedCampaign = {
  campaign: Campaign
  progress: CampaignProgress
  tracked: Tracked | null
}

export type CampaignProblem = {
  code:
    | 'key-suspended'
    | 'no-sender'
    | 'sender-not-active'
    | 'no-subject'
    | 'no-content'
    | 'template-error'
    | 'unknown-property'
    | 'nobody-made'
    | 'no-list'
    | 'segment-error'
    | 'empty-list'
    | 'empty-segment'
    | 'no-recipients'
    | 'date-past'
    | 'date-far'
  message: string
}

/** Keeps it from nothing, and is probably not meant so. */
export type CampaignWarning = {
  code: 'unknown-property' | 'doubtful-tag' | 'some-not-made'
  message: string
}

export type CampaignCheck = { problems: CampaignProblem[]; warnings: CampaignWarning[] }

export type CampaignAudience = { recipients: number; excluded: Excluded; countedAt: number }

export type CampaignPreview = {
  to: string
  subject: string
  hasHtml: boolean
  text: string | null
  problem: string
}

export const recipientStates = ['pending', 'handed', 'excluded'] as const
export type RecipientState = (typeof recipientStates)[number]

export type CampaignRecipient = {
  contactId: number
  address: string
  state: RecipientState
  reason: ExclusionReason | null
  deliveryId: number | null
  delivery: 'queued' | 'deferred' | 'held' | 'delivered' | 'failed' | 'blocked' | 'dropped' | null
  said: string | null
}

export type ContactSegment = { id: number; name: string; description: string; expression: string }
