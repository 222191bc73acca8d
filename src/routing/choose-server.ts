/**
 * Which outgoing server carries a message: the nine steps of reference/outgoing-mail-servers.md §5. Pure. Every step
 * that was looked at leaves its reason, for people who ask why.
 */
import {
  domainOf,
  filterNamesAddress,
  filterNamesDomain,
  matchesFilter,
  normaliseSender,
} from './sender-text.ts'

/** What choosing needs to know of a server. */
export type Candidate = {
  id: number
  name: string
  /** The smallest number is used first; equal numbers go by id. */
  priority: number
  /** Comma-separated addresses and domains; null or '' is open to all. */
  fromFilter: string | null
  isActive: boolean
}

export type Choice<Server extends Candidate> =
  | {
      kind: 'chosen'
      /** Undefined where there is no active server. */
      server: Server | undefined
      /** The sender the message is to be prepared for: the From as given, or the notifications address. */
      sender: string
      /** What this session may send for; null allows everything. */
      sessionFilter: string | null
      because: string[]
    }
  | { kind: 'refused'; error: 'server_archived' | 'server_unknown'; because: string[] }

export type Question<Server extends Candidate> = {
  servers: readonly Server[]
  /** The From of the message, as written. */
  from: string
  /** The notifications address (`defaultAddresses`). */
  defaultFrom: string | undefined
  /** What may be sent when there is no server at all. */
  noServerFilter: string | undefined
  /** A server that the message demands by id. */
  forcedServerId?: number
}

export function chooseServer<Server extends Candidate>(question: Question<Server>): Choice<Server> {
  const { servers, from, forcedServerId } = question
  if (forcedServerId !== undefined) return forced(servers, from, forcedServerId)
  const usable = servers
    .filter((server) => server.isActive)
    .toSorted((a, b) => a.priority - b.priority || a.id - b.id)
  const [first] = usable
  return first === undefined ? withoutServer(question) : amongServers(usable, first, question)
}

function forced<Server extends Candidate>(
  servers: readonly Server[],
  from: string,
  id: number,
): Choice<Server> {
  const server = servers.find((candidate) => candidate.id === id)
  if (server === undefined) {
    const because = [`the message demands the outgoing server ${id}, which does not exist`]
    return { kind: 'refused', error: 'server_unknown', because }
  }
  if (!server.isActive) {
    const because = [`the message demands ${quote(server)}, which is archived`]
    return { kind: 'refused', error: 'server_archived', because }
  }
  const because = [`the message demands ${quote(server)}, so From filters and priorities are not looked at`]
  if (!matchesFilter(from, server.fromFilter)) {
    because.push(
      `warning: its From filter (${server.fromFilter}) does not cover ${from}; a demanded server sends it all the same`,
    )
  }
  return chosen(server, from, because)
}

/** The first server that `step` finds; the steps that found none are told before it. */
function amongServers<Server extends Candidate>(
  usable: readonly Server[],
  first: Server,
  { from, defaultFrom }: Question<Server>,
): Choice<Server> {
  const sender = normaliseSender(from)
  const notifications = defaultFrom === undefined ? undefined : normaliseSender(defaultFrom)
  const because: string[] = []

  if (sender === undefined) {
    because.push(`the From (${from}) does not hold exactly one address, so no From filter can name it`)
  } else {
    const named = findNaming(usable, sender, because)
    if (named !== undefined) return chosen(named, from, because)
  }
  if (notifications === undefined) {
    because.push('there is no default From that it could be sent as')
  } else if (notifications !== sender) {
    because.push(`next is looked for a server for the default From, ${notifications}`)
    const named = findNaming(usable, notifications, because)
    if (named !== undefined) return chosen(named, notifications, because)
  }

  const asWhom = notifications === undefined ? 'with its own From' : `as ${notifications}`
  const open = usable.find((server) => server.fromFilter === null || server.fromFilter === '')
  if (open !== undefined) {
    because.push(`${quote(open)} has no From filter, so it takes the message, ${asWhom}`)
    return chosen(open, notifications ?? from, because)
  }
  because.push(
    'no server is without a From filter',
    `warning: ${quote(first)}, the first of all by priority, takes the message ${asWhom}; it may well refuse it`,
  )
  return chosen(first, notifications ?? from, because)
}

/** A filter that names the address goes before one that names its domain, whatever their priorities are. */
function findNaming<Server extends Candidate>(
  usable: readonly Server[],
  address: string,
  because: string[],
): Server | undefined {
  const find = (test: (filter: string) => boolean) =>
    usable.find((server) => server.fromFilter !== null && server.fromFilter !== '' && test(server.fromFilter))
  const byAddress = find((filter) => filterNamesAddress(filter, address))
  if (byAddress !== undefined) {
    because.push(`the From filter of ${quote(byAddress)} names the address ${address}`)
    return byAddress
  }
  because.push(`no From filter names the address ${address}`)
  const domain = domainOf(address)
  const byDomain = find((filter) => filterNamesDomain(filter, domain))
  because.push(
    byDomain === undefined
      ? `no From filter names the domain ${domain}`
      : `the From filter of ${quote(byDomain)} names the domain ${domain}`,
  )
  return byDomain
}

function withoutServer<Server extends Candidate>(question: Question<Server>): Choice<Server> {
  const { from, defaultFrom, noServerFilter } = question
  const filter = noServerFilter ?? null
  const direct = (sender: string, reason: string): Choice<Server> => ({
    kind: 'chosen',
    server: undefined,
    sender,
    sessionFilter: filter,
    because: ['there is no active outgoing server, so this instance sends it itself', reason],
  })
  if (filter === null) return direct(from, 'no filter restricts the sender')
  if (matchesFilter(from, filter)) return direct(from, `the filter for that (${filter}) covers ${from}`)
  const notifications = defaultFrom === undefined ? undefined : normaliseSender(defaultFrom)
  const foreign = `the filter for that (${filter}) does not cover ${from}`
  if (notifications === undefined) {
    return direct(from, `warning: ${foreign}, and there is no default From that it could be sent as`)
  }
  return matchesFilter(notifications, filter)
    ? direct(notifications, `${foreign}, but covers the default From, ${notifications}`)
    : direct(
        notifications,
        `warning: ${foreign}, nor the default From, ${notifications}, which it is sent as`,
      )
}

function chosen<Server extends Candidate>(server: Server, sender: string, because: string[]): Choice<Server> {
  return { kind: 'chosen', server, sender, sessionFilter: server.fromFilter, because }
}

function quote(server: Candidate): string {
  return `"${server.name}" (priority ${server.priority})`
}
