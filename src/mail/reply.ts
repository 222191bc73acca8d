/** SMTP replies: written by our server, read by our client. */

export type SmtpReply = {
  readonly code: number
  /** `x.y.z` (RFC 2034), where the server gave one. */
  readonly enhanced?: string
  /** All lines joined by blanks, codes stripped: what classification and people read. */
  readonly text: string
  /** What followed the code on each line, enhanced code included: what EHLO and transcripts read. */
  readonly lines: readonly string[]
}

export type ReplyReader = {
  /** The replies that are complete now. After a `problem` there is nothing more to read: close the connection. */
  read(chunk: Buffer | string): { replies: SmtpReply[]; problem?: string }
  /** Octets that wait for the rest of their reply; what is not 0 before STARTTLS was injected. */
  buffered(): number
}

// RFC 5321 §4.5.3.1.5 allows 512 octets a line; these are for the ones who do not know.
const maxLineOctets = 4096
const maxReplyOctets = 64 * 1024
const maxReplyLines = 200

const lineFeed = 0x0a
const hyphen = 0x2d
const space = 0x20

/** Reads replies from whatever pieces the network gives. Bounded, whatever the other side sends. */
export function createReplyReader(): ReplyReader {
  let rest: Buffer | undefined
  let lines: string[] = []
  let octets = 0
  let problem: string | undefined

  function takeLine(line: string, replies: SmtpReply[]): string | undefined {
    octets += line.length
    lines.push(line)
    if (!isReplyLine(line)) return `not an SMTP reply: ${JSON.stringify(line.slice(0, 100))}`
    if (octets > maxReplyOctets || lines.length > maxReplyLines) return 'an SMTP reply without end'
    if (line.charCodeAt(3) === hyphen) return undefined
    replies.push(toReply(lines))
    lines = []
    octets = 0
    return undefined
  }

  function read(chunk: Buffer | string): { replies: SmtpReply[]; problem?: string } {
    const replies: SmtpReply[] = []
    if (problem !== undefined) return { replies, problem }
    const fresh = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    const data = rest === undefined ? fresh : Buffer.concat([rest, fresh])
    let position = 0
    while (problem === undefined) {
      const end = data.indexOf(lineFeed, position)
      const length = (end === -1 ? data.length : end) - position
      if (length > maxLineOctets) problem = 'an SMTP reply line without end'
      if (end === -1 || problem !== undefined) break
      problem = takeLine(cleanLine(data.toString('utf8', position, end)), replies)
      position = end + 1
    }
    rest = position < data.length && problem === undefined ? data.subarray(position) : undefined
    return problem === undefined ? { replies } : { replies, problem }
  }

  return { read, buffered: () => octets + (rest?.length ?? 0) }
}

/** Without its CR; control characters must not reach logs, transcripts and terminals. */
function cleanLine(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  return /\p{Cc}/u.test(text) ? text.replaceAll(/\p{Cc}/gu, ' ') : text
}

function isReplyLine(line: string): boolean {
  const first = line.charCodeAt(0)
  if (first < 0x32 || first > 0x35 || !isDigit(line.charCodeAt(1)) || !isDigit(line.charCodeAt(2)))
    return false
  const fourth = line.charCodeAt(3)
  return line.length === 3 || fourth === space || fourth === hyphen
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** One reply from its lines (without line breaks), or undefined when they are not a reply. */
export function parseReplyLines(lines: readonly string[]): SmtpReply | undefined {
  const cleaned = lines.map(cleanLine)
  const isComplete =
    cleaned.length > 0 &&
    cleaned.every((line, i) => isReplyLine(line) && (line.charAt(3) === '-') === i < cleaned.length - 1)
  return isComplete ? toReply(cleaned) : undefined
}

const enhancedPattern = /^([245]\.\d{1,3}\.\d{1,3})(?:[ :]|$)/

function toReply(rawLines: readonly string[]): SmtpReply {
  const last = rawLines.at(-1) ?? ''
  // Servers that change the code between lines mean the last one (Postfix reads them so, too).
  const code = Number(last.slice(0, 3))
  const lines = rawLines.map((line) => line.slice(4))
  let enhanced: string | undefined
  const texts: string[] = []
  for (const line of lines) {
    const found = enhancedPattern.exec(line)?.[1]
    enhanced ??= found
    const text = (found !== undefined && found === enhanced ? line.slice(found.length + 1) : line).trim()
    if (text !== '') texts.push(text)
  }
  const text = texts.join(' ')
  return enhanced === undefined ? { code, text, lines } : { code, enhanced, text, lines }
}

/** As one line for people: `550 5.1.1 no such user`. */
export function describeReply(reply: SmtpReply): string {
  return [reply.code, reply.enhanced, reply.text]
    .filter((part) => part !== undefined && part !== '')
    .join(' ')
}

/** RFC 5321 §4.5.3.1.5, line break included. */
const maxWrittenLine = 512

/**
 * A reply for the wire. `text` is one line or several; long lines go on in further ones, line breaks and other control
 * characters become blanks, non-ASCII (which only SMTPUTF8 sessions may see) becomes `?`. No enhanced code: undefined.
 */
export function formatReply(
  code: number,
  enhanced: string | undefined,
  text: string | readonly string[],
): string {
  const prefix = enhanced === undefined ? '' : `${enhanced} `
  const room = maxWrittenLine - '250-\r\n'.length - prefix.length
  const lines: string[] = []
  for (const line of typeof text === 'string' ? [text] : text) wrapLine(cleanReplyText(line), room, lines)
  if (lines.length === 0) lines.push('')
  const last = lines.length - 1
  return lines.map((line, i) => `${code}${i === last ? ' ' : '-'}${prefix}${line}\r\n`).join('')
}

function cleanReplyText(text: string): string {
  if (/^[ -~]*$/.test(text)) return text
  return text.replaceAll(/\p{Cc}+/gu, ' ').replaceAll(/[^ -~]+/g, '?')
}

function wrapLine(line: string, room: number, lines: string[]): void {
  let start = 0
  while (line.length - start > room) {
    const blank = line.lastIndexOf(' ', start + room)
    const end = blank > start ? blank : start + room
    lines.push(line.slice(start, end))
    start = end === blank ? end + 1 : end
  }
  lines.push(line.slice(start))
}

/**
 * RFC 3463 §3.8 "delivery not authorized", as a success: how our submission says at MAIL FROM that the address is no
 * sender of the client's, and how a connection test hears it.
 */
export const senderWarning = '2.7.1'
