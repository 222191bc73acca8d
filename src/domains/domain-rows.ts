/** The rows of a domain and its keys: made when its first sender is, whether or not it is proved yet. */
import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { DomainId, KeyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { scheduleCheck } from './check-schedule.ts'
import {
  checkSelector,
  type DkimKey,
  generateEd25519Key,
  generateRsaKey,
  importDkimKey,
} from './dkim-keys.ts'

export type SelectedKey = DkimKey & { selector: string }

type KeyRow = Pick<Schema['dkim_keys'], 'selector' | 'algorithm' | 'private_key_sealed' | 'public_key'> & {
  verified_at?: Instant | null
}

/** What keys a new domain gets. */
export type WantedKeys = {
  selector: string
  bits: number
  ed25519: boolean
  /** A private key that is brought along: then its selector is taken as it is. */
  pem?: string
}

/** Each unproved domain costs a key pair and periodic looks into DNS. */
const maxUnprovedDomains = 100

/** 32 hex characters. */
export function makeOwnershipToken(): string {
  return randomBytes(16).toString('hex')
}

/** The id of the key's domain of this name; makes the rows when they are not there. */
export async function ensureDomainRow(
  storage: Storage,
  {
    keyId,
    name,
    seal,
    dkim,
    now,
  }: {
    keyId: KeyId
    name: string
    seal: Seal
    dkim: WantedKeys
    now: Instant
  },
): Promise<DomainId> {
  const known = await findDomainId(storage.db, { keyId, name })
  if (known !== undefined) return known
  await refuseTooMany(storage.db, keyId)
  // Sub-keys of one account share the keys of a domain, so that one set of records serves all of them.
  const shared = await keysOfAccount(storage.db, { keyId, name })
  const keys = shared.length > 0 ? shared : await makeKeys(storage.db, { name, seal, dkim })
  const firstId = await storage.reserveIds(2 + keys.length)
  return storage.db.transaction().execute(async (transaction) => {
    const added = await insertDomainRow(transaction, { id: firstId as DomainId, keyId, name, now })
    if (!added) {
      const other = await findDomainId(transaction, { keyId, name })
      if (other === undefined) throw new Error(`${name} is neither there nor can it be added`)
      return other
    }
    await insertKeyRows(transaction, { firstId: firstId + 1, domainId: firstId as DomainId, name, keys, now })
    await scheduleCheck(transaction, {
      id: firstId + 1 + keys.length,
      domainId: firstId as DomainId,
      keyId,
      now,
    })
    return firstId as DomainId
  })
}

export async function findDomainId(
  db: Kysely<Schema>,
  { keyId, name }: { keyId: KeyId; name: string },
): Promise<DomainId | undefined> {
  const row = await db
    .selectFrom('domains')
    .select('id')
    .where('key_id', '=', keyId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row?.id
}

/** False when the key has a domain of this name. */
export async function insertDomainRow(
  db: Kysely<Schema>,
  { id, keyId, name, now }: { id: DomainId; keyId: KeyId; name: string; now: Instant },
): Promise<boolean> {
  const added = await db
    .insertInto('domains')
    .values({ id, key_id: keyId, name, ownership_token: makeOwnershipToken(), created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return added.numInsertedOrUpdatedRows !== 0n
}

export async function insertKeyRows(
  db: Kysely<Schema>,
  {
    firstId,
    domainId,
    name,
    keys,
    state = 'active',
    now,
  }: {
    firstId: number
    domainId: DomainId
    name: string
    keys: readonly KeyRow[]
    state?: 'active' | 'next'
    now: Instant
  },
): Promise<void> {
  for (const [index, key] of keys.entries()) {
    await db
      .insertInto('dkim_keys')
      .values({
        id: firstId + index,
        domain_id: domainId,
        domain_name: name,
        selector: key.selector,
        algorithm: key.algorithm,
        private_key_sealed: key.private_key_sealed,
        public_key: key.public_key,
        state,
        verified_at: key.verified_at ?? null,
        created_at: now,
      })
      .execute()
  }
}

export function toKeyRow(key: SelectedKey, seal: Seal): KeyRow {
  return {
    selector: key.selector,
    algorithm: key.algorithm,
    private_key_sealed: seal.seal(key.privateKeyPem),
    public_key: key.publicKey,
  }
}

/** A selector that no proved domain of another owner stands under: one DNS name can hold one key. */
export async function freeSelector(
  db: Kysely<Schema>,
  { name, wanted }: { name: string; wanted: string },
): Promise<string> {
  const taken = await takenSelectors(db, name)
  if (!taken.has(wanted)) return wanted
  const [, stem = wanted, digits] = /^(.*?)(\d*)$/.exec(wanted) ?? []
  let next = Number(digits === '' ? 1 : digits) + 1
  while (taken.has(`${stem}${next}`)) next += 1
  return `${stem}${next}`
}

async function takenSelectors(db: Kysely<Schema>, name: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom('dkim_keys')
    .innerJoin('domains', 'domains.id', 'dkim_keys.domain_id')
    .innerJoin('senders', 'senders.domain_id', 'domains.id')
    .select('dkim_keys.selector')
    .where('dkim_keys.domain_name', '=', name)
    .where('senders.email', '=', `*@${name}`)
    // Who has not proved the domain must not be able to occupy its names.
    .where('senders.status', '=', 'active')
    .execute()
  return new Set(rows.map(({ selector }) => selector))
}

async function makeKeys(
  db: Kysely<Schema>,
  { name, seal, dkim }: { name: string; seal: Seal; dkim: WantedKeys },
): Promise<KeyRow[]> {
  const { bits, ed25519, pem } = dkim
  const wanted = checkSelector(dkim.selector)
  if (pem !== undefined) return [toKeyRow({ ...importDkimKey(pem), selector: wanted }, seal)]
  const selector = await freeSelector(db, { name, wanted })
  const keys: SelectedKey[] = [{ ...(await generateRsaKey({ bits })), selector }]
  if (ed25519) keys.push({ ...(await generateEd25519Key()), selector: `${selector}-ed25519` })
  return keys.map((key) => toKeyRow(key, seal))
}

async function keysOfAccount(
  db: Kysely<Schema>,
  { keyId, name }: { keyId: KeyId; name: string },
): Promise<KeyRow[]> {
  const rows = await db
    .selectFrom('dkim_keys')
    .innerJoin('domains', 'domains.id', 'dkim_keys.domain_id')
    .innerJoin('api_keys as theirs', 'theirs.id', 'domains.key_id')
    .innerJoin('api_keys as ours', 'ours.account_id', 'theirs.account_id')
    .select([
      'domains.id as domain_id',
      'dkim_keys.selector',
      'dkim_keys.algorithm',
      'dkim_keys.private_key_sealed',
      'dkim_keys.public_key',
      'dkim_keys.verified_at',
    ])
    .where('ours.id', '=', keyId)
    .where('domains.name', '=', name)
    .where('dkim_keys.state', '=', 'active')
    .orderBy('domains.id')
    .orderBy('dkim_keys.id')
    .execute()
  return rows.filter((row) => row.domain_id === rows[0]?.domain_id)
}

async function refuseTooMany(db: Kysely<Schema>, keyId: KeyId): Promise<void> {
  const { count } = await db
    .selectFrom('domains')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('key_id', '=', keyId)
    .where('dkim_status', '!=', 'ok')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('senders')
            .select('senders.id')
            .whereRef('senders.domain_id', '=', 'domains.id')
            .where('senders.key_id', '=', keyId)
            .where('senders.status', '=', 'active'),
        ),
      ),
    )
    .executeTakeFirstOrThrow()
  if (Number(count) >= maxUnprovedDomains) {
    throw new Refused(
      'conflict',
      `this API key has ${maxUnprovedDomains} domains of which nothing is proved yet; prove or remove some of them first`,
    )
  }
}
