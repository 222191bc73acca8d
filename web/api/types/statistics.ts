/** Counts. Where nothing else is said, numbers of messages, one for each recipient. */

export type Counts = {
  processed: number
  queued: number
  sent: number
  deferred: number
  softBounced: number
  hardBounced: number
  blocked: number
  opened: number
  clicked: number
  unsubscribed: number
  complained: number
  /** Events: a message may be opened often. */
  opens: number
  clicks: number
  openDelaySeconds: number
  machineOpens: number
  machineClicks: number
}

/** Whether mail was sent with tracking; null in place of it: there is no mail, or it is no longer kept. */
export type Tracked = { opens: boolean; clicks: boolean }

export const timings = ['message', 'event'] as const
export type Timing = (typeof timings)[number]

export const resolutions = ['five-minutes', 'hour', 'day'] as const
export type Resolution = (typeof resolutions)[number]

export type Slice = Counts & { at: number }

export type Statistics = {
  totals: Counts
  lastAt: number | null
  sum: Counts
  series: Slice[]
  isComplete: boolean
}

export type ClickedLink = { url: string; position: number; messages: number; clicks: number }

/** What was accepted is known of all readers together. */
export type PartCounts = Omit<Counts, 'processed' | 'queued'>

export type Readers = {
  agents: (PartCounts & { platform: string; agent: string })[]
  countries: (PartCounts & { country: string })[]
  providers: (PartCounts & { provider: string })[]
}

export type SenderCounts = Counts & { id: number; email: string }

export type CampaignCounts = Counts & {
  id: number
  name: string
  /** Of what was sent to a list. */
  title: string | null
  createdAt: number
  lastAt: number | null
}

export type OpenedCampaignCounts = { campaign: CampaignCounts; tracked: Tracked | null }
