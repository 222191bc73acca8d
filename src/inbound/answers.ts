/**
 * The mail with which we refuse: to whoever sent it, never to machines (RFC 3834), and not to an address that may be
 * forged: the answer would go to somebody who wrote nothing.
 */
import { randomBytes } from 'node:crypto'
import type { Draft } from '../intake/draft.ts'
import { parseAddress } from '../mail/address.ts'
import { autoReplySign } from '../mail/auto-reply.ts'
import type { KeyId } from '../mail/ids.ts'
import type { IncomingMessage } from '../mail/incoming-message.ts'
import { type AnswerKind, loopTag } from './decide.ts'

export type Authentication = {
  /** `pass`, `fail`, `none`, `temperror`, … */
  spf: string
  dkim: string
  dmarc: string
}

/** Why no answer may go out; undefined when one may. */
export function whyNoAnswer(
  message: IncomingMessage,
  { envelopeFrom, authentication }: { envelopeFrom: string; authentication: Authentication },
): string | undefined {
  if (envelopeFrom === '') return 'it has the null sender, which nobody answers'
  const sign = autoReplySign(message)
  if (sign !== undefined) return `it is automatic mail itself (${sign})`
  const has = (lower: string) => message.headers.some(({ name }) => name.toLowerCase() === lower)
  if (message.precedence === 'list' || has('list-id') || has('list-unsubscribe')) return 'it is from a list'
  if (/^(?:mailer-daemon|postmaster|no-?reply|.*-request|owner-.*)@/i.test(envelopeFrom)) {
    return `${envelopeFrom} is no person`
  }
  if (authentication.spf === 'fail' || authentication.dmarc === 'fail') {
    return 'its sender may be forged (SPF or DMARC failed)'
  }
  return undefined
}

const words = {
  catchall: ({ contact }) =>
    `This address only collects replies, so your message has reached nobody.${contact === undefined ? '' : `\nPlease write to ${contact} instead.`}`,
  'alias-refusal': ({ refusal }) =>
    refusal ??
    'This address takes mail of known contacts only, and yours is not known to it, so your message has reached nobody.\nPlease contact the company in another way.',
  'loop-limit': () =>
    'You have written to this address very often in a short time, so your message was not taken.\nPlease try again later.',
} satisfies Record<AnswerKind, (about: { contact?: string; refusal?: string }) => string>

const maxQuotedLength = 2_000

export function composeAnswer(
  kind: AnswerKind,
  {
    message,
    envelopeFrom,
    from,
    keyId,
    host,
    contact,
    refusal,
  }: {
    message: IncomingMessage
    envelopeFrom: string
    /** Address the answer is from. */
    from: string
    keyId: KeyId
    /** Of the instance, for the tag. */
    host: string
    /** Where people should write instead. */
    contact?: string
    refusal?: string
  },
): Draft | undefined {
  const to = parseAddress(envelopeFrom)
  const sender = parseAddress(from)
  if (to === undefined || sender === undefined) return undefined
  const tag = kind === 'alias-refusal' ? [] : [`<${randomBytes(9).toString('hex')}${loopTag}${host}>`]
  const references = [...(message.messageId === undefined ? [] : [message.messageId]), ...tag]
  const replyTo = contact === undefined ? undefined : parseAddress(contact)
  const about = {
    ...(contact !== undefined && { contact }),
    ...(refusal !== undefined && { refusal }),
  }
  return {
    keyId,
    door: 'system',
    lane: 'transactional',
    priority: 2,
    from: { name: 'MAILER-DAEMON', address: sender },
    replyTo: replyTo === undefined ? [] : [{ name: '', address: replyTo }],
    to: [{ name: '', address: to }],
    cc: [],
    bcc: [],
    subject: `Re: ${message.subject}`.slice(0, 400),
    text: `${words[kind](about)}\n\n${quote(message)}`,
    attachments: [],
    inlineAttachments: [],
    headers: [
      ['Auto-Submitted', 'auto-replied'],
      ['X-Auto-Response-Suppress', 'All'],
      ...(message.messageId === undefined ? [] : ([['In-Reply-To', message.messageId]] as const)),
      ...(references.length === 0 ? [] : ([['References', references.join(' ')]] as const)),
    ],
    template: { language: false, variables: {}, deliverOnError: false },
    options: { trackOpens: 'disabled', trackClicks: 'disabled', nullSender: true },
  }
}

/** Enough to know which mail is meant; not so much that we carry a stranger's text to somebody. */
function quote({ text = '', subject }: IncomingMessage): string {
  const lines = text.slice(0, maxQuotedLength).split('\n').slice(0, 20)
  return [`Your message "${subject}":`, ...lines.map((line) => `> ${line}`)].join('\n')
}
