/** What senders and domains need of the rest of the program, joined. */

import type { Config } from '../config.ts'
import type { DomainsContext, SystemMail } from '../domains/context.ts'
import type { Draft, Intake } from '../intake/draft.ts'
import { parseAddress } from '../mail/address.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { createResolver } from '../runtime/dns.ts'
import type { Log } from '../runtime/log.ts'
import { createSafeFetch } from '../runtime/safe-fetch.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'
import { spfIncludeName } from './published-records.ts'

export function createDomainsContext({
  config,
  dnsServers,
  intake,
  systemKeyId,
  bounceDomain,
  publicUrl,
  changed,
  ...parts
}: {
  config: Config
  /** Empty: those of the operating system. 'none': the lab is meant, and none runs. */
  dnsServers: readonly string[] | 'none'
  intake: Pick<Intake, 'prepare' | 'store'>
  systemKeyId: KeyId
  bounceDomain: string
  publicUrl(): string
  changed: DomainsContext['changed']
  storage: Storage
  seal: Seal
  clock: Clock
  log: Log
}): DomainsContext {
  // Nothing is remembered: whoever has just corrected a record asks again at once.
  const zone =
    dnsServers === 'none'
      ? silentZone
      : createResolver({
          ...(dnsServers.length > 0 && { servers: dnsServers }),
          clock: parts.clock,
          maxAgeMs: 0,
        })
  const isLab = config.mode === 'lab'
  return {
    ...parts,
    zone,
    fetch: createSafeFetch({
      resolver: zone,
      reach: isLab ? 'loopback' : 'internet',
      ports: { http: config.lab.webPort },
    }),
    settings: {
      name: config.name,
      publicUrl,
      spfInclude: spfIncludeName(config.name),
      bounceDomain,
      dkim: config.dkim,
    },
    async sendMail(mail) {
      await intake.store([await intake.prepare(draftOf(mail, { name: config.name, keyId: systemKeyId }))])
    },
    changed,
  }
}

/** A command that runs beside no server must not ask the real world about lab domains. */
const noLab = async () => ({ kind: 'failed', reason: 'the lab is not running' }) as const
const silentZone: DomainsContext['zone'] = { txt: noLab, mx: noLab, cname: noLab, addresses: noLab }

function draftOf(mail: SystemMail, { name, keyId }: { name: string; keyId: KeyId }): Draft {
  const from = parseAddress(`no-reply@${name}`)
  if (from === undefined) throw new Error(`${name} cannot stand in an address`)
  return {
    keyId,
    door: 'system',
    lane: 'transactional',
    priority: 2,
    from: { name: 'Paravion', address: from },
    replyTo: [],
    to: [{ name: '', address: mail.to }],
    cc: [],
    bcc: [],
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    attachments: [],
    inlineAttachments: [],
    // RFC 3834 §5: no vacation notice should come back.
    headers: [['Auto-Submitted', 'auto-generated']],
    template: { language: false, variables: {}, deliverOnError: false },
    options: { trackOpens: 'disabled', trackClicks: 'disabled' },
  }
}
