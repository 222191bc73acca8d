/** The machine-readable part of a delivery status (RFC 3464, RFC 6533), as it is met in the wild. */
import {
  maxRecipients,
  plainWords,
  type ReportAction,
  type ReportedRecipient,
  readCodes,
  readReportedAddress,
} from './report-text.ts'

export type DeliveryStatus = { envelopeId?: string; recipients: ReportedRecipient[] }

const actions: readonly ReportAction[] = ['failed', 'delayed', 'relayed', 'delivered', 'expanded']

/** Undefined when no block names a recipient. */
export function readDeliveryStatus(text: string): DeliveryStatus | undefined {
  const [message, ...others] = readFieldGroups(text)
  if (message === undefined) return undefined
  // Some leave out the blank line, or the fields of the message altogether.
  const groups =
    message.has('final-recipient') || message.has('original-recipient') ? [message, ...others] : others
  const recipients = groups.slice(0, maxRecipients).flatMap((fields) => toRecipient(fields) ?? [])
  if (recipients.length === 0) return undefined
  const envelopeId = message.get('original-envelope-id')
  return { recipients, ...(envelopeId !== undefined && { envelopeId: plainWords(envelopeId) }) }
}

function toRecipient(fields: ReadonlyMap<string, string>): ReportedRecipient | undefined {
  const final = readTyped(fields.get('final-recipient'))
  const original = readTyped(fields.get('original-recipient'))
  const address = (final && readReportedAddress(decodeUtf8Address(final))) ?? undefined
  const originalAddress = original && readReportedAddress(decodeUtf8Address(decodeXtext(original)))
  const named = address ?? originalAddress
  if (named === undefined) return undefined
  const diagnostic = plainWords(readTyped(fields.get('diagnostic-code')) ?? '')
  const [, status] = /([245]\.\d{1,3}\.\d{1,3})/.exec(fields.get('status') ?? '') ?? []
  const fromText = readCodes(diagnostic)
  const recipient: ReportedRecipient = {
    address: named,
    action: readAction(fields.get('action'), status ?? fromText.status),
    text: diagnostic,
  }
  if (originalAddress !== undefined && originalAddress !== named) recipient.originalAddress = originalAddress
  // `5.0.0` says no more than that it failed: the remote's own word is better.
  const best = status === undefined || /\.0\.0$/.test(status) ? (fromText.status ?? status) : status
  if (best !== undefined) recipient.status = best
  if (fromText.code !== undefined) recipient.code = fromText.code
  const remoteMta = readTyped(fields.get('remote-mta'))
  if (remoteMta) recipient.remoteMta = plainWords(remoteMta).slice(0, 255)
  return recipient
}

/** Without Action, the first digit of the status tells. */
function readAction(value: string | undefined, status: string | undefined): ReportAction {
  const [word = ''] = /[a-z]+/.exec((value ?? '').slice(0, 200).toLowerCase()) ?? []
  const known = actions.find((action) => action === word)
  if (known !== undefined) return known
  if (status?.startsWith('2')) return 'delivered'
  return status?.startsWith('4') ? 'delayed' : 'failed'
}

/** What follows `rfc822;`, `dns;` or `smtp;`. */
function readTyped(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const [, typed] = /^[\w-]{1,40}\s*;(.*)$/s.exec(value.trim()) ?? []
  return (typed ?? value).trim()
}

/** RFC 3461 §4, for the two characters that an address has to have encoded: `lea+42@` is what its owner wrote. */
function decodeXtext(text: string): string {
  return text.replaceAll('+2B', '+').replaceAll('+3D', '=')
}

/** RFC 6533 §3: `\x{5C}`. */
function decodeUtf8Address(text: string): string {
  return text.replaceAll(/\\x\{([0-9A-Fa-f]{1,6})\}/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16)
    return code < 0x110000 ? String.fromCodePoint(code) : whole
  })
}

const maxLines = 20_000
const maxValue = 10_000

/** Groups of `Name: value` lines with blank lines between them; the first of a name counts. Names in lower case. */
export function readFieldGroups(text: string): Map<string, string>[] {
  const groups: Map<string, string>[] = []
  let group = new Map<string, string>()
  let last = ''
  const close = () => {
    if (group.size > 0) groups.push(group)
    group = new Map()
    last = ''
  }
  for (const line of text.split(/\r?\n/, maxLines)) {
    if (line.trim() === '') {
      close()
      continue
    }
    const [, name, value = ''] = /^([A-Za-z][\w-]{0,100})[ \t]*:(.*)$/s.exec(line) ?? []
    const before = group.get(last)
    if (/^[ \t]/.test(line) && before !== undefined) {
      if (before.length < maxValue) group.set(last, `${before} ${line.trim()}`)
    } else if (name === undefined) {
      last = ''
    } else {
      const lower = name.toLowerCase()
      // A second recipient without a blank line before it.
      if (lower === 'final-recipient' && group.has(lower)) close()
      last = group.has(lower) ? '' : lower
      if (last !== '') group.set(lower, value.trim().slice(0, maxValue))
    }
  }
  close()
  return groups
}
