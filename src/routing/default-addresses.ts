/** The addresses that system parameters stand for (reference/outgoing-mail-servers.md §3). */

/** System parameters by name; `cli.email_from` and `cli.from_filter` are the instance's own settings. */
export type ParameterValues = Readonly<Record<string, string | undefined>>

export type DefaultAddresses = {
  /** The notifications address: what strangers' mail is sent as. */
  from: string | undefined
  /** Where returned mail goes. */
  bounce: string | undefined
  /** What may be sent without a server record; undefined allows everything. */
  fromFilter: string | undefined
}

export function defaultAddresses(parameters: ParameterValues): DefaultAddresses {
  const value = (name: string) => parameters[name]?.trim() || undefined
  const emailFrom = value('cli.email_from')
  return {
    from: atDomain(value('mail.default.from'), value('mail.catchall.domain')) ?? emailFrom,
    bounce: joined(value('mail.bounce.alias'), value('mail.catchall.domain')) ?? emailFrom,
    fromFilter: value('mail.default.from_filter') ?? value('cli.from_filter'),
  }
}

/** A whole address stays; a local part needs the domain. */
function atDomain(address: string | undefined, domain: string | undefined): string | undefined {
  return address?.includes('@') ? address : joined(address, domain)
}

function joined(local: string | undefined, domain: string | undefined): string | undefined {
  return local === undefined || domain === undefined ? undefined : `${local}@${domain}`
}
