/** Addresses, and whole domains, that an API key may use as From. */
import { type Kysely, sql } from 'kysely'
import { type Address, normaliseAddress, parseAddress, parseDomain } from '../mail/address.ts'
import type { DomainId, KeyId, SenderId } from '../mail/ids.ts'
import { createBatched } from '../runtime/batched.ts'
import type { Clock } from '../runtime/clock.ts'
import { createLookups } from '../runtime/lookups.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'

export type Sender = {
  id: SenderId
  keyId: KeyId
  /** Lower-case; `*@domain` for every address of exactly that domain. */
  email: string
  name: string
  kind: Schema['senders']['kind']
  status: Schema['senders']['status']
  isDefault: boolean
  /** The domain whose keys sign, once they are in DNS. */
  domainId: DomainId | null
  /** When the latest activation mail left. */
  activationMailAt: Instant | null
  createdAt: Instant
}

export type SenderCheck = {
  maySendAs(keyId: KeyId, from: Address): Promise<boolean>
  /** This process asks the database again at once, for the address or for `*@domain`. */
  forget(keyId: KeyId, email: string): void
}

const maxAgeMs = 5_000
const maxEntries = 200_000

export function createSenderCheck({ storage, clock }: { storage: Storage; clock: Clock }): SenderCheck {
  // Messages that come at the same time share the queries: with many senders, most of them are asked for the first
  // time in five seconds.
  const load = createBatched((entries) => findActive(storage.db, entries))
  const active = createLookups(async (entry) => (await load(entry)) === true, {
    clock,
    maxEntries,
    maxAgeMs,
  })

  return {
    async maySendAs(keyId, from) {
      // It is an address that can be written, but here it names the row of the domain.
      if (from.local === '*') return false
      const ofDomain = `${keyId} *@${from.domain}`
      const ofAddress = `${keyId} ${normaliseAddress(from)}`
      // The domain first: what is known of it serves all its addresses. Where nothing is, one query asks for both.
      const known = active.known(ofDomain)
      if (known !== undefined) return (await known) || active.get(ofAddress)
      const found = await Promise.all([active.get(ofDomain), active.get(ofAddress)])
      return found.includes(true)
    },
    forget: (keyId, email) => active.forget(`${keyId} ${email.toLowerCase()}`),
  }
}

/** Which of the entries, `key email`, are active senders or enabled metasenders of the key's account. */
async function findActive(
  db: Kysely<Schema>,
  entries: readonly string[],
): Promise<ReadonlyMap<string, boolean>> {
  const emails = [...new Set(entries.map((entry) => entry.slice(entry.indexOf(' ') + 1)))]
  const keyIds = [...new Set(entries.map((entry) => Number(entry.slice(0, entry.indexOf(' '))) as KeyId))]
  const found = await db
    .selectFrom('senders')
    .select(['key_id', 'email'])
    // By address alone: few keys have the same one, and pairs would be looked up each with each.
    .where('email', 'in', emails)
    .where('status', '=', 'active')
    .unionAll(
      db
        .selectFrom('metasenders')
        .innerJoin('api_keys', 'api_keys.account_id', 'metasenders.account_id')
        .select(['api_keys.id as key_id', 'metasenders.email'])
        .where('metasenders.email', 'in', emails)
        .where('metasenders.is_enabled', '=', 1)
        .where('api_keys.id', 'in', keyIds),
    )
    .execute()
  return new Map(found.map(({ key_id, email }) => [`${key_id} ${email}`, true]))
}

/** Lets the key send from one address, at once. Trusts the caller to own it. */
export async function addSender(
  storage: Storage,
  {
    keyId,
    email,
    name = '',
    kind = 'unknown',
    now,
  }: { keyId: KeyId; email: string; name?: string; kind?: Sender['kind']; now: Instant },
): Promise<Sender> {
  if (email.startsWith('*@')) {
    throw new Refused(
      'bad-value',
      `for all addresses of a domain, add the domain: paravion domain add ${email.slice(2, 255)}`,
    )
  }
  const address = parseSenderAddress(email)
  checkSenderName(name)
  const id = (await storage.reserveIds(1)) as SenderId
  return storage.db.transaction().execute(async (transaction) => {
    const domain = await transaction
      .selectFrom('domains')
      .select('id')
      .where('key_id', '=', keyId)
      .where('name', '=', address.domain)
      .executeTakeFirst()
    return activateSender(transaction, {
      id,
      keyId,
      email: normaliseAddress(address),
      name,
      kind,
      domainId: domain?.id ?? null,
      now,
    })
  })
}

export function parseSenderAddress(email: string): Address {
  const address = parseAddress(email.trim())
  if (address !== undefined) return address
  throw new Refused(
    'bad-address',
    `'${email.slice(0, 300)}' is not an e-mail address; write it like news@shop.example`,
  )
}

export function checkSenderName(name: string): void {
  if (name.length > 200 || /\p{Cc}/u.test(name)) {
    throw new Refused(
      'bad-value',
      'the name of a sender must have at most 200 characters, none of them a control character',
    )
  }
}

export type SenderFilters = {
  keyId?: KeyId
  status?: Sender['status']
  /** Deleted ones too; they are left out otherwise, unless `status` asks for them. */
  showDeleted?: boolean
  email?: string
  localPart?: string
  domain?: string
  domainId?: DomainId
  /** Only, or none, of those that stand for a whole domain. */
  isDomainSender?: boolean
}

/** By address; a page of them goes by age. */
export async function listSenders(
  storage: Pick<Storage, 'db'>,
  filters: SenderFilters = {},
  page?: { limit: number; offset: number; newestFirst: boolean },
): Promise<Sender[]> {
  const all = filteredSenders(storage, filters).selectAll()
  const query =
    page === undefined
      ? all.orderBy('email').orderBy('id')
      : all
          .orderBy('id', page.newestFirst ? 'desc' : 'asc')
          .limit(page.limit)
          .offset(page.offset)
  return (await query.execute()).map(toSender)
}

export async function countSenders(
  storage: Pick<Storage, 'db'>,
  filters: SenderFilters = {},
): Promise<number> {
  const { count } = await filteredSenders(storage, filters)
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

function filteredSenders(
  { db }: Pick<Storage, 'db'>,
  { keyId, status, showDeleted, email, localPart, domain, domainId, isDomainSender }: SenderFilters,
) {
  let query = db.selectFrom('senders')
  if (keyId !== undefined) query = query.where('key_id', '=', keyId)
  if (status !== undefined) query = query.where('status', '=', status)
  else if (!showDeleted) query = query.where('status', '!=', 'deleted')
  if (email !== undefined) query = query.where('email', '=', email.toLowerCase())
  if (localPart !== undefined) {
    const start = `${localPart.toLowerCase()}@`
    query = query.where(sql`substr(email, 1, ${start.length})`, '=', start)
  }
  if (domain !== undefined) {
    const end = `@${parseDomain(domain.trim()) ?? domain}`
    query = query.where(sql`substr(email, length(email) - ${end.length - 1})`, '=', end)
  }
  if (domainId !== undefined) query = query.where('domain_id', '=', domainId)
  if (isDomainSender !== undefined) {
    query = query.where(sql`substr(email, 1, 2)`, isDomainSender ? '=' : '!=', '*@')
  }
  return query
}

/** By id or by address, deleted ones too. */
export async function findSender(
  storage: Pick<Storage, 'db'>,
  { keyId, ...by }: { keyId: KeyId } & ({ id: SenderId } | { email: string }),
): Promise<Sender | undefined> {
  const own = storage.db.selectFrom('senders').selectAll().where('key_id', '=', keyId)
  const row = await ('id' in by
    ? own.where('id', '=', by.id)
    : own.where('email', '=', normaliseSender(by.email))
  ).executeTakeFirst()
  return row && toSender(row)
}

/** `*@domain` or an address as senders are stored; what is neither stays as it is and is found nowhere. */
export function normaliseSender(email: string): string {
  const text = email.trim()
  if (text.startsWith('*@')) return `*@${parseDomain(text.slice(2)) ?? text.slice(2)}`
  const address = parseAddress(text)
  return address === undefined ? text : normaliseAddress(address)
}

/** Every address of exactly this domain may be used by the key. */
export async function isDomainActive(
  db: Kysely<Schema>,
  { keyId, name }: { keyId: KeyId; name: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('senders')
    .select('id')
    .where('key_id', '=', keyId)
    .where('email', '=', `*@${name}`)
    .where('status', '=', 'active')
    .executeTakeFirst()
  return row !== undefined
}

/** The operator vouches for it: active at once, whether or not it was there. */
export async function trustSender(
  storage: Storage,
  { keyId, email, domainId, now }: { keyId: KeyId; email: string; domainId: DomainId; now: Instant },
): Promise<Sender> {
  const id = (await storage.reserveIds(1)) as SenderId
  return storage.db
    .transaction()
    .execute((transaction) =>
      activateSender(transaction, { id, keyId, email, name: '', kind: 'unknown', domainId, now }),
    )
}

/** Makes the sender, or revives one that is not active. An active one is refused as a conflict. */
export async function activateSender(
  db: Kysely<Schema>,
  {
    id,
    keyId,
    email,
    name,
    kind,
    domainId,
    now,
  }: {
    id: SenderId
    keyId: KeyId
    email: string
    name: string
    kind: Sender['kind']
    domainId: DomainId | null
    now: Instant
  },
): Promise<Sender> {
  const existing = await db
    .selectFrom('senders')
    .selectAll()
    .where('key_id', '=', keyId)
    .where('email', '=', email)
    .executeTakeFirst()
  if (existing?.status === 'active') {
    throw new Refused('conflict', `${email} is an active sender of this API key already`)
  }
  const row: Schema['senders'] = {
    id: existing?.id ?? id,
    key_id: keyId,
    email,
    name: name || (existing?.name ?? ''),
    kind,
    is_default: existing?.is_default ?? 0,
    status: 'active',
    domain_id: domainId,
    created_at: existing?.created_at ?? now,
    activation_mail_at: existing?.activation_mail_at ?? null,
  }
  if (existing === undefined) await db.insertInto('senders').values(row).execute()
  else await db.updateTable('senders').set(row).where('id', '=', row.id).execute()
  return toSender(row)
}

export function toSender(row: Schema['senders']): Sender {
  return {
    id: row.id,
    keyId: row.key_id,
    email: row.email,
    name: row.name,
    kind: row.kind,
    status: row.status,
    isDefault: row.is_default === 1,
    domainId: row.domain_id,
    activationMailAt: row.activation_mail_at,
    createdAt: row.created_at,
  }
}
