/**
 * What a refusal means. Text beats code, because receivers misuse 5xx for temporary blocks and 4xx for permanent ones.
 * The cardinal error is to take a block, which is our reputation, for a bad address.
 */
import {
  classRules,
  type ReplyAction,
  type ReplyClass,
  type ReplyKind,
  type SmtpStage,
} from './reply-classes.ts'
import { type Provider, providerHosts, type ReplyRule } from './reply-rule.ts'
import { codeRules, enhancedRules, textRules } from './reply-rules-generic.ts'
import { providerRules } from './reply-rules-provider.ts'

export type RefusedReply = {
  stage: SmtpStage
  /** 0 when there was no reply (connection lost, timeout). */
  code: number
  enhanced?: string
  /** Of all lines, codes stripped. */
  text: string
  /** MX host or site name, where known. */
  site?: string
}

export type ReplyClassification = {
  class: ReplyClass
  kind: ReplyKind
  retry: boolean
  action?: ReplyAction
  /** The least time before the next try, where the reply or its class asks for one. */
  retryAfterMs?: number
  /** How often it is worth trying again, where that is less than the schedule. */
  maxRetries?: number
}

const maxTextLength = 2048
const hardClasses: readonly ReplyClass[] = ['invalid-recipient', 'bad-domain', 'inactive']

export function classifyReply(reply: RefusedReply): ReplyClassification {
  const text = normaliseText(reply.text)
  return conclude({ ...reply, text }, classOfStage(reply) ?? ruleFor(reply) ?? { class: 'unknown' })
}

/** The rule that decides, for replies to the message itself. */
export function ruleFor(reply: RefusedReply): ReplyRule | undefined {
  const read: ReadReply = { ...reply, text: normaliseText(reply.text), provider: providerOf(reply.site) }
  return (
    findRule(providerRules, read) ??
    findRule(textRules, read) ??
    (reply.enhanced === undefined ? undefined : findRule(enhancedRules, read)) ??
    findRule(codeRules, read)
  )
}

function normaliseText(text: string): string {
  return text.slice(0, maxTextLength).replaceAll(/\s+/g, ' ').trim()
}

/** Stages at which the words are about the connection, never about the message. */
function classOfStage({ stage, code }: RefusedReply): { class: ReplyClass } | undefined {
  if (code === 0 || stage === 'connect') return { class: 'connection' }
  if (stage === 'starttls') return { class: 'tls' }
  // Only relays that we log in to get this far: our credentials are wrong, the recipient is not.
  if (stage === 'auth') return { class: 'relay-denied' }
  return undefined
}

type ReadReply = RefusedReply & { provider: Provider | undefined }

function findRule(rules: readonly ReplyRule[], reply: ReadReply): ReplyRule | undefined {
  return rules.find((rule) => matches(rule, reply))
}

function matches(rule: ReplyRule, reply: ReadReply): boolean {
  if (rule.stages !== undefined && !rule.stages.includes(reply.stage)) return false
  if (rule.providers !== undefined && !rule.providers.some((name) => name === reply.provider)) return false
  if (rule.code !== undefined && !rule.code.test(String(reply.code))) return false
  if (rule.enhanced !== undefined && !rule.enhanced.test(reply.enhanced ?? '')) return false
  return rule.text === undefined || rule.text.test(reply.text)
}

function providerOf(site: string | undefined): Provider | undefined {
  if (site === undefined) return undefined
  const lower = site.slice(0, 500).toLowerCase()
  return providerHosts.find(([pattern]) => pattern.test(lower))?.[1]
}

function conclude(
  { stage, code, text }: RefusedReply,
  found: Pick<ReplyRule, 'class' | 'action' | 'retryAfterMs'>,
): ReplyClassification {
  const rule = classRules[found.class]
  const isTemporary = code < 500
  // Before MAIL nothing was said about the message: it waits, and another host may take it.
  const isAboutConnection = stage === 'connect' || stage === 'greeting' || stage === 'ehlo'
  const retry = rule.retry === 'yes' || (rule.retry === 'by-code' && (isTemporary || isAboutConnection))
  // "450 4.1.1" is also what a host says whose user table is away for a moment.
  const kind = retry && hardClasses.includes(found.class) ? 'soft' : rule.kind
  const classification: ReplyClassification = { class: found.class, kind, retry }
  const action = found.action ?? actionOfStage(stage, found.class) ?? rule.action
  if (action !== undefined) classification.action = action
  const retryAfterMs = readDelay(text) ?? found.retryAfterMs ?? rule.retryAfterMs
  if (retry && retryAfterMs !== undefined) classification.retryAfterMs = retryAfterMs
  if (found.class === 'relay-denied' && stage !== 'auth') classification.maxRetries = 1
  return classification
}

function actionOfStage(stage: SmtpStage, replyClass: ReplyClass): ReplyAction | undefined {
  if (stage === 'auth') return 'alert-operator'
  return replyClass === 'transient' && (stage === 'greeting' || stage === 'ehlo') ? 'other-host' : undefined
}

const delayPattern =
  /(?:try again|retry|come back|wait|gr[ea]y[- ]?list\w{0,10}|deferred)[^0-9]{0,40}(?:(\d{1,2}):(\d{2}):(\d{2})|(\d{1,6}) ?(h|m|s)[a-z]{0,6}\b)/i
const maxDelayMs = 24 * 60 * 60_000
const unitSeconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 }

/** "try again in 5 minutes", "come back in 00:04:59"; a day at most. */
function readDelay(text: string): number | undefined {
  const match = delayPattern.exec(text)
  if (match === null) return undefined
  const [, hours, minutes, seconds, amount, unit] = match
  const total =
    amount === undefined
      ? Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
      : Number(amount) * (unitSeconds[(unit ?? '').toLowerCase()] ?? 1)
  return total === 0 ? undefined : Math.min(total * 1000, maxDelayMs)
}
