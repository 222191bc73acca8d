/** A story in plain words: who, what, when, which host, which reply, what next. */
import { findOwnSignature } from './own-signature.ts'
import type { Story, StoryAttempt, StoryDelivery, StoryEvent } from './story.ts'

const doors = {
  smtp: 'over SMTP',
  api: 'through the Send API',
  cli: 'from the command line',
  campaign: 'as a campaign',
  system: 'from the service itself',
} as const

/** A message that is retried for days has many events: the last ones tell where it stands. */
const maxEventsTold = 12

/** One sentence each; texts of remote servers stand in quotes, cut to a readable length. */
export function describeStory(story: Story): string[] {
  const { message, deliveries } = story
  const sentences = [
    `Message ${message.id} ${quote(message.subject)} from ${message.from} was accepted at ${formatMoment(message.acceptedAt)} ${doors[message.door]}: ${formatCount(message.sizeBytes, 'byte')} for ${formatCount(message.recipientCount, 'recipient')}.`,
  ]
  if (deliveries.length > 0) sentences.push(describeNumbers(deliveries))
  const signatures = story.attempts.map((attempt) => findOwnSignature(attempt.transcript))
  for (const signature of new Set(signatures))
    if (signature !== undefined) sentences.push(`It was ${signature}.`)
  for (const delivery of deliveries) sentences.push(...describeDelivery(delivery, story))
  if (deliveries.length > 1 && deliveries.length < message.recipientCount) {
    sentences.push(
      `Only the first ${deliveries.length} of ${message.recipientCount} recipients are told here.`,
    )
  }
  return sentences
}

const maxNumbersTold = 10

/** Lists, the Send API and webhooks go by recipient: what has one number here has one of its own for each of them. */
function describeNumbers(deliveries: readonly StoryDelivery[]): string {
  const told = deliveries.slice(0, maxNumbersTold).map(({ id, recipient }) => `${id} (${recipient})`)
  const more = deliveries.length > maxNumbersTold ? ` and ${deliveries.length - maxNumbersTold} more` : ''
  const noun = deliveries.length === 1 ? 'delivery' : 'deliveries'
  return `Lists, the Send API and webhooks number each recipient: ${noun} ${told.join(', ')}${more}.`
}

function describeDelivery(delivery: StoryDelivery, story: Story): string[] {
  const attempts = new Map(story.attempts.map((attempt) => [attempt.id, attempt]))
  const events = story.events.filter((event) => event.deliveryId === delivery.id)
  const told = events.slice(-maxEventsTold)
  const sentences = told.map((event) =>
    describeEvent(event, {
      recipient: delivery.recipient,
      attempt: event.attemptId === null ? undefined : attempts.get(event.attemptId),
    }),
  )
  if (told.length < events.length) {
    sentences.unshift(
      `${delivery.recipient}: ${events.length - told.length} earlier events are left out here.`,
    )
  }
  return [...sentences, describeNext(delivery, story)]
}

function describeEvent(
  event: StoryEvent,
  { recipient, attempt }: { recipient: string; attempt: StoryAttempt | undefined },
): string {
  const at = formatMoment(event.at)
  const where = attempt === undefined || attempt.host === '' ? '' : ` ${formatHost(attempt)}`
  const reply = event.detail === null || event.detail === '' ? '' : `: ${quote(event.detail)}`
  const why = event.class === null ? '' : ` (${event.class})`
  const machine = event.class === null ? '' : `, by a machine as it seems (${event.class})`
  switch (event.kind) {
    case 'accepted':
      return `${recipient}: accepted at ${at}.`
    case 'delivered':
      return `${recipient}: delivered at ${at}${where === '' ? '' : ` to${where}`}${reply}.`
    case 'deferred':
      return `${recipient}: put off at ${at}${where === '' ? '' : ` by${where}`}${why}${reply}.`
    case 'bounced':
      return `${recipient}: refused for good at ${at}${where === '' ? '' : ` by${where}`}${why}${reply}.`
    case 'expired':
      return `${recipient}: given up at ${at} because its time ran out${why}${reply}.`
    case 'blocked':
      return `${recipient}: not sent${why}${reply}.`
    case 'held':
      return `${recipient}: put on hold at ${at}${reply}.`
    case 'released':
      return `${recipient}: released from hold at ${at}${reply}.`
    case 'retried':
      return `${recipient}: a retry was asked for at ${at}${reply}.`
    case 'dropped':
      return `${recipient}: dropped at ${at}${reply}.`
    case 'delay-reported':
      return `${recipient}: a report said at ${at} that the next host still tries${reply}.`
    case 'delivery-reported':
      return `${recipient}: a report said at ${at} that the next host passed it on${reply}.`
    case 'complained':
      return `${recipient}: the recipient complained at ${at}${reply}.`
    case 'opened':
      return `${recipient}: opened at ${at}${machine}${reply}.`
    case 'clicked':
      return `${recipient}: a link was followed at ${at}${machine}${reply}.`
    case 'unsubscribed':
      return `${recipient}: the recipient unsubscribed at ${at}${reply}.`
  }
}

function describeNext(
  { recipient, state, attempts, nextAttemptAt }: StoryDelivery,
  { message }: Story,
): string {
  const tries = attempts === 0 ? 'not tried yet' : `${formatCount(attempts, 'attempt')} so far`
  switch (state) {
    case 'queued':
      return `${recipient}: in the queue, ${tries}; it goes out as soon as there is room.`
    case 'deferred': {
      const next = nextAttemptAt === null ? 'soon' : `at ${formatMoment(nextAttemptAt)}`
      return `${recipient}: ${tries}; the next attempt is due ${next}, and it is given up at ${formatMoment(message.expiresAt)}.`
    }
    case 'held':
      return `${recipient}: waits until it is released (paravion queue release), ${tries}.`
    case 'delivered':
      return `${recipient}: done after ${formatCount(attempts, 'attempt')}.`
    case 'failed':
      return `${recipient}: failed after ${formatCount(attempts, 'attempt')}; nothing more is tried.`
    case 'blocked':
      return `${recipient}: blocked; nothing was tried and nothing will be.`
    case 'dropped':
      return `${recipient}: dropped by an operator; nothing more is tried.`
  }
}

function formatHost({ host, address, tls }: StoryAttempt): string {
  const place = address === '' || address === host ? host : `${host} [${address}]`
  return `${place} ${tls === '' ? 'without TLS' : `over ${tls.split(' ', 1)[0]}`}`
}

function formatMoment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

const maxQuoted = 400

/** Remote text goes to terminals and pages: one line, no control characters. */
function quote(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
  return `“${line.length > maxQuoted ? `${line.slice(0, maxQuoted)}…` : line}”`
}
