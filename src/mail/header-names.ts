/** Names that an author of a message may give to header fields, and those that are not theirs to set. */
import { isHeaderName } from './headers.ts'

/** reference/send-api.md §5, lower-case; and what the relay reads or writes besides (smtp-relay.md §3 and §6). */
const forbidden = new Set(
  `from sender subject to cc bcc return-path delivered-to reply-to
  dkim-signature domainkey-status received-spf authentication-results received date message-id
  user-agent x-mailer
  x-mailjet-prio x-mailjet-debug x-mailjet-campaign x-mailjet-deduplicatecampaign x-mailjet-segmentation x-mailjet-trackopen x-mailjet-trackclick
  x-mj-customid x-mj-eventpayload x-mj-vars x-mj-templateid x-mj-templatelanguage x-mj-templateerrordeliver
  x-mj-templateerrorreporting x-mj-workflowid x-mj-mid x-mj-errormessage x-mj-statisticscontactslistid
  x-mj-monitoringcategory x-mj-smtpguid
  x-feedback-id list-id x-csa-complaints`.split(/\s+/),
)

/** MIME structure is ours; clients pass these along without meaning anything by it. */
const ignored = new Set([
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'content-disposition',
  'content-id',
])

export type HeaderJudgement = 'ok' | 'ignored' | 'forbidden' | 'bad-name'

export function judgeHeaderName(name: string): HeaderJudgement {
  const lower = name.toLowerCase()
  if (forbidden.has(lower)) return 'forbidden'
  if (ignored.has(lower)) return 'ignored'
  return isHeaderName(name) ? 'ok' : 'bad-name'
}

/** CR, LF and NUL, which would end the header line, or end the text for whoever reads it in C. */
export function breaksHeader(text: string): boolean {
  return text.includes('\n') || text.includes('\r') || text.includes('\0')
}
