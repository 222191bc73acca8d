/** What a person publishes in DNS, in the two forms that DNS providers ask for. */
import type { SigningKey } from '../signing/signing-key.ts'

export type DnsRecord = {
  purpose: 'ownership' | 'dkim' | 'spf' | 'dmarc' | 'return-path' | 'mx'
  /** Absolute, with the dot at its end. */
  name: string
  type: 'TXT' | 'CNAME' | 'MX'
  /** Host names with the dot at their end. */
  value: string
  /** What it is for and what to mind, in a sentence. */
  advice: string
}

export type PublishedKey = {
  domainName: string
  selector: string
  algorithm: SigningKey['algorithm']
  publicKey: string
}

/** The label before a domain under which its bounces come back: whoever comes from Mailjet has it already. */
export const returnPathLabel = 'bnc3'

/** The name carries the beginning of the token: several accounts may prove one domain beside each other. */
export function ownershipRecord({ domainName, token }: { domainName: string; token: string }): DnsRecord {
  return {
    purpose: 'ownership',
    name: `mailjet._${token.slice(0, 8)}.${domainName}.`,
    type: 'TXT',
    value: token,
    advice: `Proves that the domain is yours. In its place a file named ${token}.txt may stand at the root of the web site.`,
  }
}

export function dkimRecord({ domainName, selector, algorithm, publicKey }: PublishedKey): DnsRecord {
  return {
    purpose: 'dkim',
    name: `${selector}._domainkey.${domainName}.`,
    type: 'TXT',
    value: `v=DKIM1; k=${algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519'}; p=${publicKey}`,
    advice: 'Lets receivers check the signature on every message. Publish it exactly as it is.',
  }
}

/** `include` is the name under which this instance publishes the addresses it sends from. */
export function spfRecord({ domainName, include }: { domainName: string; include: string }): DnsRecord {
  return {
    purpose: 'spf',
    name: `${domainName}.`,
    type: 'TXT',
    value: `v=spf1 include:${include} ~all`,
    advice: `A domain has one SPF record: when there is one already, only add include:${include} to it.`,
  }
}

export function dmarcRecord({ domainName }: { domainName: string }): DnsRecord {
  return {
    purpose: 'dmarc',
    name: `_dmarc.${domainName}.`,
    type: 'TXT',
    value: `v=DMARC1; p=none; rua=mailto:postmaster@${domainName}`,
    advice:
      'Large providers ask for one. p=none only watches; go on to p=quarantine when the reports look right. When there is one already, leave it.',
  }
}

export function returnPathRecord({
  domainName,
  bounceDomain,
}: {
  domainName: string
  bounceDomain: string
}): DnsRecord {
  return {
    purpose: 'return-path',
    name: `${returnPathLabel}.${domainName}.`,
    type: 'CNAME',
    value: `${bounceDomain}.`,
    advice: 'Optional: bounces then come back under your own domain, and SPF counts for DMARC too.',
  }
}

export function mxRecord({ domainName, host }: { domainName: string; host: string }): DnsRecord {
  return {
    purpose: 'mx',
    name: `${domainName}.`,
    type: 'MX',
    value: `10 ${host}.`,
    advice: 'Only when this instance is to receive the mail of the domain; otherwise leave what is there.',
  }
}

// RFC 1035 §3.3: one string of a TXT record holds at most 255 bytes.
const stringBytes = 255

/** As in a zone file: `name. IN TXT "…" "…"`. */
export function formatZoneLine({ name, type, value }: DnsRecord): string {
  if (type !== 'TXT') return `${name} IN ${type} ${value}`
  const strings: string[] = []
  for (let start = 0; start < value.length; start += stringBytes) {
    const part = value.slice(start, start + stringBytes)
    strings.push(`"${part.replace(/["\\]/g, '\\$&')}"`)
  }
  return `${name} IN TXT ${strings.join(' ')}`
}

/** As in a provider's form: the host relative to the domain (`@` for itself), the value whole and without quotes. */
export function toHostAndValue(record: DnsRecord, domainName: string): { host: string; value: string } {
  const absolute = record.name.slice(0, -1)
  const host = absolute === domainName ? '@' : absolute.slice(0, -1 - domainName.length)
  return { host, value: record.value }
}
