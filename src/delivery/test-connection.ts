/**
 * Tries an outgoing server up to the point where a message would follow, and leaves without one
 * (reference/outgoing-mail-servers.md §8). It never takes longer than its timeout.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { formatAddress, isAscii, parseAddress } from '../mail/address.ts'
import { describeReply, senderWarning } from '../mail/reply.ts'
import type { RelayServer } from '../routing/route.ts'
import type { Resolver } from '../runtime/dns.ts'
import type { Connection, Exchange } from './connection.ts'
import { identityOf } from './connections.ts'
import { relayTls } from './plan.ts'
import { targetsOf } from './resolve-destination.ts'
import { type Established, type Extensions, establish, type OpenFailure } from './smtp-client.ts'
import { type ConnectionTest, describeFinding, type Finding, type TestStep } from './test-result.ts'
import { defaultTimeouts } from './timeouts.ts'
import { createTranscript, type Transcript } from './transcript.ts'

export type ConnectionTestOptions = {
  resolver: Resolver
  mayConnect(address: string, kind: 'relay'): boolean
  /** Said in EHLO. */
  name: string
  localAddress?: string
  trustedCas?: readonly string[]
  ipv6?: boolean
  /** `chooseTestSender`; undefined when there is none. */
  sender: string | undefined
  /** noreply@ the domain of the sender when left out. */
  recipient?: string
  /** The server has to tell how large a message may be. */
  needsSize?: boolean
  timeoutMs?: number
  /** Told as each step begins. */
  onStep?(step: TestStep): void
}

const defaultTimeoutMs = 60_000

export async function testConnection(
  server: RelayServer,
  options: ConnectionTestOptions,
): Promise<ConnectionTest> {
  const began = performance.now()
  const transcript = createTranscript()
  const trial = new AbortController()
  const timer = setTimeout(() => trial.abort(), options.timeoutMs ?? defaultTimeoutMs)
  try {
    let last: TestStep | undefined
    const { finding, extensions, tls } = await tryServer(server, {
      ...options,
      onStep(step) {
        if (step !== last) options.onStep?.(step)
        last = step
      },
      transcript,
      signal: trial.signal,
    })
    const sizeLimit = Number(extensions?.get('SIZE') ?? 0)
    return {
      ok: finding.situation === 'ok',
      step: finding.step,
      situation: finding.situation,
      ...describeFinding(finding, server),
      transcript: transcript.take(),
      tls: tls ?? null,
      ...(sizeLimit > 0 && { sizeLimit }),
      durationMs: Math.round(performance.now() - began),
    }
  } finally {
    clearTimeout(timer)
    // Nothing of it may go on behind the back of whoever has the answer.
    trial.abort()
  }
}

type Trial = ConnectionTestOptions & { transcript: Transcript; signal: AbortSignal }
type Found = { finding: Finding; extensions?: Extensions; tls?: ConnectionTest['tls'] }

async function tryServer(server: RelayServer, trial: Trial): Promise<Found> {
  trial.onStep?.('prepare')
  const envelope = envelopeOf(trial)
  const unfit = whyUnfit(server)
  if (unfit !== undefined) return { finding: unfit }
  if ('situation' in envelope) return { finding: envelope }

  const established = await connect(server, trial)
  if ('finding' in established) return established
  const { connection, extensions } = established
  const tls = connection.tlsFacts()
  const finding = await sayEnvelope(connection, envelope, trial)
  trial.transcript.note('left without a message')
  connection.destroy()
  const isSizeMissing = trial.needsSize === true && !(Number(extensions.get('SIZE') ?? 0) > 0)
  const told: Finding =
    finding.situation === 'ok' && isSizeMissing ? { ...finding, situation: 'size-not-told' } : finding
  return { finding: told, extensions, ...(tls !== undefined && { tls }) }
}

function envelopeOf({ sender, recipient }: Trial): { from: string; to: string } | Finding {
  const address = sender === undefined ? undefined : parseAddress(sender)
  if (address === undefined) return { step: 'prepare', situation: 'no-sender', words: '' }
  const from = formatAddress(address)
  if (!isAscii(address)) return { step: 'prepare', situation: 'sender-not-ascii', words: from }
  const to = recipient === undefined ? undefined : parseAddress(recipient)
  return { from, to: to === undefined ? `noreply@${address.domain}` : formatAddress(to) }
}

/** What is wrong about our side of it. */
function whyUnfit({ host, authentication }: RelayServer): Finding | undefined {
  const step = 'prepare'
  if (host.trim() === '') return { step, situation: 'no-host', words: '' }
  if (!isHostName(host)) return { step, situation: 'invalid-name', words: host }
  if (authentication.kind === 'certificate') return whyCertificateUnfit(authentication)
  if (authentication.kind === 'none') return undefined
  const { user } = authentication
  const at = user.lastIndexOf('@')
  const isWritable = at === -1 || domainToASCII(user.slice(at + 1)) !== ''
  return isWritable ? undefined : { step, situation: 'invalid-user', words: user }
}

function isHostName(host: string): boolean {
  if (isIP(host) !== 0) return true
  const ascii = domainToASCII(host)
  const labels = ascii.split('.')
  return (
    ascii.length <= 253 && labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
  )
}

function whyCertificateUnfit({
  certificate,
  privateKey,
}: {
  certificate: string
  privateKey: string
}): Finding | undefined {
  try {
    const isPair = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey))
    return isPair ? undefined : { step: 'prepare', situation: 'client-certificate-mismatch', words: '' }
  } catch (error) {
    // Both calls throw for nothing but what they were given.
    const words = error instanceof Error ? error.message : String(error)
    return { step: 'prepare', situation: 'client-certificate-invalid', words }
  }
}

const stepOf = { connect: 'connect', greeting: 'ehlo', ehlo: 'ehlo', starttls: 'tls', auth: 'auth' } as const

/** Addresses in their order, until one answers. */
async function connect(
  server: RelayServer,
  trial: Trial,
): Promise<Exclude<Established, { failure: unknown }> | Found> {
  const { resolver, ipv6 = false, transcript, signal, mayConnect } = trial
  trial.onStep?.('connect')
  const hosts = [{ name: server.host, priority: 0 }]
  const looked = await Promise.race([
    targetsOf(hosts, { resolver, ipv6, ownHosts: new Set() }),
    aborted(signal),
  ])
  if (looked === undefined)
    return { finding: { step: 'connect', situation: 'dns-no-answer', words: 'it takes too long' } }
  if (looked.targets.length === 0) {
    for (const problem of looked.problems) transcript.note(problem)
    const words = looked.problems.join('; ').replace(`${server.host}: `, '')
    const situation = words.startsWith('DNS gives no answer') ? 'dns-no-answer' : 'host-unknown'
    return { finding: { step: 'connect', situation, words } }
  }
  let last: Found = { finding: { step: 'connect', situation: 'no-answer', words: '' } }
  for (const { host, address } of looked.targets) {
    if (!mayConnect(address, 'relay')) {
      transcript.note(`${host} (${address}) may not be connected to from here`)
      last = { finding: { step: 'connect', situation: 'not-allowed', words: `its address is ${address}` } }
      continue
    }
    const established = await connectTo(server, { host, address }, trial)
    if (!('failure' in established)) return established
    const { failure, tls } = established
    last = { finding: findingOf(failure, established, signal), ...(tls !== undefined && { tls }) }
    if (failure.stage !== 'connect' || signal.aborted) return last
  }
  return last
}

function connectTo(
  server: RelayServer,
  { host, address }: { host: string; address: string },
  { name, localAddress, trustedCas, transcript, signal, onStep }: Trial,
): Promise<Established> {
  return establish(
    {
      host,
      address,
      port: server.port,
      name,
      tls: relayTls[server.security],
      timeouts: defaultTimeouts,
      signal,
      ...(localAddress !== undefined && { localAddress }),
      ...(trustedCas !== undefined && { trustedCas }),
      ...identityOf(server),
      onStage: (stage) => stage !== 'connect' && onStep?.(stepOf[stage]),
    },
    transcript,
  )
}

function findingOf(failure: OpenFailure, { tls }: { tls?: unknown }, signal: AbortSignal): Finding {
  const { stage, reply, loss, why } = failure
  const step = stepOf[stage]
  const found = (situation: Finding['situation'], words = failure.text): Finding => ({
    step,
    situation,
    words,
  })
  if (why === 'not-offered') return found(stage === 'auth' ? 'login-not-offered' : 'starttls-not-offered')
  if (why === 'no-method') return found('no-login-method')
  if (why === 'needs-tls') return found('password-needs-tls')
  if (reply !== undefined) {
    const isRefusedLogin = stage === 'auth' && reply.code >= 500
    return found(isRefusedLogin ? 'login-refused' : 'error-reply', describeReply(reply))
  }
  const text = loss?.text ?? ''
  if (loss?.kind === 'timeout' || signal.aborted)
    return found(stage === 'greeting' ? 'no-greeting' : 'no-answer')
  if (loss?.kind === 'tls') {
    return found(tls === undefined ? 'tls-failed' : 'certificate-not-accepted', text)
  }
  if (loss?.kind === 'nonsense') return found('not-smtp', text)
  if (stage !== 'connect') return found('closed-early', text)
  if (text.includes('ECONNREFUSED')) return found('refused', text)
  return found(text.includes('ETIMEDOUT') ? 'no-answer' : 'unreachable', text)
}

async function sayEnvelope(
  connection: Connection,
  { from, to }: { from: string; to: string },
  { transcript, signal, onStep }: Trial,
): Promise<Finding> {
  const steps = [
    { step: 'mail', line: `MAIL FROM:<${from}>`, codes: [250], situation: 'sender-refused', about: from },
    { step: 'rcpt', line: `RCPT TO:<${to}>`, codes: [250, 251], situation: 'recipient-refused', about: to },
    { step: 'data', line: 'DATA', codes: [354], situation: 'data-refused', about: '' },
  ] as const
  for (const { step, line, codes, situation, about } of steps) {
    onStep?.(step)
    transcript.client(line)
    const wait = { replies: 1, timeoutMs: defaultTimeouts.envelopeMs }
    const { replies, loss }: Exchange = await connection.exchange(`${line}\r\n`, wait)
    const [reply] = replies
    if (reply === undefined) {
      const isSilent = loss?.kind === 'timeout' || signal.aborted
      const lost = isSilent ? 'no-answer' : loss?.kind === 'nonsense' ? 'not-smtp' : 'closed-early'
      return { step, situation: lost, words: loss?.text ?? '' }
    }
    const accepted: readonly number[] = codes
    // A server of our kind takes any envelope sender, and says here whether mail from this address would be taken.
    const isWarned = step === 'mail' && reply.enhanced === senderWarning
    if (isWarned || !accepted.includes(reply.code)) {
      const said = describeReply(reply)
      return { step, situation, words: about === '' ? said : `${about}: ${said}` }
    }
  }
  return { step: 'data', situation: 'ok', words: '' }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
