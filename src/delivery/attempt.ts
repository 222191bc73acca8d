/** One try of one transaction: an open connection if there is one, else the hosts in their order. */

import type { HostMemory } from './host-memory.ts'
import type { Outcome } from './outbound.ts'
import { judgeFailure, judgeTransaction, type Signal } from './outcomes.ts'
import type { MailHost, Targets } from './resolve-destination.ts'
import type { Opened, Session, TlsMode } from './smtp-client.ts'
import { obstacleTo, type Transaction, type TransactionResult } from './transaction.ts'
import { createTranscript, type Transcript } from './transcript.ts'

export type Attempt = {
  hosts: readonly MailHost[]
  tls: TlsMode
  transaction: Transaction
  /** Of each recipient, this attempt included. */
  attempts: readonly number[]
}

/** The outside, as an attempt needs it. */
export type Connector = {
  targets(hosts: readonly MailHost[]): Promise<Targets>
  mayConnect(address: string): boolean
  open(
    target: { host: string; address: string; tls: TlsMode; chunking: boolean },
    transcript: Transcript,
  ): Promise<Opened>
  memory: HostMemory
  /** An idle connection to one of these hosts. */
  takeIdle(hosts: readonly MailHost[]): Session | undefined
  /** A connection that is no longer needed for this attempt. */
  giveBack(session: Session): void
  /** A connection was opened where none had been. */
  opened(session: Session): void
}

export type AttemptResult = {
  outcomes: readonly Outcome[]
  signals: readonly Signal[]
  host: string
  address: string
  tls: string
  transcript: string
  /** Somebody let us in, so that what was said is about the message. */
  reached: boolean
}

/** Every address is known not to answer: nothing was tried, so nothing is counted. */
export type PutOff = { putOffUntil: number; class: string; text: string }

export async function attemptDelivery(
  attempt: Attempt,
  connector: Connector,
): Promise<AttemptResult | PutOff> {
  const earlier: string[] = []
  for (;;) {
    const session = connector.takeIdle(attempt.hosts)
    if (session === undefined) break
    const result = await sendOn(session, attempt, connector)
    if (!('stale' in result)) return withEarlier(result, earlier)
    earlier.push(session.transcript.take())
  }
  return withEarlier(await sendOnNew(attempt, connector), earlier)
}

function withEarlier<T extends AttemptResult | PutOff>(result: T, earlier: readonly string[]): T {
  if (!('transcript' in result) || earlier.length === 0) return result
  return { ...result, transcript: [...earlier, result.transcript].join('\n') }
}

async function sendOnNew(attempt: Attempt, connector: Connector): Promise<AttemptResult | PutOff> {
  const transcript = createTranscript()
  const { targets, problems } = await connector.targets(attempt.hosts)
  for (const problem of problems) transcript.note(problem)
  const signals: Signal[] = []
  let last: { host: string; address: string; outcome: Outcome } | undefined
  let badUntil = Number.POSITIVE_INFINITY
  let refusals = 0
  let reached = false

  const untried = [...targets]
  for (let target = untried.shift(); target !== undefined; target = untried.shift()) {
    const { host, address } = target
    if (!connector.mayConnect(address)) {
      const text = `${host} (${address}) may not be connected to from here`
      transcript.note(text)
      last = { host, address, outcome: { kind: 'deferred', class: 'policy', text } }
      continue
    }
    const until = connector.memory.badUntil(nameOf(target))
    if (until > 0) {
      transcript.note(`${host} (${address}) did not answer lately: not tried`)
      badUntil = Math.min(badUntil, until)
      continue
    }
    const opened = await openTarget(target, attempt.tls, connector, transcript)
    if ('session' in opened) {
      connector.opened(opened.session)
      reached = true
      const result = await sendOn(opened.session, attempt, connector)
      if (!('stale' in result)) return { ...result, signals: [...signals, ...result.signals] }
      if (result.again === 'this-host') {
        untried.unshift(target)
        continue
      }
      // 421 to MAIL: another host may take it. Once, like every refusal before the message.
      last = { host, address, outcome: result.stale }
    } else {
      const judged = judgeFailure(opened.failure, host)
      signals.push(...judged.signals)
      last = { host, address, outcome: judged.outcome }
    }
    const wasAnswered = 'session' in opened || opened.failure.reply !== undefined
    if (wasAnswered && ++refusals === 2) break
  }

  if (last === undefined && badUntil < Number.POSITIVE_INFINITY) {
    const names = attempt.hosts.map(({ name }) => name).join(', ')
    return { putOffUntil: badUntil, class: 'connection', text: `no answer lately from ${names}` }
  }
  const outcome = last?.outcome ?? {
    kind: 'deferred',
    class: 'dns',
    text: `4.4.4 no mail host has a usable address: ${problems.join('; ')}`,
  }
  return {
    outcomes: attempt.attempts.map(() => outcome),
    signals,
    host: last?.host ?? '',
    address: last?.address ?? '',
    tls: '',
    transcript: transcript.take(),
    reached,
  }
}

async function openTarget(
  { host, address }: { host: string; address: string },
  tls: TlsMode,
  connector: Connector,
  transcript: Transcript,
): Promise<Opened> {
  const { memory } = connector
  const isBroken = tls === 'opportunistic' && memory.hasBrokenTls(host)
  if (isBroken) transcript.note(`TLS with ${host} failed lately: sending without`)
  const chunking = !memory.hasBrokenChunking(host)
  let opened = await connector.open({ host, address, tls: isBroken ? 'never' : tls, chunking }, transcript)
  const handshakeFailed = 'failure' in opened && opened.failure.loss?.kind === 'tls'
  if (handshakeFailed && tls === 'opportunistic') {
    memory.markBrokenTls(host)
    transcript.note('once more without TLS')
    opened = await connector.open({ host, address, tls: 'never', chunking }, transcript)
  }
  if ('session' in opened) memory.markGood(nameOf({ host, address }))
  else if (opened.failure.reply === undefined && ['connect', 'greeting'].includes(opened.failure.stage)) {
    memory.markBad(nameOf({ host, address }))
  }
  return opened
}

/** With the host's name, because many hosts may share an address, and one that is full says nothing of the others. */
function nameOf({ host, address }: { host: string; address: string }): string {
  return `${host} ${address}`
}

/** `stale`: an answer that is about the connection, not about the message; `again` tells of whom a new one is asked. */
async function sendOn(
  session: Session,
  { transaction, attempts }: Attempt,
  connector: Connector,
): Promise<AttemptResult | { stale: Outcome; again: 'this-host' | 'another' }> {
  const obstacle = obstacleTo(transaction, session.extensions)
  const { host, address, transcript } = session
  if (obstacle !== undefined) {
    transcript.note(obstacle.text)
    const said = {
      host,
      address,
      tls: session.tls(),
      transcript: transcript.take(),
      signals: [],
      reached: true,
    }
    connector.giveBack(session)
    return { ...said, outcomes: attempts.map(() => ({ kind: 'failed', ...obstacle })) }
  }
  const wasUsed = session.sent() > 0
  const result = await session.send(transaction)
  const judged = judgeTransaction(result, { host, attempts })
  const stale = judged.outcomes[0] ?? { kind: 'deferred', class: 'connection', text: 'no answer' }
  if (result.knowsNoChunks) {
    transcript.note(`${host} offers CHUNKING and does not know BDAT: once more with DATA`)
    connector.memory.markBrokenChunking(host)
    // It may have taken the body for commands: what it says next answers nothing of ours.
    session.destroy()
    connector.giveBack(session)
    return { stale, again: 'this-host' }
  }
  if (isAboutConnection(result, wasUsed)) {
    connector.giveBack(session)
    return { stale, again: 'another' }
  }
  if (judged.signals.some(({ action }) => action === 'close-connection')) session.destroy()
  const text = transcript.take()
  connector.giveBack(session)
  return { ...judged, host, address, tls: session.tls(), transcript: text, reached: true }
}

/** A kept connection that dies before MAIL is answered is no attempt; a 421 to MAIL may be this host's alone. */
function isAboutConnection({ mail, loss }: TransactionResult, wasUsed: boolean): boolean {
  return loss?.stage !== undefined && (mail?.code === 421 || (mail === undefined && wasUsed))
}
