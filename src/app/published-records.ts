/** What the lab's DNS says of this instance by itself: everything a careful operator would have published. */
import { dkimRecord } from '../domains/dns-records.ts'
import type { DnsRecord } from '../lab/records.ts'
import { isLabDomain } from '../lab/zone.ts'
import { parseDomain } from '../mail/address.ts'
import type { Storage } from '../storage/storage.ts'
import { labDomain } from './first-start.ts'

const ttl = 5

/** The lab receives from this machine's loopback addresses. */
const loopbackSpf = 'v=spf1 ip4:127.0.0.1 ip6:::1 -all'

export async function publishedRecords(
  storage: Storage,
  { name, ownMailDomains }: { name: string; ownMailDomains: readonly string[] },
): Promise<DnsRecord[]> {
  const txt = (recordName: string, value: string): DnsRecord => ({
    name: recordName,
    type: 'TXT',
    value,
    ttl,
  })
  const records: DnsRecord[] = [
    { name, type: 'A', value: '127.0.0.1', ttl },
    { name: '1.0.0.127.in-addr.arpa', type: 'PTR', value: name, ttl },
    ...ownMailDomains.map((domain): DnsRecord => ({ name: domain, type: 'MX', value: `10 ${name}`, ttl })),
    txt(name, loopbackSpf),
    ...ownMailDomains.map((domain) => txt(domain, loopbackSpf)),
    txt(spfIncludeName(name), loopbackSpf),
    txt(labDomain, `v=spf1 include:${spfIncludeName(name)} ~all`),
    txt(`_dmarc.${name}`, 'v=DMARC1; p=reject'),
    txt(`_dmarc.${labDomain}`, 'v=DMARC1; p=quarantine'),
  ]
  // An account's bounce, catchall and aliases are addresses of its catchall domain.
  for (const domain of await catchallDomains(storage)) {
    records.push({ name: domain, type: 'MX', value: `10 ${name}`, ttl })
  }
  const keys = await storage.db
    .selectFrom('dkim_keys')
    .select(['domain_name', 'selector', 'algorithm', 'public_key'])
    .where('domain_name', 'in', [name, labDomain])
    .where('state', '!=', 'retired')
    .execute()
  for (const key of keys) {
    const record = dkimRecord({
      domainName: key.domain_name,
      selector: key.selector,
      algorithm: key.algorithm,
      publicKey: key.public_key,
    })
    records.push(txt(record.name.replace(/\.$/, ''), record.value))
  }
  return records
}

async function catchallDomains({ db }: Storage): Promise<string[]> {
  const rows = await db
    .selectFrom('system_parameters')
    .select('value')
    .distinct()
    .where('name', '=', 'mail.catchall.domain')
    .execute()
  return rows.flatMap(({ value }) => parseDomain(value.trim()) ?? []).filter(isLabDomain)
}

/** Customers write `include:` this name into their SPF record. */
export function spfIncludeName(name: string): string {
  return `spf.${name}`
}
