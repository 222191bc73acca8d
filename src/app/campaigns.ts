/** Campaigns with the worker that sends them. */
import type { BreakerLimits } from '../campaigns/breaker.ts'
import type { CampaignCounts, CampaignsContext } from '../campaigns/context.ts'
import type { Renderer } from '../campaigns/render.ts'
import { type MailingRunner, startMailings } from '../campaigns/run-mailings.ts'
import type { Config } from '../config.ts'
import type { CampaignId } from '../mail/ids.ts'
import type { Queue } from '../queue/queue.ts'
import { readTotal } from '../stats/read.ts'
import type { Statistics } from '../stats/statistics.ts'
import type { Storage } from '../storage/storage.ts'

export type CampaignsPart = {
  campaigns: CampaignsContext
  /** Returns what stops it. */
  start(queue: Pick<Queue, 'claim' | 'nextDueAt'>): () => Promise<void>
}

export function createCampaignsPart({
  config,
  statistics,
  ...parts
}: Pick<CampaignsContext, 'storage' | 'clock' | 'log' | 'intake' | 'maySendAs' | 'trackingOf'> & {
  config: Pick<Config, 'campaigns'>
  statistics: Pick<Statistics, 'fresh'>
}): CampaignsPart {
  let runner: MailingRunner | undefined
  const campaigns: CampaignsContext = {
    ...parts,
    countsOf: (id) => readCounts(parts.storage, id),
    countNow: statistics.fresh,
    breaker: breakerLimits(config),
    wake: () => runner?.wake(),
  }
  return {
    campaigns,
    start(queue) {
      const started = startMailings(campaigns, { queue })
      runner = started
      return () => started.stop()
    },
  }
}

function breakerLimits({ campaigns }: Pick<Config, 'campaigns'>): BreakerLimits {
  return {
    hardBouncePercent: campaigns.pauseHardBouncePercent,
    complaintPercent: campaigns.pauseComplaintPercent,
    refusedPercent: campaigns.pauseRefusedPercent,
    unmadePercent: campaigns.pauseUnmadePercent,
    leastResults: campaigns.pauseAfterResults,
  }
}

async function readCounts({ db }: Storage, id: CampaignId): Promise<CampaignCounts> {
  const total = await readTotal(db, { source: 'campaign', sourceId: id })
  return {
    delivered: total.sent,
    softBounced: total.soft_bounced,
    hardBounced: total.hard_bounced,
    blocked: total.blocked,
    deferred: total.deferred,
    opened: total.opened,
    clicked: total.clicked,
    complained: total.complained,
    unsubscribed: total.unsubscribed,
  }
}

/** The mail of one recipient: of a mailing it is rendered, of all others it stands there already. */
export function createOwnContent({
  renderer,
  ofWork,
}: {
  renderer: Pick<Renderer, 'ofWork'>
  ofWork: Renderer['ofWork']
}): Renderer['ofWork'] {
  return (work) => (work.message.options.mailingId === undefined ? ofWork(work) : renderer.ofWork(work))
}
