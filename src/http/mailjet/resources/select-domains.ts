/** Domains of a key with the DKIM key that signs for them. */
import { parseDomain } from '../../../mail/address.ts'
import type { DomainId } from '../../../mail/ids.ts'
import type { Instant, RecordStatus, Schema } from '../../../storage/schema.ts'
import type { Page, Query } from '../resource.ts'

export type DomainRow = {
  id: DomainId
  name: string
  ownershipToken: string
  dkimStatus: RecordStatus
  spfStatus: RecordStatus
  lastCheckAt: Instant | null
  key: DkimKey | undefined
  /** Whose SPF record is to be included. */
  spfInclude: string
}

type DkimKey = {
  domainName: string
  selector: string
  algorithm: Schema['dkim_keys']['algorithm']
  publicKey: string
}

/** As in the path: its id or its name. */
export async function selectDomains(query: Query, page: Page): Promise<DomainRow[]> {
  const rows = await filtered(query).selectAll().orderBy('id').limit(page.limit).offset(page.offset).execute()
  const keys = await selectKeys(
    query,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    ownershipToken: row.ownership_token,
    dkimStatus: row.dkim_status,
    spfStatus: row.spf_status,
    lastCheckAt: row.last_check_at,
    key: keys.get(row.id),
    spfInclude: query.parts.domains.settings.spfInclude,
  }))
}

export async function countDomains(query: Query): Promise<number> {
  const { count } = await filtered(query)
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The signing key of each; of several the RSA key, which every receiver knows. */
async function selectKeys(
  { db }: Query,
  domainIds: readonly DomainId[],
): Promise<ReadonlyMap<DomainId, DkimKey>> {
  if (domainIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('dkim_keys')
    .select(['domain_id', 'domain_name', 'selector', 'algorithm', 'public_key'])
    .where('domain_id', 'in', domainIds)
    .where('state', '=', 'active')
    .orderBy('id')
    .execute()
  const keys = new Map<DomainId, DkimKey>()
  for (const row of rows) {
    if (keys.has(row.domain_id) && row.algorithm !== 'rsa-sha256') continue
    keys.set(row.domain_id, {
      domainName: row.domain_name,
      selector: row.selector,
      algorithm: row.algorithm,
      publicKey: row.public_key,
    })
  }
  return keys
}

function filtered({ db, keyId, id, uniqueKey, filters }: Query) {
  let query = db.selectFrom('domains').where('key_id', '=', keyId)
  if (id !== undefined) query = query.where('id', '=', id as DomainId)
  const [name] = uniqueKey ?? []
  if (name !== undefined) query = query.where('name', '=', parseDomain(name) ?? '')
  const before = filters.time('MaxLastCheckAt')
  if (before !== undefined) query = query.where('last_check_at', '<', before)
  const since = filters.time('MinLastCheckAt')
  if (since !== undefined) query = query.where('last_check_at', '>=', since)
  const status = filters.text('SPFStatus')?.toLowerCase()
  if (status !== undefined) {
    const found = Object.entries(statusOf).find(([word]) => word === status)?.[1]
    query = found === undefined ? query.where('name', '=', '') : query.where('spf_status', '=', found)
  }
  // A check is over before its answer goes out, so none is ever seen in progress.
  // Nor is any domain of a complaint loop of Yahoo's: whoever runs this joins it, or does not, for all.
  if (filters.boolean('IsCheckInProgress') || filters.boolean('IsYahooFBL'))
    query = query.where('name', '=', '')
  const isIdentified = filters.boolean('IsSenderIdentified')
  if (isIdentified !== undefined) {
    query = query.where(({ exists, not, selectFrom }) => {
      const proved = exists(
        selectFrom('senders')
          .select('senders.id')
          .whereRef('senders.domain_id', '=', 'domains.id')
          .where('senders.key_id', '=', keyId)
          .where('senders.status', '=', 'active'),
      )
      return isIdentified ? proved : not(proved)
    })
  }
  return query
}

const statusOf: Record<string, RecordStatus> = { 'not checked': 'not-checked', ok: 'ok', error: 'error' }
