/** Work on its way to a connection of its site. */
import { formatAddress } from '../mail/address.ts'
import type { Route } from '../routing/route.ts'
import type { DispatcherOptions, OutboundWork } from './outbound.ts'
import type { Plan } from './plan.ts'
import { isUrgent, type SignedMail } from './signer.ts'
import type { SiteJob } from './site.ts'

export type SendableRoute = Exclude<Route, { kind: 'refused' }>

export type Job = SiteJob & {
  work: OutboundWork
  route: SendableRoute
  plan: Plan
  /** Missing where the content is made for the one recipient: that waits until it can be sent. */
  signed?: SignedMail
  /** Lines of transcript that come before the attempt's own. */
  remarks: readonly string[]
}

export type ReadyJob = Job & { signed: SignedMail }

export function createJob(facts: Pick<Job, 'work' | 'route' | 'plan' | 'signed' | 'remarks'>): Job {
  const { key, message } = facts.work
  return { ...facts, key, lane: message.lane, isUrgent: isUrgent(message.priority) }
}

export function isReady(job: Job): job is ReadyJob {
  return job.signed !== undefined
}

export function withSignature(job: Job, signed: SignedMail): ReadyJob {
  const { remark } = signed
  return { ...job, signed, remarks: remark === undefined ? job.remarks : [...job.remarks, remark] }
}

export function envelopeSender(
  { work: { message, recipients }, route, signed: { from } }: ReadyJob,
  returnPath: DispatcherOptions['returnPath'],
): string {
  if (message.options.nullSender) return ''
  if (route.envelopeFrom !== undefined) return route.envelopeFrom
  const author = from === undefined ? message : { ...message, fromAddress: formatAddress(from) }
  // Where each has their own mail, a report of it needs to name nobody.
  const own = message.options.individual ? recipients[0]?.deliveryId : undefined
  return returnPath(own ?? message.id, author)
}

/** Why an outgoing server that is set to take no more gets none of it. */
export function tooLargeFor({ server }: Plan, sizeBytes: number): string | undefined {
  const most = server?.maxSizeBytes ?? Number.POSITIVE_INFINITY
  if (server === undefined || sizeBytes <= most) return undefined
  return `5.3.4 the message has ${sizeBytes} bytes; "${server.name}" is set to take ${most}`
}
