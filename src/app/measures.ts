/** What the whole program measures, beside what its parts do. */
import type { Metrics } from '../runtime/metrics.ts'
import type { IncomingServer } from '../smtp/incoming.ts'
import type { SubmissionServer } from '../smtp/submission.ts'
import type { Storage } from '../storage/storage.ts'

export function timeCommits(storage: Storage, metrics: Metrics): Storage {
  return {
    ...storage,
    async commit(commit) {
      const began = performance.now()
      const result = await storage.commit(commit)
      metrics.committed(performance.now() - began)
      return result
    },
  }
}

export function watchSubmission(metrics: Metrics, { stats }: SubmissionServer): void {
  const gauges = [
    ['connections', 'SMTP connections of clients that are open.'],
    ['connectionsRefused', 'SMTP connections turned away since the start: too many at one time.'],
    ['messagesRefused', 'Messages answered with 4xx or 5xx since the start.'],
    ['authenticationFailures', 'Failed SMTP logins since the start.'],
    ['protocolErrors', 'SMTP commands that were wrong since the start.'],
    ['heldBytes', 'Bytes of messages that are being received.'],
  ] as const
  for (const [key, help] of gauges) {
    const name = `paravion_smtp_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
    metrics.watchGauge({ name, help }, () => stats()[key])
  }
}

export function watchIncoming(metrics: Metrics, { stats }: IncomingServer): void {
  const gauges = [
    ['connections', 'Connections of incoming mail that are open.'],
    ['connectionsRefused', 'Connections of incoming mail turned away since the start: too many at one time.'],
    ['messagesAccepted', 'Incoming messages taken since the start.'],
    ['messagesRefused', 'Incoming messages answered with 4xx or 5xx since the start.'],
    ['protocolErrors', 'Commands of incoming mail that were wrong since the start.'],
  ] as const
  for (const [key, help] of gauges) {
    const name = `paravion_mx_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
    metrics.watchGauge({ name, help }, () => stats()[key])
  }
}

export function queueDepths(
  counts: readonly { lane: string; due: number; waiting: number; leased: number; held: number }[],
) {
  return counts.flatMap(({ lane, ...states }) =>
    Object.entries(states).map(([state, count]) => ({ lane, state, count })),
  )
}
