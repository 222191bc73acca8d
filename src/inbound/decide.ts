/**
 * What becomes of incoming mail (reference: the gateway's decision order). Pure: the doing looks everything up first,
 * and carries out what is said here.
 */
import type { AliasId, LeadId, MessageId } from '../mail/ids.ts'
import type { AliasPolicy } from '../storage/tables/inbound.ts'

/** Addresses are normalised: lower-case, A-label domains. */
export type DecisionMessage = {
  messageId: string | undefined
  /** '' when there is no From that could be read. */
  sender: string
  /** Delivered-To (the envelope included) and To. */
  to: readonly string[]
  /** All of these, Cc and Resent-* included. */
  recipients: readonly string[]
  inReplyTo: readonly string[]
  references: readonly string[]
  /** Lower-case `multipart/report`; `reportType` of the same field. */
  contentType: string
  reportType: string
}

export type KnownAlias = {
  id: AliasId
  name: string
  domain: string
  policy: AliasPolicy
  anyDomain: boolean
  endsAt: number | null
}

/** What an id in References or In-Reply-To was found to be. */
export type StoredMessage =
  | { kind: 'lead'; leadId: LeadId; headerId: string; at: number }
  | { kind: 'message'; messageId: MessageId; headerId: string; at: number }

export type Addresses = { bounce: readonly string[]; catchall: readonly string[] }

export type Knowledge = {
  now: number
  /** Where this Message-ID was met before, in words. */
  duplicateOf?: string
  addresses: Addresses
  /** One of the recipients is a return path of ours, with a seal that is right. */
  hasReturnPath: boolean
  aliases: readonly KnownAlias[]
  /** Domains for which local parts alone may match; undefined: all. */
  allowedDomains?: readonly string[]
  stored: readonly StoredMessage[]
  senderIsKnown: boolean
  fallback?: AliasId
  loop: {
    threshold: number
    minutes: number
    senderIsAllowed: boolean
    newLeads: number
    /** Messages of this sender, by lead. */
    onLead: ReadonlyMap<LeadId, number>
  }
}

export type Route =
  | { kind: 'reply'; to: StoredMessage }
  | { kind: 'alias'; aliasId: AliasId }
  | { kind: 'fallback'; aliasId: AliasId }

export type AnswerKind = 'catchall' | 'alias-refusal' | 'loop-limit'

export type Decision = { because: string[] } & (
  | { kind: 'ignore'; why: 'duplicate' | 'loop' }
  | { kind: 'bounce' }
  | { kind: 'routes'; routes: Route[] }
  | { kind: 'answer'; answer: AnswerKind; aliasId?: AliasId }
  | { kind: 'no-route' }
)

export const loopTag = '-loop-detection-bounce-email@'

export function decide(message: DecisionMessage, known: Knowledge): Decision {
  const because: string[] = []
  const say = (sentence: string) => void because.push(sentence)
  const ids = [...message.inReplyTo, ...message.references]

  if (known.duplicateOf !== undefined) {
    say(`Its Message-ID is known: ${known.duplicateOf}. It is ignored.`)
    return { kind: 'ignore', why: 'duplicate', because }
  }
  say('Its Message-ID is new.')

  if (ids.some((id) => id.includes(loopTag))) {
    say('It answers an automatic answer of ours: a loop. It is ignored.')
    return { kind: 'ignore', why: 'loop', because }
  }

  const temporary = temporaryAliases(message, known)
  for (const alias of temporary) {
    const ends = new Date(alias.endsAt ?? 0).toISOString()
    say(
      `${addressOf(alias)} is a temporary alias until ${ends}, and wins over what the address is otherwise.`,
    )
  }
  const { bounce, catchall } = withoutTemporary(known.addresses, known)

  if (temporary.length === 0) {
    const sign = bounceSign(message, { bounce, hasReturnPath: known.hasReturnPath })
    if (sign !== undefined) {
      say(`${sign}: it is read as a report about mail of ours.`)
      return { kind: 'bounce', because }
    }
    say('It is no bounce.')
  }

  const aliasesOfTo = matchAliases(message.to, known)
  const parent = findParent(message, known.stored)
  if (parent !== undefined) {
    say(`It answers ${parent.headerId}, which belongs to ${inWords(parent)}.`)
    if (parent.kind === 'message' && aliasesOfTo.length > 0) {
      say(`But it is addressed to ${listOf(aliasesOfTo)}: a forward, and only the aliases count.`)
      return routesTo(aliasesOfTo, message, known, because)
    }
    const refusing = aliasesOfTo.find((alias) => !mayWrite(alias, known))
    if (refusing !== undefined) return refuse(refusing, message, because)
    return limited({ kind: 'routes', routes: [{ kind: 'reply', to: parent }], because }, message, known)
  }
  say(ids.length === 0 ? 'It answers nothing.' : 'It answers nothing that is known here.')

  if (message.to.length > 0 && message.to.every((address) => catchall.includes(address))) {
    say(`It is addressed to ${message.to.join(', ')} alone, which takes replies only.`)
    return { kind: 'answer', answer: 'catchall', because }
  }

  const aliases = matchAliases(message.recipients, known)
  if (aliases.length > 0) return routesTo(aliases, message, known, because)
  say('No recipient is an alias.')

  if (known.fallback !== undefined) {
    say('There is a fallback (mail.gateway.fallback), which takes it.')
    const routes: Route[] = [{ kind: 'fallback', aliasId: known.fallback }]
    return limited({ kind: 'routes', routes, because }, message, known)
  }

  const caught = message.to.find((address) => catchall.includes(address))
  if (caught !== undefined) {
    say(`${caught} takes replies only, and nobody else here is addressed.`)
    return { kind: 'answer', answer: 'catchall', because }
  }
  say('There is no route for it.')
  return { kind: 'no-route', because }
}

function addressOf({ name, domain }: { name: string; domain: string }): string {
  return `${name}@${domain}`
}

function listOf(aliases: readonly KnownAlias[]): string {
  return aliases.map(addressOf).join(', ')
}

function inWords(stored: StoredMessage): string {
  return stored.kind === 'lead' ? `lead ${stored.leadId}` : `message ${stored.messageId} of ours`
}

/** Temporary ones that are still running and stand where a special address would be. */
function temporaryAliases({ recipients }: DecisionMessage, known: Knowledge): KnownAlias[] {
  const special = [...known.addresses.bounce, ...known.addresses.catchall]
  return matchAliases(recipients, known).filter(
    (alias) => alias.endsAt !== null && special.includes(addressOf(alias)),
  )
}

function withoutTemporary({ bounce, catchall }: Addresses, known: Knowledge): Addresses {
  const taken = known.aliases
    .filter(({ endsAt }) => endsAt !== null && endsAt > known.now)
    .map((alias) => addressOf(alias))
  const free = (addresses: readonly string[]) => addresses.filter((address) => !taken.includes(address))
  return { bounce: free(bounce), catchall: free(catchall) }
}

/** Why it is read as a report; undefined when it is none. */
export function bounceSign(
  { to, sender, contentType, reportType }: DecisionMessage,
  { bounce, hasReturnPath }: { bounce: readonly string[]; hasReturnPath: boolean },
): string | undefined {
  if (hasReturnPath) return 'It came to the return path of a message of ours'
  const addressed = to.find((address) => bounce.includes(address))
  if (addressed !== undefined) return `${addressed} is the address that returned mail goes to`
  if (sender.startsWith('mailer-daemon@')) return `It is from ${sender}`
  if (contentType === 'multipart/report' || reportType === 'delivery-status')
    return 'It is a report by its type'
  return undefined
}

/** In-Reply-To first, then References; of several, the newest. Ids of mail that starts new threads do not count. */
function findParent(
  { inReplyTo, references }: DecisionMessage,
  stored: readonly StoredMessage[],
): StoredMessage | undefined {
  for (const ids of [inReplyTo, references.slice(-32)]) {
    const counting = new Set(ids.filter((id) => !id.includes('reply_to')))
    const found = stored
      .filter(({ headerId }) => counting.has(headerId))
      // Where a lead and a message of ours have the same id, the lead says more.
      .toSorted((a, b) => b.at - a.at || (a.kind === 'lead' ? -1 : 1))
    if (found[0] !== undefined) return found[0]
  }
  return undefined
}

function matchAliases(
  addresses: readonly string[],
  { aliases, allowedDomains, now }: Pick<Knowledge, 'aliases' | 'allowedDomains' | 'now'>,
): KnownAlias[] {
  const ownDomains = new Set(aliases.map(({ domain }) => domain))
  return aliases.filter((alias) => {
    if (alias.endsAt !== null && alias.endsAt <= now) return false
    return addresses.some((address) => {
      if (address === addressOf(alias)) return true
      if (!alias.anyDomain) return false
      const at = address.lastIndexOf('@')
      const domain = address.slice(at + 1)
      const isAllowed =
        allowedDomains === undefined || allowedDomains.includes(domain) || ownDomains.has(domain)
      return address.slice(0, at) === alias.name && isAllowed
    })
  })
}

function mayWrite({ policy }: KnownAlias, { senderIsKnown }: Knowledge): boolean {
  return policy === 'everyone' || senderIsKnown
}

function refuse(alias: KnownAlias, { sender }: DecisionMessage, because: string[]): Decision {
  because.push(`${addressOf(alias)} takes mail of known contacts only, and ${sender || 'nobody'} is none.`)
  return { kind: 'answer', answer: 'alias-refusal', aliasId: alias.id, because }
}

function routesTo(
  aliases: readonly KnownAlias[],
  message: DecisionMessage,
  known: Knowledge,
  because: string[],
): Decision {
  const open = aliases.filter((alias) => mayWrite(alias, known))
  const refusing = aliases.find((alias) => !mayWrite(alias, known))
  if (open.length === 0 && refusing !== undefined) return refuse(refusing, message, because)
  if (refusing !== undefined)
    because.push(`${addressOf(refusing)} takes mail of known contacts only: left out.`)
  because.push(`It is for ${listOf(open)}: a new lead${open.length > 1 ? ' for each' : ''}.`)
  const routes = open.map((alias): Route => ({ kind: 'alias', aliasId: alias.id }))
  return limited({ kind: 'routes', routes, because }, message, known)
}

/** One route over the limit stops the whole mail. */
function limited(
  decision: Decision & { kind: 'routes' },
  { sender }: DecisionMessage,
  { loop }: Knowledge,
): Decision {
  const { because, routes } = decision
  if (loop.senderIsAllowed) {
    because.push(`${sender} is in mail.gateway.allowed: it is not counted.`)
    return decision
  }
  for (const route of routes) {
    const leadId = route.kind === 'reply' && route.to.kind === 'lead' ? route.to.leadId : undefined
    const count = leadId === undefined ? loop.newLeads : (loop.onLead.get(leadId) ?? 0)
    if (count < loop.threshold) continue
    const what = leadId === undefined ? `${count} new leads` : `${count} messages on lead ${leadId}`
    because.push(
      `${sender} made ${what} within ${loop.minutes} minutes; at most ${loop.threshold} are taken.`,
    )
    return { kind: 'answer', answer: 'loop-limit', because }
  }
  return decision
}
