/** Domains that an API key sends from, with the keys that sign for them. */
import { type Kysely, type Selectable, sql } from 'kysely'
import { parseDomain } from '../mail/address.ts'
import type { DomainId, KeyId, SenderId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Instant, RecordStatus, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { scheduleCheck } from './check-schedule.ts'
import { checkSelector, generateEd25519Key, generateRsaKey, importDkimKey } from './dkim-keys.ts'
import {
  type DnsRecord,
  dkimRecord,
  dmarcRecord,
  ownershipRecord,
  type PublishedKey,
  returnPathRecord,
  spfRecord,
} from './dns-records.ts'
import { insertDomainRow, insertKeyRows, type SelectedKey, toKeyRow } from './domain-rows.ts'
import { activateSender } from './senders.ts'

export type Domain = {
  id: DomainId
  keyId: KeyId
  /** A-label form, lower-case. */
  name: string
  /** Proved, by whatever way: every address of it may send. */
  isActive: boolean
  /** 32 hex characters: the value of the TXT record, and the name of the file, that prove it. */
  ownershipToken: string
  dkimStatus: RecordStatus
  spfStatus: RecordStatus
  dmarcStatus: RecordStatus
  returnPathStatus: RecordStatus
  lastCheckAt: Instant | null
  /** What is wrong with its records; '' when nothing is. */
  problem: string
  createdAt: Instant
}

/** As with Mailjet, so that who comes from there changes only the value of a record (reference/senders-domains-dns.md). */
export const defaultSelector = 'mailjet'

/**
 * Adds a domain with its DKIM key (made, or imported with its selector), optionally an Ed25519 key beside it, and lets
 * every address of the domain send. Trusts the caller to own the domain.
 */
export async function addDomain(
  storage: Storage,
  options: {
    keyId: KeyId
    name: string
    selector?: string
    seal: Seal
    dkim?: { pem: string } | { bits: number }
    ed25519?: boolean
    /** Its records are known to be in DNS: mail is signed with its keys from now on, before the first check. */
    isPublished?: boolean
    now: Instant
  },
): Promise<Domain> {
  const { keyId, seal, now, isPublished = false } = options
  const name = normaliseDomain(options.name)
  const selector = checkSelector(options.selector ?? defaultSelector)
  const keys = await makeKeys(selector, options)
  const firstId = await storage.reserveIds(3 + keys.length)
  const id = firstId as DomainId

  await storage.db.transaction().execute(async (transaction) => {
    if (!(await insertDomainRow(transaction, { id, keyId, name, now }))) {
      throw new Refused(
        'conflict',
        `${name} is a domain of this API key already; see its records with: paravion domain show ${name}`,
      )
    }
    for (const key of keys) await refuseTakenSelector(transaction, name, key.selector)
    const rows = keys.map((key) => ({ ...toKeyRow(key, seal), verified_at: isPublished ? now : null }))
    await insertKeyRows(transaction, { firstId: firstId + 3, domainId: id, name, keys: rows, now })
    if (isPublished) {
      await transaction.updateTable('domains').set({ dkim_status: 'ok' }).where('id', '=', id).execute()
    }
    await scheduleCheck(transaction, { id: firstId + 2, domainId: id, keyId, now })
    await activateSender(transaction, {
      id: (firstId + 1) as SenderId,
      keyId,
      email: `*@${name}`,
      name: '',
      kind: 'unknown',
      domainId: id,
      now,
    })
  })
  return getDomain(storage, { keyId, name })
}

export async function listDomains(storage: Storage, { keyId }: { keyId?: KeyId } = {}): Promise<Domain[]> {
  const all = selectDomains(storage.db).orderBy('domains.name').orderBy('domains.id')
  const rows = await (keyId === undefined ? all : all.where('domains.key_id', '=', keyId)).execute()
  return rows.map(toDomain)
}

/** By name or by id; undefined when the key has no such domain. */
export async function findDomain(
  storage: Pick<Storage, 'db'>,
  { keyId, ...by }: { keyId: KeyId } & ({ name: string } | { id: DomainId }),
): Promise<Domain | undefined> {
  const own = selectDomains(storage.db).where('domains.key_id', '=', keyId)
  const row = await ('id' in by
    ? own.where('domains.id', '=', by.id)
    : own.where('domains.name', '=', normaliseDomain(by.name))
  ).executeTakeFirst()
  return row && toDomain(row)
}

export async function getDomain(
  storage: Pick<Storage, 'db'>,
  { keyId, name }: { keyId: KeyId; name: string },
): Promise<Domain> {
  const domain = await findDomain(storage, { keyId, name })
  if (domain !== undefined) return domain
  const normal = normaliseDomain(name)
  throw new Refused(
    'not-found',
    `${normal} is not a domain of this API key; add it with: paravion domain add ${normal}`,
  )
}

/** For the periodic check, which serves all keys. */
export async function findDomainById(
  storage: Pick<Storage, 'db'>,
  id: DomainId,
): Promise<Domain | undefined> {
  const row = await selectDomains(storage.db).where('domains.id', '=', id).executeTakeFirst()
  return row && toDomain(row)
}

export type DomainKey = PublishedKey & {
  id: number
  state: Schema['dkim_keys']['state']
  /** Since when DNS shows it; null: nothing is signed with it yet. */
  verifiedAt: Instant | null
  retiredAt: Instant | null
}

export type DomainToPublish = Domain & {
  keys: readonly DomainKey[]
  /** In the order in which to publish them. */
  records: readonly DnsRecord[]
}

/** How long the record of a replaced key stays published: longer than any mail signed with it is under way. */
export const retiredKeyMs = 7 * 24 * 60 * 60_000

/**
 * The domain and what belongs into its zone. `spfInclude` is the name that this instance's SPF record has,
 * `bounceDomain` where its bounces come back to.
 */
export async function showDomain(
  storage: Storage,
  {
    keyId,
    name,
    spfInclude,
    bounceDomain,
  }: { keyId: KeyId; name: string; spfInclude: string; bounceDomain: string },
): Promise<DomainToPublish> {
  const domain = await getDomain(storage, { keyId, name })
  const keys = await readKeys(storage, domain.id)
  const named = { domainName: domain.name }
  const records = [
    ...(domain.isActive ? [] : [ownershipRecord({ ...named, token: domain.ownershipToken })]),
    ...keys.map(recordOfKey),
    spfRecord({ ...named, include: spfInclude }),
    dmarcRecord(named),
    returnPathRecord({ ...named, bounceDomain }),
  ]
  return { ...domain, keys, records }
}

export async function readKeys(storage: Pick<Storage, 'db'>, id: DomainId): Promise<DomainKey[]> {
  const rows = await storage.db
    .selectFrom('dkim_keys')
    .selectAll()
    .where('domain_id', '=', id)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    domainName: row.domain_name,
    selector: row.selector,
    algorithm: row.algorithm,
    publicKey: row.public_key,
    state: row.state,
    verifiedAt: row.verified_at,
    retiredAt: row.retired_at,
  }))
}

function recordOfKey(key: DomainKey): DnsRecord {
  const record = dkimRecord(key)
  if (key.state === 'next') {
    return {
      ...record,
      advice: 'The new key: publish it beside the old one. Signing changes over when it is seen in DNS.',
    }
  }
  if (key.state === 'retired' && key.retiredAt !== null) {
    const until = new Date(key.retiredAt + retiredKeyMs).toISOString().slice(0, 10)
    return { ...record, advice: `A former key: leave it there until ${until}, then take it away.` }
  }
  return record
}

/** A-label form, lower-case; refuses what could not stand behind the @ of an address. */
export function normaliseDomain(name: string): string {
  const domain = parseDomain(name.trim())
  if (domain === undefined) {
    throw new Refused(
      'bad-value',
      `'${name.slice(0, 300)}' is not a domain name; write it like shop.example, without @ or http://`,
    )
  }
  return domain
}

async function makeKeys(
  selector: string,
  { dkim, ed25519 }: { dkim?: { pem: string } | { bits: number }; ed25519?: boolean },
): Promise<SelectedKey[]> {
  const first = dkim !== undefined && 'pem' in dkim ? importDkimKey(dkim.pem) : await generateRsaKey(dkim)
  const keys = [{ ...first, selector }]
  if (ed25519) {
    if (first.algorithm === 'ed25519-sha256') {
      throw new Refused('bad-value', 'the imported key is an Ed25519 key already; leave out the second one')
    }
    keys.push({ ...(await generateEd25519Key()), selector: checkSelector(`${selector}-ed25519`) })
  }
  return keys
}

async function refuseTakenSelector(db: Kysely<Schema>, name: string, selector: string): Promise<void> {
  const taken = await db
    .selectFrom('dkim_keys')
    .innerJoin('senders', 'senders.domain_id', 'dkim_keys.domain_id')
    .select('dkim_keys.id')
    .where('dkim_keys.domain_name', '=', name)
    .where('dkim_keys.selector', '=', selector)
    // Who has not proved the domain must not be able to occupy its names.
    .where('senders.email', '=', `*@${name}`)
    .where('senders.status', '=', 'active')
    .executeTakeFirst()
  if (taken !== undefined) {
    throw new Refused(
      'conflict',
      `the selector '${selector}' of ${name} is in use by another API key, and one DNS name can hold one key; choose another with --selector`,
    )
  }
}

function selectDomains(db: Kysely<Schema>) {
  return db
    .selectFrom('domains')
    .leftJoin('senders', (join) =>
      join
        .onRef('senders.key_id', '=', 'domains.key_id')
        .on('senders.email', '=', sql<string>`'*@' || domains.name`),
    )
    .selectAll('domains')
    .select('senders.status as sender_status')
}

function toDomain(row: Selectable<Schema['domains']> & { sender_status: string | null }): Domain {
  return {
    id: row.id,
    keyId: row.key_id,
    name: row.name,
    isActive: row.sender_status === 'active',
    ownershipToken: row.ownership_token,
    dkimStatus: row.dkim_status,
    spfStatus: row.spf_status,
    dmarcStatus: row.dmarc_status,
    returnPathStatus: row.return_path_status,
    lastCheckAt: row.last_check_at,
    problem: row.problem,
    createdAt: row.created_at,
  }
}
