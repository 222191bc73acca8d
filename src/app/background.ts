/** What goes on by itself, beside mail: each lane but those of mail has its worker, and what is old is forgotten. */
import type { Config } from '../config.ts'
import { startClientReports } from '../delivery/client-reports.ts'
import { startRetention } from '../delivery/retention.ts'
import type { DomainsContext } from '../domains/context.ts'
import { watchDomains } from '../domains/domain-watch.ts'
import type { Intake } from '../intake/draft.ts'
import type { Queue } from '../queue/queue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Storage } from '../storage/storage.ts'
import type { CampaignsPart } from './campaigns.ts'
import type { ContactsPart } from './contacts.ts'
import { forgetMore } from './forget-more.ts'
import type { Stopper } from './stopper.ts'
import type { WebhooksPart } from './webhooks.ts'

type Parts = { config: Config; storage: Storage; clock: Clock; log: Log }

export function startForgetting({ config, storage, clock, log }: Parts, stopper: Stopper): void {
  const { logDays } = config.webhooks
  const retention = startRetention({
    ...{ storage, clock, log, settings: config.retention },
    forgetMore: (settings) => forgetMore(storage, { ...settings, logDays }),
  })
  stopper.add(() => retention.stop())
}

export function startLaneWorkers(
  {
    config,
    storage,
    clock,
    log,
    queue,
    intake,
    domains,
    bounceDomain,
    contactsPart,
    campaignsPart,
    webhooksPart,
  }: Parts & {
    queue: Queue
    intake: Intake
    domains: DomainsContext
    bounceDomain: string
    contactsPart: ContactsPart
    campaignsPart: CampaignsPart
    webhooksPart: WebhooksPart
  },
  stopper: Stopper,
): void {
  stopper.add(contactsPart.startJobs(queue))
  stopper.add(campaignsPart.start(queue))
  const callingWebhooks = webhooksPart.start(queue)
  stopper.add(() => callingWebhooks.stop({ graceMs: config.stopSeconds * 1000 }))
  const watch = watchDomains(domains, { queue })
  stopper.add(() => watch.stop())
  const reports = startClientReports({
    ...{ storage, queue, intake, clock, log },
    host: config.name,
    from: { local: 'MAILER-DAEMON', domain: bounceDomain },
  })
  stopper.add(() => reports.stop())
}
