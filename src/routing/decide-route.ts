/**
 * The whole decision, pure: the servers, the parameters and the From in; the server, the From header and the envelope
 * sender out. Delivery, `explain` and the case file all come here.
 */
import { type Candidate, chooseServer } from './choose-server.ts'
import { defaultAddresses, type ParameterValues } from './default-addresses.ts'
import { prepareSender } from './prepare-sender.ts'
import type { RouteError } from './route.ts'

export type RouteQuestion<Server extends Candidate> = {
  servers: readonly Server[]
  parameters: ParameterValues
  /** null when the message has none. */
  from: string | null
  /** The Return-Path that the client set. */
  returnPath?: string
  forcedServerId?: number
}

export type Decision<Server extends Candidate> = {
  server: Server | undefined
  because: string[]
} & ({ fromHeader: string; envelopeFrom: string } | { error: RouteError })

export function decideRoute<Server extends Candidate>(question: RouteQuestion<Server>): Decision<Server> {
  const { servers, parameters, returnPath, forcedServerId } = question
  const defaults = defaultAddresses(parameters)
  const own = question.from === '' ? null : question.from
  const from = own ?? defaults.from
  if (from === undefined) {
    const because = ['the message has no From, and no default From is set']
    return { server: undefined, error: 'from_missing', because }
  }
  const because = own === null ? [`the message has no From, so it is sent as ${from}`] : []
  const choice = chooseServer({
    servers,
    from,
    defaultFrom: defaults.from,
    noServerFilter: defaults.fromFilter,
    ...(forcedServerId !== undefined && { forcedServerId }),
  })
  because.push(...choice.because)
  if (choice.kind === 'refused') return { server: undefined, error: choice.error, because }
  const { server, sender, sessionFilter } = choice
  const prepared = prepareSender({
    from,
    sessionSender: sender,
    sessionFilter,
    defaultFrom: defaults.from,
    defaultBounce: defaults.bounce,
    ...(returnPath !== undefined && returnPath !== '' && { returnPath }),
  })
  because.push(...prepared.because)
  if (prepared.kind === 'refused') return { server, error: prepared.error, because }
  const { fromHeader, envelopeFrom } = prepared
  return { server, fromHeader, envelopeFrom, because }
}
