/** What a client wants to hear about a recipient (RFC 3461 §4.1), read from what it said at RCPT. Pure. */

export type Notice = 'failed' | 'delayed' | 'relayed'

const words = { failed: 'FAILURE', delayed: 'DELAY', relayed: 'SUCCESS' } satisfies Record<Notice, string>

/** Without NOTIFY, failures are told and nothing else. */
export function wants(dsn: string | undefined, notice: Notice): boolean {
  const wishes = notifyOf(dsn)
  return wishes === undefined ? notice === 'failed' : wishes.includes(words[notice])
}

/** The same wishes once a delay has been told. */
export function afterDelay(dsn: string): string {
  const left = (notifyOf(dsn) ?? []).filter((word) => word !== words.delayed)
  // Without NOTIFY failures would be told, which this client did not ask for.
  const notify = left.length === 0 ? 'NEVER' : left.join(',')
  return dsn.replace(notifyPattern, (_all, before: string) => `${before}NOTIFY=${notify}`)
}

const notifyPattern = /(^|\s)NOTIFY=(\S+)/i

function notifyOf(dsn: string | undefined): string[] | undefined {
  return notifyPattern
    .exec(dsn ?? '')?.[2]
    ?.toUpperCase()
    .split(',')
}
