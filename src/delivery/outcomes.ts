/** What the replies of a transaction mean for each of its recipients, and for the site. Pure. */
import { classifyReply } from '../mail/classify-reply.ts'
import { describeReply, type SmtpReply } from '../mail/reply.ts'
import type { ReplyAction, SmtpStage } from '../mail/reply-classes.ts'
import type { Outcome } from './outbound.ts'
import type { OpenFailure } from './smtp-client.ts'
import { isAccepted, type TransactionResult } from './transaction.ts'

/** Something a reply says about how this site wants to be treated. */
export type Signal = { action: ReplyAction; reason: string }

export type Judged = { outcomes: Outcome[]; signals: Signal[] }

/**
 * RFC 5321 §4.5.3.2.6: after the dot the server may have taken the message although we never heard so. Trying again
 * soon would make the second copy certain.
 */
const unknownPauseMs = 20 * 60_000

export function judgeTransaction(
  result: TransactionResult,
  {
    host,
    attempts,
  }: { host: string /** Of each recipient, this one included. */; attempts: readonly number[] },
): Judged {
  const judge = createJudge(host)
  const outcomes = attempts.map((attempt, i) => {
    const { stage, reply } = decidingReply(result, i)
    if (reply !== undefined) return judge.reply(stage, reply, attempt)
    return lostAt(stage, result.loss?.text ?? 'no answer')
  })
  return { outcomes, signals: judge.signals }
}

/** The first refusal on the way of this recipient, or the last word; no reply where the connection broke. */
function decidingReply(
  { mail, recipients, data, final, loss }: TransactionResult,
  index: number,
): { stage: 'mail' | 'rcpt' | 'data' | 'final'; reply: SmtpReply | undefined } {
  if (!isAccepted(mail)) return { stage: 'mail', reply: mail }
  const recipient = recipients[index]
  if (!isAccepted(recipient)) return { stage: 'rcpt', reply: recipient }
  if (data === undefined ? loss?.stage === 'data' : data.code !== 354) return { stage: 'data', reply: data }
  return { stage: 'final', reply: final }
}

function lostAt(stage: SmtpStage, text: string): Outcome {
  if (stage !== 'final') return { kind: 'deferred', class: 'connection', text }
  return {
    kind: 'deferred',
    class: 'connection',
    text: `${text}, after the whole message was sent: it may have arrived`,
    retryAfterMs: unknownPauseMs,
  }
}

/** No session came about: nothing was said about the message, so it waits, whatever the code. */
export function judgeFailure(failure: OpenFailure, host: string): { outcome: Outcome; signals: Signal[] } {
  const { stage, reply } = failure
  const found = classifyReply({
    stage,
    code: reply?.code ?? 0,
    text: failure.text,
    site: host,
    ...(reply?.enhanced !== undefined && { enhanced: reply.enhanced }),
  })
  const byUs = stage === 'starttls' || stage === 'auth'
  const outcome: Outcome = {
    kind: 'deferred',
    class: stage === 'starttls' ? 'tls' : found.class,
    text: reply === undefined ? failure.text : textOf(reply),
    ...(reply !== undefined && { code: reply.code }),
    ...(found.retryAfterMs !== undefined && { retryAfterMs: found.retryAfterMs }),
  }
  const signals =
    found.action === undefined || byUs || reply === undefined
      ? []
      : [{ action: found.action, reason: describeReply(reply) }]
  return { outcome, signals }
}

function createJudge(host: string) {
  const signals: Signal[] = []
  // Fifty recipients mostly get the same words.
  const known = new Map<string, ReturnType<typeof classifyReply>>()

  function classify(stage: SmtpStage, reply: SmtpReply) {
    const key = `${stage} ${reply.code} ${reply.enhanced} ${reply.text}`
    const before = known.get(key)
    if (before !== undefined) return before
    const found = classifyReply({
      stage,
      code: reply.code,
      text: reply.text,
      site: host,
      ...(reply.enhanced !== undefined && { enhanced: reply.enhanced }),
    })
    known.set(key, found)
    if (found.action !== undefined) signals.push({ action: found.action, reason: describeReply(reply) })
    return found
  }

  function judgeReply(stage: SmtpStage, reply: SmtpReply, attempts: number): Outcome {
    const said = { code: reply.code, text: textOf(reply) }
    if (isAccepted(reply)) return { kind: 'delivered', ...said }
    if (reply.code < 400) {
      return {
        kind: 'deferred',
        class: 'connection',
        ...said,
        text: `unexpected answer: ${describeReply(reply)}`,
      }
    }
    const found = classify(stage, reply)
    const triesLeft = found.maxRetries === undefined || attempts <= found.maxRetries
    if (!found.retry || !triesLeft) return { kind: 'failed', class: found.class, ...said }
    return {
      kind: 'deferred',
      class: found.class,
      ...said,
      ...(found.retryAfterMs !== undefined && { retryAfterMs: found.retryAfterMs }),
    }
  }

  return { signals, reply: judgeReply }
}

function textOf({ enhanced, text }: SmtpReply): string {
  return enhanced === undefined ? text : `${enhanced} ${text}`.trim()
}
