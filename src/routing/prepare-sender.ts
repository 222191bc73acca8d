/** From header and envelope sender for the chosen server (reference/outgoing-mail-servers.md §6, steps 1, 2 and 5 to 8). */
import { domainToASCII } from 'node:url'
import { matchesFilter, normaliseSender, readSender, showSender } from './sender-text.ts'

export type PrepareInput = {
  /** The From of the message as written (after the default From stood in for a missing one). */
  from: string
  /** What choosing handed back. */
  sessionSender: string
  /** null or '' allows everything. */
  sessionFilter: string | null
  defaultFrom: string | undefined
  defaultBounce: string | undefined
  /** The Return-Path header the client set. */
  returnPath?: string
}

export type PreparedSender =
  | { kind: 'prepared'; fromHeader: string; envelopeFrom: string; because: string[] }
  | { kind: 'refused'; error: 'from_invalid'; because: string[] }

export function prepareSender(input: PrepareInput): PreparedSender {
  const because: string[] = []
  const bounce = input.returnPath ?? input.defaultBounce ?? input.from
  const fromHeader = headerFor(input, because)
  const candidate = matchesFilter(bounce, input.sessionFilter) ? bounce : fromHeader
  because.push(...envelopeReason({ candidate, bounce, from: input.from }))
  const envelopeFrom = asciiAddress(candidate)
  if (envelopeFrom === undefined) {
    because.push(`${candidate} holds no address that SMTP can carry`)
    return { kind: 'refused', error: 'from_invalid', because }
  }
  return { kind: 'prepared', fromHeader, envelopeFrom, because }
}

function envelopeReason({
  candidate,
  bounce,
  from,
}: Record<'candidate' | 'bounce' | 'from', string>): string[] {
  if (candidate === bounce) {
    return bounce === from ? [] : [`the envelope sender is ${bounce}, which may be used there`]
  }
  const problem =
    bounce === from ? 'no bounce address is set' : `the bounce address ${bounce} may not be used there`
  return [`${problem}, so the address of the From is the envelope sender`]
}

function headerFor({ from, sessionSender, defaultFrom }: PrepareInput, because: string[]): string {
  const notifications = defaultFrom === undefined ? undefined : normaliseSender(defaultFrom)
  const own = readSender(from)
  if (sessionSender === notifications && normaliseSender(from) !== notifications) {
    // The person stays visible as a name; the address is one this server may use.
    const name = own === undefined ? localOrAll(from) : own.name || localOrAll(own.email)
    because.push(
      `the From becomes "${name}" <${notifications}>, because ${own?.email ?? from} is a foreign sender here`,
    )
    return showSender({ name, email: sessionSender })
  }
  if (from !== sessionSender) because.push(`the From is replaced by ${sessionSender}`)
  return sessionSender
}

function localOrAll(text: string): string {
  const at = text.lastIndexOf('@')
  return at === -1 ? text : text.slice(0, at)
}

/** An address with an ASCII local part, its domain in A-label form; of several, the last. */
function asciiAddress(text: string): string | undefined {
  const email = readSender(text)?.email
  if (email === undefined) return undefined
  const at = email.lastIndexOf('@')
  const domain = domainToASCII(email.slice(at + 1))
  return domain === '' ? undefined : `${email.slice(0, at)}@${keepCase(email.slice(at + 1), domain)}`
}

/** ASCII domains keep their spelling; only international ones are rewritten. */
function keepCase(written: string, ascii: string): string {
  return written.toLowerCase() === ascii ? written : ascii
}
