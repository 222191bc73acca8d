/**
 * Headers by which SMTP clients steer the relay (reference/smtp-relay.md §3): read once, first occurrence, any case,
 * never sent on. Both the relay's own value forms and those of the HTTP API are understood, because clients send both.
 */

import type { Mailbox } from '../mail/mailbox.ts'
import { parseMailboxList } from '../mail/mailbox.ts'

export type RelayFeatures = {
  priority: number
  customId?: string
  eventPayload?: string
  campaign?: { name: string; deduplicate: boolean }
  trackOpens?: 'enabled' | 'disabled'
  trackClicks?: 'enabled' | 'disabled'
  monitoringCategory?: string
  templateId?: string
  template: {
    language: boolean
    variables: Record<string, unknown>
    /** Why X-MJ-Vars could not be read; the message is then blocked like one with a template error. */
    variablesProblem?: string
    reportErrorsTo?: Mailbox
    deliverOnError: boolean
  }
}

/** Reserved for whoever sends the mail out: its reputation is told by them (reference/smtp-relay.md §3). */
const reserved = new Set(['x-feedback-id', 'x-csa-complaints'])

/** True for every header that belongs to the relay and must not leave with the message. */
export function isRelayHeader(lowerName: string): boolean {
  return lowerName.startsWith('x-mj-') || lowerName.startsWith('x-mailjet-') || reserved.has(lowerName)
}

/** The number or the name of a stored template. */
export const templateHeader = 'x-mj-templateid'

const defaultPriority = 2

/** `headers`: lower-case names with unfolded, decoded values; the first occurrence of each. */
export function readRelayFeatures(headers: ReadonlyMap<string, string>): RelayFeatures {
  const text = (name: string) => headers.get(name)?.trim() || undefined
  const features: RelayFeatures = {
    priority: readPriority(text('x-mailjet-prio')),
    template: {
      language: isTrue(text('x-mj-templatelanguage')),
      variables: {},
      deliverOnError: isTrue(text('x-mj-templateerrordeliver')),
    },
  }
  const campaign = text('x-mailjet-campaign')
  if (campaign !== undefined) {
    const name = campaign.slice(0, 255)
    features.campaign = { name, deduplicate: isTrue(text('x-mailjet-deduplicatecampaign')) }
  }
  const trackOpens = readTracking(text('x-mailjet-trackopen'))
  if (trackOpens !== undefined) features.trackOpens = trackOpens
  const trackClicks = readTracking(text('x-mailjet-trackclick'))
  if (trackClicks !== undefined) features.trackClicks = trackClicks
  const customId = text('x-mj-customid')
  if (customId !== undefined) features.customId = customId
  const eventPayload = text('x-mj-eventpayload')
  if (eventPayload !== undefined) features.eventPayload = eventPayload
  const monitoringCategory = text('x-mj-monitoringcategory')
  if (monitoringCategory !== undefined) features.monitoringCategory = monitoringCategory
  const templateId = text(templateHeader)
  if (templateId !== undefined) features.templateId = templateId
  readVariables(text('x-mj-vars'), features.template)
  const reportTo = readReportAddress(text('x-mj-templateerrorreporting'))
  if (reportTo !== undefined) features.template.reportErrorsTo = reportTo
  return features
}

function readPriority(value: string | undefined): number {
  return value !== undefined && /^[0-3]$/.test(value) ? Number(value) : defaultPriority
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(?:true|yes|y|1|deliver)$/i.test(value)
}

function readTracking(value: string | undefined): 'enabled' | 'disabled' | undefined {
  if (value === undefined) return undefined
  if (/^(?:1|enabled|true|yes)$/i.test(value)) return 'enabled'
  if (/^(?:0|disabled|false|no)$/i.test(value)) return 'disabled'
  return undefined
}

function readVariables(value: string | undefined, template: RelayFeatures['template']): void {
  if (value === undefined) return
  const parsed = readJson(value)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    template.variables = parsed as Record<string, unknown>
  } else {
    template.variablesProblem = 'X-MJ-Vars must hold one JSON object, such as {"name":"Lea"}'
  }
}

function readReportAddress(value: string | undefined): Mailbox | undefined {
  if (value === undefined) return undefined
  // The HTTP API's form, which some mailers pass on as a header: {"Email":"ops@shop.example","Name":"Ops"}.
  const parsed = value.startsWith('{') ? readJson(value) : undefined
  const email =
    typeof parsed === 'object' && parsed !== null && 'Email' in parsed && typeof parsed.Email === 'string'
      ? parsed.Email
      : value
  return parseMailboxList(email)?.[0]
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
