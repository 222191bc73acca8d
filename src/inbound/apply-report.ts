/**
 * What follows from a report: the delivery's outcome, events, and suppression of the address. Only reports that name a
 * message of ours, provenly, have an effect; each has it once, however often it comes.
 */
import { recordEvent } from '../events/record.ts'
import type { Address } from '../mail/address.ts'
import { classifyReply, type ReplyClassification } from '../mail/classify-reply.ts'
import { type Complaint, describeComplaint } from '../mail/complaint.ts'
import type { DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import type { DeliveryReport, ReadReport } from '../mail/read-report.ts'
import type { ReportedRecipient } from '../mail/report-text.ts'
import type { ReturnPaths } from '../mail/return-path.ts'
import type { Clock } from '../runtime/clock.ts'
import type { EventKind } from '../storage/schema.ts'
import { defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import { findDelivery, findReported, type Reported, type ReportedDelivery } from './find-reported.ts'

export type ReportSuppression = {
  keyId: KeyId
  address: string
  reason: 'hard-bounce' | 'complaint' | 'unsubscribe'
  /** What told us, in words. */
  origin: string
  messageId: MessageId
  deliveryId: DeliveryId
  at: number
}

export type ApplyReportParts = {
  storage: Pick<Storage, 'db' | 'commit'>
  clock: Pick<Clock, 'sleep'>
  returnPaths: Pick<ReturnPaths, 'read'>
  /** The writes that put an address on the suppression list of a key; they join the commit of the event. */
  suppress(entry: ReportSuppression): readonly Write[] | Promise<readonly Write[]>
  /** Further writes for the commit in which a delivery turns out to have failed: its client is to be told. */
  failedLate?(failure: LateFailure): Promise<readonly Write[]>
}

export type LateFailure = {
  messageId: MessageId
  deliveryId: DeliveryId
  keyId: KeyId
  address: string
  class: string
  /** The host's own words. */
  said: string
  /** The report carries our token, so it may count against the address. */
  isProven: boolean
  at: number
}

export type AppliedReport = {
  outcome: 'applied' | 'already-known' | 'nothing-to-do' | 'nothing-matched' | 'expired'
  /** The message of ours that it is about; undefined when it is about none. */
  messageId?: MessageId
  /** What was looked at and what followed, in words. */
  steps: string[]
  deliveries: { id: DeliveryId; messageId: MessageId; event: EventKind; suppressed: boolean }[]
}

type Applying = {
  parts: ApplyReportParts
  reported: Reported
  now: number
  result: AppliedReport
}

/** After the life of a message; nobody's queue holds mail for longer. */
const reportableMs = 30 * 24 * 60 * 60_000

export async function applyReport(
  parts: ApplyReportParts,
  { report, addressedTo, now }: { report: ReadReport; addressedTo: readonly Address[]; now: number },
): Promise<AppliedReport> {
  const result: AppliedReport = { outcome: 'nothing-matched', steps: [], deliveries: [] }
  if (report.kind === 'auto-reply') {
    result.steps.push(`an automatic reply (${report.why}): neither counted nor answered`)
    return { ...result, outcome: 'nothing-to-do' }
  }
  const reported = await findReported(parts.storage.db, {
    original: report.original,
    addressedTo,
    returnPaths: parts.returnPaths,
  })
  if (reported === undefined) {
    result.steps.push(
      'neither a return path of ours nor a Message-ID of the address’s owner: nothing changes',
    )
    return result
  }
  result.messageId = reported.messageId
  result.steps.push(
    `about message ${reported.messageId}, ${reported.provenBy === 'token' ? 'by the token of its return path' : 'by its Message-ID'}`,
  )
  if (now > reported.expiresAt + reportableMs) {
    result.steps.push('the message is too old for a report to count')
    return { ...result, outcome: 'expired' }
  }
  const applying: Applying = { parts, reported, now, result }
  if (report.kind === 'complaint') await applyComplaint(applying, report)
  else await applyStatus(applying, report)
  return result
}

async function applyStatus(applying: Applying, report: DeliveryReport): Promise<void> {
  const { result } = applying
  // Who it is about cannot be read, but the token says it: a failure of unknown kind.
  const recipients: readonly ReportedRecipient[] =
    report.recipients.length > 0
      ? report.recipients
      : [{ address: '', action: 'failed', text: report.text.slice(0, 500) }]
  for (const recipient of recipients) {
    const addresses = [recipient.originalAddress, recipient.address].filter(
      (address) => address !== undefined,
    )
    const delivery = await findSettled(applying, addresses)
    if (delivery === undefined) {
      result.steps.push(`${recipient.address || 'an unnamed recipient'}: the message has no such recipient`)
    } else if (recipient.action === 'failed') {
      await applyFailure(applying, delivery, recipient)
    } else {
      await applyNews(applying, delivery, recipient)
    }
  }
}

/** A report may be faster than the note of the attempt that it is about: that one is waited for, within bounds. */
async function findSettled(
  { parts, reported }: Applying,
  addresses: readonly string[],
): Promise<ReportedDelivery | undefined> {
  for (let looks = 1; ; looks++) {
    const delivery = await findDelivery(parts.storage.db, reported, addresses)
    if (delivery?.state !== 'queued' || looks >= maxLooks) return delivery
    await parts.clock.sleep(lookAgainMs)
  }
}

const maxLooks = 20
const lookAgainMs = 100

const failDelivery = defineUpdate(
  'deliveries',
  ['state', 'class', 'reply_code', 'reply_text', 'updated_at'],
  ['id', 'state'],
)

type Failed = { class: string; reply_code: number | null; reply_text: string; updated_at: number }

/** A guard: the delivery fails, provided that it still counts as delivered. */
function guardDelivered({ id, ...failed }: Failed & { id: DeliveryId }): Write {
  // The state stands on both sides: it must be the one, and becomes the other.
  const { statement } = failDelivery({ id, state: 'failed', ...failed })
  const { class: failedClass, reply_code, reply_text, updated_at } = failed
  return { statement, values: ['failed', failedClass, reply_code, reply_text, updated_at, id, 'delivered'] }
}

async function applyFailure(
  applying: Applying,
  delivery: ReportedDelivery,
  recipient: ReportedRecipient,
): Promise<void> {
  const { parts, reported, now, result } = applying
  const { recipient: address } = delivery
  if (delivery.state !== 'delivered') {
    note(result, 'already-known', `${address}: ${delivery.state} already, nothing changes`)
    return
  }
  const judged = classifyFailure(recipient)
  // An address is given up for what a host said about it, and only when the report is proven to be about our message.
  const isHard = judged.kind === 'hard' && reported.provenBy === 'token'
  const detail = detailOf(recipient)
  const writes = [
    eventOf(applying, delivery, { kind: 'bounced', eventClass: judged.class, detail }),
    ...(isHard
      ? await parts.suppress(suppressionOf(applying, delivery, 'hard-bounce', `bounce: ${detail}`))
      : []),
    ...((await parts.failedLate?.({
      messageId: reported.messageId,
      deliveryId: delivery.id,
      keyId: reported.keyId,
      address,
      class: judged.class,
      said: detail,
      isProven: reported.provenBy === 'token',
      at: now,
    })) ?? []),
  ]
  const guard = guardDelivered({
    id: delivery.id,
    class: judged.class,
    reply_code: recipient.code ?? null,
    reply_text: detail,
    updated_at: now,
  })
  const outcome = await parts.storage.commit({ guards: [guard], writes })
  if (outcome === 'lost') {
    note(result, 'already-known', `${address}: changed by another report meanwhile`)
    return
  }
  note(
    result,
    'applied',
    `${address}: failed, ${judged.class}${isHard ? '; suppressed' : '; not suppressed'}`,
  )
  result.deliveries.push({
    id: delivery.id,
    messageId: reported.messageId,
    event: 'bounced',
    suppressed: isHard,
  })
}

/** Delayed, relayed, delivered, expanded: told once, without consequence. */
async function applyNews(
  applying: Applying,
  delivery: ReportedDelivery,
  recipient: ReportedRecipient,
): Promise<void> {
  const { parts, reported, result } = applying
  const kind: EventKind = recipient.action === 'delayed' ? 'delay-reported' : 'delivery-reported'
  const detail = `${recipient.action}: ${detailOf(recipient)}`.replace(/: $/, '')
  if (await hasEvent(applying, delivery, { kind, detail })) {
    note(result, 'already-known', `${delivery.recipient}: told before`)
    return
  }
  await parts.storage.commit({ writes: [eventOf(applying, delivery, { kind, eventClass: null, detail })] })
  note(result, 'applied', `${delivery.recipient}: ${recipient.action}, an event and nothing else`)
  result.deliveries.push({ id: delivery.id, messageId: reported.messageId, event: kind, suppressed: false })
}

async function applyComplaint(applying: Applying, complaint: Complaint): Promise<void> {
  const { parts, reported, result } = applying
  if (complaint.feedbackType === 'not-spam') {
    note(result, 'nothing-to-do', 'a person said that it is no spam: nothing changes')
    return
  }
  if (reported.provenBy !== 'token') {
    result.steps.push('a complaint counts only with the token of a return path: nothing changes')
    return
  }
  const delivery = await findDelivery(parts.storage.db, reported, complaint.originalRecipients)
  if (delivery === undefined) {
    result.steps.push('the complaint does not say which of the recipients complained: nothing changes')
    return
  }
  if (await hasEvent(applying, delivery, { kind: 'complained' })) {
    note(result, 'already-known', `${delivery.recipient}: has complained about this message before`)
    return
  }
  const detail = describeComplaint(complaint)
  const reason = complaint.feedbackType === 'opt-out' ? 'unsubscribe' : 'complaint'
  await parts.storage.commit({
    writes: [
      eventOf(applying, delivery, { kind: 'complained', eventClass: complaint.feedbackType, detail }),
      ...(await parts.suppress(suppressionOf(applying, delivery, reason, `complaint: ${detail}`))),
    ],
  })
  note(result, 'applied', `${delivery.recipient}: complained (${detail}); suppressed`)
  result.deliveries.push({
    id: delivery.id,
    messageId: reported.messageId,
    event: 'complained',
    suppressed: true,
  })
}

/** Only the words of RCPT speak of the address where a bare 550 does. */
export function classifyFailure({ code, status, text, remoteMta }: ReportedRecipient): ReplyClassification {
  const isAboutAddress = /rcpt to/i.test(text) || status?.startsWith('5.1.') === true
  // No code: none of the rules for bare codes fits, the words and the enhanced code decide.
  const read = code ?? (status?.startsWith('4') ? 450 : 500)
  return classifyReply({
    stage: isAboutAddress ? 'rcpt' : 'final',
    // Reported as final: what was temporary has run out.
    code: read,
    ...(status !== undefined && { enhanced: status }),
    text,
    ...(remoteMta !== undefined && { site: remoteMta }),
  })
}

function detailOf({ text, status, code }: ReportedRecipient): string {
  return text === '' ? [code, status].filter((part) => part !== undefined).join(' ') : text
}

function suppressionOf(
  { reported, now }: Applying,
  delivery: ReportedDelivery,
  reason: ReportSuppression['reason'],
  origin: string,
): ReportSuppression {
  const { keyId, messageId } = reported
  return { keyId, address: delivery.recipient, reason, origin, messageId, deliveryId: delivery.id, at: now }
}

function eventOf(
  { reported, now }: Applying,
  delivery: ReportedDelivery,
  { kind, eventClass, detail }: { kind: EventKind; eventClass: string | null; detail: string },
): Write {
  return recordEvent({
    message_id: reported.messageId,
    delivery_id: delivery.id,
    key_id: reported.keyId,
    kind,
    at: now,
    attempt_id: null,
    class: eventClass,
    detail,
  })
}

async function hasEvent(
  { parts, reported }: Applying,
  delivery: ReportedDelivery,
  { kind, detail }: { kind: EventKind; detail?: string },
): Promise<boolean> {
  const query = parts.storage.db
    .selectFrom('events')
    .select('id')
    .where('message_id', '=', reported.messageId)
    .where('delivery_id', '=', delivery.id)
    .where('kind', '=', kind)
  const found = await (detail === undefined ? query : query.where('detail', '=', detail)).executeTakeFirst()
  return found !== undefined
}

/** The strongest of what happened to the recipients is what happened to the report. */
function note(result: AppliedReport, outcome: AppliedReport['outcome'], step: string): void {
  result.steps.push(step)
  if (result.outcome !== 'applied') result.outcome = outcome
}
