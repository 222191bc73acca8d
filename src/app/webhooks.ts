/** Webhooks, joined: how far they may reach, Mailjet's format, and the mail that comes for them. */
import { rootCertificates } from 'node:tls'
import type { Config } from '../config.ts'
import { formatEvent, sampleEvent } from '../http/mailjet/event-payload.ts'
import { formatMail, sampleMail } from '../http/mailjet/parsed-mail.ts'
import type { Programs } from '../inbound/programs.ts'
import type { CallId, WebhookId } from '../mail/ids.ts'
import type { Queue } from '../queue/queue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Resolver } from '../runtime/dns.ts'
import type { Log } from '../runtime/log.ts'
import { createSafePost } from '../runtime/safe-post.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'
import { oweMail } from '../webhooks/calls.ts'
import type { WebhooksContext } from '../webhooks/context.ts'
import { findMailRoute } from '../webhooks/parse-routes.ts'
import { hookUserAgent } from '../webhooks/post-body.ts'
import { type RunningWebhooks, startWebhooks } from '../webhooks/start.ts'

export type WebhooksPart = {
  webhooks: WebhooksContext
  programs: Programs
  start(queue: Pick<Queue, 'claim' | 'nextDueAt'>): RunningWebhooks
}

export function createWebhooksPart({
  config,
  resolver,
  labCa,
  ...parts
}: {
  config: Pick<Config, 'name' | 'mode' | 'webhooks'>
  resolver: Pick<Resolver, 'addresses'>
  /** PEM of the authority of this machine, which receivers in the lab may have a certificate of. */
  labCa: string | undefined
  storage: Storage
  clock: Clock
  log: Log
  seal: Seal
}): WebhooksPart {
  let running: RunningWebhooks | undefined
  const wake = () => running?.wake()
  const { networks, timeoutSeconds, logDays } = config.webhooks
  const webhooks: WebhooksContext = {
    ...parts,
    post: createSafePost({
      resolver,
      reach: config.mode === 'lab' ? 'loopback' : 'internet',
      networks,
      userAgent: hookUserAgent,
      timeoutMs: timeoutSeconds * 1000,
      ...(labCa !== undefined && { ca: [...rootCertificates, labCa] }),
    }),
    format: { event: formatEvent, mail: formatMail, sample: sampleEvent, sampleMail },
    mailDomain: mailDomainOf(config),
    logDays,
    wakeCalls: wake,
  }
  return {
    webhooks,
    programs: {
      find: (address) => findMailRoute(parts.storage, { address, mailDomain: webhooks.mailDomain }),
      owe: (db, { programId, inboxId, firstId, now }) =>
        oweMail(db, { webhookId: programId as WebhookId, inboxId, callId: firstId as CallId, now }),
      wake,
    },
    start(queue) {
      const started = startWebhooks(webhooks, { queue })
      running = started
      return started
    },
  }
}

/** Of addresses that are made for programs. */
export function mailDomainOf({ name, webhooks }: Pick<Config, 'name' | 'webhooks'>): string {
  return webhooks.mailDomain ?? `in.${name}`
}
