/** The rules of one account as they were read: decides without asking the database, and remembers what it decided. */

import type { ServerId } from '../mail/ids.ts'
import { createRecent } from '../runtime/recent.ts'
import type { Candidate } from './choose-server.ts'
import { decideRoute } from './decide-route.ts'
import { type DefaultAddresses, defaultAddresses, type ParameterValues } from './default-addresses.ts'
import { massMailingServerId } from './parameters.ts'
import type { RelayServer, Route } from './route.ts'
import { matchesFilter } from './sender-text.ts'
import type { ServerRow } from './servers.ts'

export type RoutedMessage = {
  /** The whole From header as plain text; asked for only where the rules look at it. */
  readFrom(): string | null
  /** The envelope sender that the client asked for, where it is another than the From. */
  returnPath?: string
  /** Mass mail, as reference/mass-mailing.md means it. */
  isBulk: boolean
  /** Demands a server. */
  forcedServerId?: ServerId
}

export type Rules = {
  decide(message: RoutedMessage): Route
  /** As whom, by whom: what decides whether an author may send at all. */
  carriageOf(from: string): Carriage
  /** The notifications address. */
  defaultFrom: string | undefined
}

export type Carriage =
  /** A server whose From filter covers the author, or that is open to all. */
  | 'by-server'
  /** Nobody was set up to send for the author. */
  | 'by-nobody'
  /** This instance sends it itself, under another address. */
  | { directlyAs: string }

type RowCandidate = Candidate & { row: ServerRow }

const maxRemembered = 1_000

export function createRules({
  rows,
  parameters,
  smarthost,
  open,
}: {
  rows: readonly ServerRow[]
  /** Those of the account and, as cli.*, those of the settings. */
  parameters: ParameterValues
  /** What everything goes through where no server is active. */
  smarthost: RelayServer | undefined
  open(row: ServerRow): RelayServer
}): Rules {
  const servers: RowCandidate[] = rows.map((row) => ({
    id: row.id,
    name: row.name,
    priority: row.priority,
    fromFilter: row.from_filter,
    isActive: row.is_active === 1,
    row,
  }))
  const defaults = defaultAddresses(parameters)
  const massMailing = massMailingServerId(parameters)
  // An account that has set nothing up: every From goes out as it is.
  const hasNoRules =
    massMailing === undefined &&
    defaults.fromFilter === undefined &&
    !hasBounceAddress(parameters, defaults) &&
    servers.every((server) => !server.isActive)
  const plain = withoutServer(
    { because: ['there is no active outgoing server, so this instance sends it itself'] },
    smarthost,
  )
  const remembered = createRecent<string, Route>({ max: maxRemembered })

  function decide({ returnPath, isBulk, forcedServerId }: RoutedMessage, from: string | null): Route {
    const demanded = forcedServerId ?? (isBulk ? massMailing : undefined)
    // What we send ourselves never has a client's own envelope sender: SPF would not allow it, nor could we hear of
    // what comes back.
    const isOurs = demanded === undefined && servers.every((server) => !server.isActive)
    const { because, server, ...decision } = decideRoute({
      servers,
      parameters,
      from,
      ...(returnPath !== undefined && !isOurs && { returnPath }),
      ...(demanded !== undefined && { forcedServerId: demanded }),
    })
    if (demanded !== undefined && forcedServerId === undefined) {
      because.unshift('it is mass mail, which this account sends through a server of its own')
    }
    if ('error' in decision) return { kind: 'refused', error: decision.error, because }
    const rewrite = decision.fromHeader === from ? {} : { fromHeader: decision.fromHeader }
    const { envelopeFrom } = decision
    if (server === undefined) {
      // Bounces of mail that we send ourselves come back to us, unless the account has an address for them.
      const ownBounces = !hasBounceAddress(parameters, defaults)
      if (ownBounces) because.push('returned mail comes back to this instance')
      return withoutServer({ because, ...rewrite, ...(!ownBounces && { envelopeFrom }) }, smarthost)
    }
    const fallback = rows.find(({ id }) => id === server.row.fallback_server_id)
    return {
      kind: 'relay',
      server: open(server.row),
      ...(fallback !== undefined && fallback.is_active === 1 && { fallback: open(fallback) }),
      ...rewrite,
      envelopeFrom,
      because,
    }
  }

  return {
    decide(message) {
      if (hasNoRules && message.forcedServerId === undefined) return plain
      const from = message.readFrom()
      const key = JSON.stringify([from, message.returnPath, message.isBulk, message.forcedServerId])
      const known = remembered.get(key)
      if (known !== undefined) return known
      const route = decide(message, from)
      remembered.set(key, route)
      return route
    },
    defaultFrom: defaults.from,
    carriageOf(from) {
      const { server, ...decision } = decideRoute({ servers, parameters, from })
      if ('error' in decision) return 'by-nobody'
      const isRewritten = decision.fromHeader !== from
      if (server === undefined) return isRewritten ? { directlyAs: decision.fromHeader } : 'by-nobody'
      return isRewritten || matchesFilter(from, server.fromFilter) ? 'by-server' : 'by-nobody'
    },
  }
}

function withoutServer(
  { because, ...rewrite }: { because: string[]; fromHeader?: string; envelopeFrom?: string },
  smarthost: RelayServer | undefined,
): Route {
  if (smarthost === undefined) {
    const direct = 'it goes to the MX hosts of the recipient'
    return { kind: 'mx', ...rewrite, because: [...because, direct] }
  }
  const relayed = `it goes through the relay of the settings, ${smarthost.host}`
  return { kind: 'relay', server: smarthost, ...rewrite, because: [...because, relayed] }
}

/** An address for returned mail that the account set itself, and that may be used without a server. */
function hasBounceAddress(parameters: ParameterValues, { bounce, fromFilter }: DefaultAddresses): boolean {
  const isSet = (name: string) => (parameters[name]?.trim() ?? '') !== ''
  return (
    isSet('mail.bounce.alias') &&
    isSet('mail.catchall.domain') &&
    bounce !== undefined &&
    matchesFilter(bounce, fromFilter)
  )
}

/** A client's envelope sender says something of its own only where it is another address than the From. */
export function ownReturnPath({
  envelopeFrom,
  fromAddress,
}: {
  envelopeFrom: string
  fromAddress: string
}): string | undefined {
  const isOwn = envelopeFrom !== '' && envelopeFrom.toLowerCase() !== fromAddress.toLowerCase()
  return isOwn ? envelopeFrom : undefined
}
