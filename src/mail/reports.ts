/** Reports about mail: a delivery status (RFC 3464 in RFC 6522) and a complaint (RFC 5965). */
import { hash } from 'node:crypto'
import { type Address, formatAddress, isAscii } from './address.ts'
import { formatDate } from './date.ts'
import { foldHeader, readHeaderBlock } from './headers.ts'
import { formatMailbox, type Mailbox } from './mailbox.ts'
import { encodeText } from './transfer-encoding.ts'

type Report = {
  from: Mailbox
  to: Mailbox
  /** With angle brackets. */
  messageId: string
  date: number
  /** The first part, for people. */
  explanation: string
  /** The message that the report is about. */
  original: Buffer
}

export type DsnRecipient = {
  /** As the client named it (RFC 3461 ORCPT): `type;address`, decoded. */
  originalRecipient?: string
  finalRecipient: Address
  action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded'
  /** `x.y.z` */
  status: string
  remoteMta?: string
  /** What the remote said: `550 5.1.1 no such user`. */
  diagnostic?: string
}

export type Dsn = Report & {
  /** Host name. */
  reportingMta: string
  originalEnvelopeId?: string
  arrivalDate: number
  recipients: readonly DsnRecipient[]
  /** How much of the original goes back (RFC 3461 §4.3). */
  ret: 'FULL' | 'HDRS'
}

export type Complaint = Report & {
  feedbackType: 'abuse' | 'fraud' | 'not-spam' | 'virus' | 'other' | 'opt-out'
  userAgent: string
  originalMailFrom?: Address
  originalRecipient?: Address
  arrivalDate?: number
  sourceIp?: string
  reportedDomain?: string
}

const subjectOfAction = {
  failed: 'Mail delivery failed',
  delayed: 'Mail delivery delayed',
  delivered: 'Mail delivered',
  relayed: 'Mail relayed',
  expanded: 'Mail expanded',
} satisfies Record<DsnRecipient['action'], string>

/** The caller sends it with the null sender, and never in answer to one (RFC 5321 §4.5.5). */
export function composeDsn(dsn: Dsn): Buffer {
  const global = dsn.recipients.some(({ finalRecipient }) => !isAscii(finalRecipient))
  const groups = [
    fields([
      ['Original-Envelope-Id', dsn.originalEnvelopeId],
      ['Reporting-MTA', `dns; ${dsn.reportingMta}`],
      ['Arrival-Date', formatDate(dsn.arrivalDate)],
    ]),
    ...dsn.recipients.map(({ originalRecipient, finalRecipient, action, status, remoteMta, diagnostic }) =>
      fields([
        ['Original-Recipient', originalRecipient?.replace(';', '; ')],
        [
          'Final-Recipient',
          `${isAscii(finalRecipient) ? 'rfc822' : 'utf-8'}; ${formatAddress(finalRecipient)}`,
        ],
        ['Action', action],
        ['Status', status],
        ['Remote-MTA', remoteMta && `dns; ${remoteMta}`],
        ['Diagnostic-Code', diagnostic && `smtp; ${diagnostic}`],
      ]),
    ),
  ]
  return composeReport(dsn, {
    subject: subjectOfAction[dsn.recipients[0]?.action ?? 'failed'],
    reportType: 'delivery-status',
    // RFC 6533: the form for addresses in UTF-8.
    machineType: global ? 'message/global-delivery-status' : 'message/delivery-status',
    machinePart: groups.join('\r\n'),
    returned: dsn.ret,
  })
}

/** A feedback report, as the providers send them when somebody presses "this is spam". */
export function composeComplaint(complaint: Complaint): Buffer {
  return composeReport(complaint, {
    subject: 'Complaint about a message',
    reportType: 'feedback-report',
    machineType: 'message/feedback-report',
    machinePart: fields([
      ['Feedback-Type', complaint.feedbackType],
      ['User-Agent', complaint.userAgent],
      ['Version', '1'],
      ['Original-Mail-From', complaint.originalMailFrom && `<${formatAddress(complaint.originalMailFrom)}>`],
      ['Original-Rcpt-To', complaint.originalRecipient && `<${formatAddress(complaint.originalRecipient)}>`],
      ['Arrival-Date', complaint.arrivalDate === undefined ? undefined : formatDate(complaint.arrivalDate)],
      ['Source-IP', complaint.sourceIp],
      ['Reported-Domain', complaint.reportedDomain],
    ]),
    returned: 'FULL',
  })
}

type ReportParts = {
  subject: string
  reportType: string
  machineType: string
  machinePart: string
  returned: 'FULL' | 'HDRS'
}

function composeReport(report: Report, parts: ReportParts): Buffer {
  const { body: explanation, encoding } = encodeText(report.explanation)
  const returned =
    parts.returned === 'FULL'
      ? report.original
      : report.original.subarray(0, readHeaderBlock(report.original).bodyStart)
  const returnedType = parts.returned === 'FULL' ? 'message/rfc822' : 'text/rfc822-headers'
  const boundary = freeBoundary(report.messageId, [returned, explanation, parts.machinePart])
  const head =
    foldHeader('Date', formatDate(report.date)) +
    foldHeader('From', formatMailbox(report.from)) +
    foldHeader('To', formatMailbox(report.to)) +
    foldHeader('Subject', parts.subject) +
    foldHeader('Message-ID', report.messageId) +
    // RFC 3834 §5: nobody's vacation program answers this.
    foldHeader('Auto-Submitted', 'auto-replied') +
    'MIME-Version: 1.0\r\n' +
    `Content-Type: multipart/report; report-type=${parts.reportType};\r\n boundary="${boundary}"\r\n\r\n`
  return Buffer.concat([
    Buffer.from(
      `${head}--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `Content-Transfer-Encoding: ${encoding}\r\n\r\n`,
    ),
    Buffer.from(explanation),
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${parts.machineType}\r\n\r\n${parts.machinePart}` +
        `\r\n--${boundary}\r\nContent-Type: ${returnedType}\r\n\r\n`,
    ),
    returned,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
}

/** The original is passed on as it is, and may well be a report of ours with its own boundary. */
function freeBoundary(messageId: string, contents: readonly (string | Buffer)[]): string {
  for (let attempt = 0; ; attempt++) {
    const boundary = `=_report_${hash('sha256', `${messageId} ${attempt}`, 'hex').slice(0, 32)}`
    if (!contents.some((content) => content.includes(boundary))) return boundary
  }
}

function fields(list: readonly (readonly [name: string, value: string | undefined])[]): string {
  return list
    .map(([name, value]) => (value === undefined ? '' : foldHeader(name, cleanField(value))))
    .join('')
}

/** Remote servers' words go in here: no line breaks, no run that cannot be folded. */
function cleanField(value: string): string {
  return value
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(/\S{500}(?=\S)/gu, '$& ')
    .trim()
}
