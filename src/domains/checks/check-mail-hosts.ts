/** Where mail for the domain goes, and under which name its bounces come back: both are the owner's choice. */
import { mxRecord, returnPathRecord } from '../dns-records.ts'
import { noAnswer, type RecordCheck, recordsOf, wrongPlaces, type ZoneReader } from './record-check.ts'

export async function checkMx(
  zone: ZoneReader,
  { domainName, host }: { domainName: string; host: string },
): Promise<RecordCheck> {
  const check = { purpose: 'mx', name: domainName } as const
  const answer = await zone.mx(domainName)
  if (answer.kind === 'failed') {
    return { ...check, status: 'unknown', found: [], problems: [noAnswer(domainName, answer.reason)] }
  }
  const exchanges = recordsOf(answer)
  const found = exchanges.map(({ priority, exchange }) => `${priority} ${exchange === '' ? '.' : exchange}`)
  if (exchanges.some(({ exchange }) => exchange === host)) {
    return { ...check, status: 'ok', found, problems: [] }
  }
  const problem =
    found.length === 0 || exchanges.every(({ exchange }) => exchange === '')
      ? 'the domain receives no mail: answers and activation mails to its addresses would not arrive'
      : 'mail for the domain goes to other hosts, which is fine unless this instance is to receive it'
  return { ...check, status: 'advice', found, problems: [problem], publish: mxRecord({ domainName, host }) }
}

export async function checkReturnPath(
  zone: ZoneReader,
  { domainName, bounceDomain }: { domainName: string; bounceDomain: string },
): Promise<RecordCheck> {
  const publish = returnPathRecord({ domainName, bounceDomain })
  const name = publish.name.slice(0, -1)
  const check = { purpose: 'return-path', name } as const
  const answer = await zone.cname(name)
  if (answer.kind === 'failed') {
    return { ...check, status: 'unknown', found: [], problems: [noAnswer(name, answer.reason)] }
  }
  const found = recordsOf(answer)
  const [target] = found
  if (target === bounceDomain) return { ...check, status: 'ok', found, problems: [] }
  if (target !== undefined) {
    const doubled = target === `${bounceDomain}.${domainName}`
    const problem = doubled
      ? `the provider has appended ${domainName} to the target: end it with a dot`
      : `${name} leads to ${target}; it must lead to ${bounceDomain}`
    return { ...check, status: 'error', found, problems: [problem], publish }
  }
  const [place] = wrongPlaces(name, domainName)
  const misplaced = place !== undefined && recordsOf(await zone.cname(place.name)).length > 0
  const problem = misplaced
    ? `the record stands at ${place.name}; ${place.mistake}`
    : `there is no CNAME record at ${name}; without it only DKIM counts for DMARC, which is enough`
  return { ...check, status: misplaced ? 'error' : 'advice', found, problems: [problem], publish }
}
