/** Complaints: feedback reports (RFC 5965), and the forwarded message of Microsoft's JMRP. */
import { readFieldGroups } from './delivery-status.ts'
import { plainWords, type ReportedMessage, readReportedAddress } from './report-text.ts'

const feedbackTypes = ['abuse', 'fraud', 'not-spam', 'virus', 'other', 'opt-out'] as const
export type FeedbackType = (typeof feedbackTypes)[number]

export type Complaint = {
  kind: 'complaint'
  /** What RFC 5965 does not know counts as `other`. */
  feedbackType: FeedbackType
  userAgent?: string
  /** Those that were not redacted. */
  originalRecipients: string[]
  originalMailFrom?: string
  sourceIp?: string
  arrivalDate?: number
  original: ReportedMessage
}

/** The machine-readable part; undefined when it is none. */
export function readFeedbackReport(text: string, original: ReportedMessage): Complaint | undefined {
  const groups = readFieldGroups(text)
  const first = (name: string) => groups.find((group) => group.has(name))?.get(name)
  const written = first('feedback-type')?.toLowerCase()
  if (written === undefined) return undefined
  const mailFrom = readReportedAddress(first('original-mail-from') ?? '')
  const recipients = recipientsIn(text)
  const complaint: Complaint = {
    kind: 'complaint',
    feedbackType: feedbackTypes.find((type) => type === written) ?? 'other',
    originalRecipients: recipients,
    original:
      mailFrom === undefined ? original : { ...original, returnPaths: [mailFrom, ...original.returnPaths] },
  }
  const userAgent = first('user-agent')
  if (userAgent) complaint.userAgent = plainWords(userAgent).slice(0, 255)
  if (mailFrom !== undefined) complaint.originalMailFrom = mailFrom
  const sourceIp = first('source-ip')
  if (sourceIp) complaint.sourceIp = plainWords(sourceIp).slice(0, 45)
  const arrivalDate = Date.parse((first('arrival-date') ?? first('received-date') ?? '').slice(0, 100))
  if (!Number.isNaN(arrivalDate)) complaint.arrivalDate = arrivalDate
  return complaint
}

/** The field may stand several times, once a recipient. */
function recipientsIn(text: string): string[] {
  const found = new Set<string>()
  for (const [, value = ''] of text.matchAll(
    /^(?:Original-Rcpt-To|Removal-Recipient):[ \t]*([^\r\n]{1,400})/gim,
  )) {
    const address = readReportedAddress(value)
    if (address !== undefined) found.add(address)
    if (found.size === 100) break
  }
  return [...found]
}

/** What the story of a message says of a complaint, and back: whose feedback loop it was, else what was complained of. */
export function describeComplaint({
  feedbackType,
  userAgent,
}: Pick<Complaint, 'feedbackType' | 'userAgent'>): string {
  return userAgent === undefined ? feedbackType : `${feedbackType}${by}${userAgent}`
}

export function complaintSource(described: string): string {
  const at = described.indexOf(by)
  return at === -1 ? described : described.slice(at + by.length)
}

const by = ' by '
