/** Aliases as rows. */
import { type Address, parseDomain } from '../mail/address.ts'
import type { AccountId, AliasId } from '../mail/ids.ts'
import { defaultAddresses } from '../routing/default-addresses.ts'
import { readParameters } from '../routing/parameters.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import { Conflict, type Storage } from '../storage/storage.ts'
import type { AliasPolicy } from '../storage/tables/inbound.ts'
import { catchallAddress } from './addresses.ts'
import { sanitiseAliasName } from './alias-name.ts'
import { ownersOfDomain } from './owners.ts'

export type Alias = {
  id: AliasId
  address: string
  name: string
  domain: string
  policy: AliasPolicy
  anyDomain: boolean
  defaults: Record<string, string>
  refusal: string | null
  endsAt: Instant | null
  createdAt: Instant
}

export type NewAlias = {
  /** A name, or a whole address. */
  name: string
  /** mail.catchall.domain when left out. */
  domain?: string
  policy?: AliasPolicy
  anyDomain?: boolean
  defaults?: Record<string, string>
  refusal?: string
  /** Makes it temporary. */
  endsAt?: Instant
}

/** Nobody leaves a temporary alias standing by mistake for longer. */
const longestTemporaryMs = 31 * 24 * 60 * 60_000
const maxDefaultsLength = 10_000

/** `isProgram`: a program reads the mail of that address, and an alias would get none. Throws Refused. */
export async function createAlias(
  storage: Storage,
  {
    accountId,
    now,
    isProgram,
    ...wanted
  }: NewAlias & { accountId: AccountId; now: Instant; isProgram(address: Address): Promise<boolean> },
): Promise<Alias> {
  const parameters = await readParameters(storage, accountId)
  const name = sanitiseAliasName(wanted.name)
  if (!/[a-z0-9]/.test(name) || name.length > 64) {
    throw new Refused('bad-value', `'${wanted.name.slice(0, 200)}' is no name for an alias; info is one`)
  }
  const domain = await aliasDomain(storage, { accountId, wanted, unset: parameters['mail.catchall.domain'] })
  const address = `${name}@${domain}`
  const { endsAt } = wanted
  if (endsAt !== undefined && (endsAt <= now || endsAt > now + longestTemporaryMs)) {
    throw new Refused('bad-value', 'a temporary alias ends within the next 31 days')
  }
  const defaults = JSON.stringify(wanted.defaults ?? {})
  if (defaults.length > maxDefaultsLength) {
    throw new Refused(
      'bad-value',
      `the default values have ${defaults.length} characters; at most 10000 are kept`,
    )
  }
  const isSpecial = [defaultAddresses(parameters).bounce, catchallAddress(parameters)].includes(address)
  if (isSpecial && endsAt === undefined) {
    throw new Refused(
      'conflict',
      `${address} already is the bounce or the catchall address; a temporary alias may take it for a while (--for 2h)`,
    )
  }
  if (await isProgram({ local: name, domain })) {
    throw new Refused(
      'conflict',
      `the mail to ${address} is read by a program; remove its parse route first (paravion webhook list)`,
    )
  }
  await storage.db
    .deleteFrom('aliases')
    .where('name', '=', name)
    .where('domain', '=', domain)
    .where('ends_at', '<=', now)
    .execute()
  const row: Schema['aliases'] = {
    id: (await storage.reserveIds(1)) as AliasId,
    account_id: accountId,
    name,
    domain,
    policy: wanted.policy ?? 'everyone',
    any_domain: wanted.anyDomain ? 1 : 0,
    defaults,
    refusal: wanted.refusal?.trim() || null,
    ends_at: endsAt ?? null,
    created_at: now,
  }
  try {
    await storage.db.insertInto('aliases').values(row).execute()
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
    throw new Refused('conflict', `${address} is an alias already (paravion alias list)`, { cause: error })
  }
  return toAlias(row)
}

async function aliasDomain(
  storage: Storage,
  { accountId, wanted, unset }: { accountId: AccountId; wanted: NewAlias; unset: string | undefined },
): Promise<string> {
  const at = wanted.name.lastIndexOf('@')
  const text = wanted.domain ?? (at === -1 ? unset : wanted.name.slice(at + 1))
  if (text === undefined) {
    throw new Refused(
      'bad-value',
      'an alias needs a domain: give a whole address, or set it for all (paravion param set mail.catchall.domain shop.example)',
    )
  }
  const domain = parseDomain(text)
  if (domain === undefined) {
    throw new Refused('bad-value', `'${text.slice(0, 200)}' is not a domain like shop.example`)
  }
  if (!(await ownersOfDomain(storage, domain)).includes(accountId)) {
    throw new Refused(
      'sender-not-allowed',
      `${domain} is no domain of this account: prove it (paravion domain add ${domain}) or name it in mail.catchall.domain`,
    )
  }
  return domain
}

/** Those that have ended are gone. */
export async function listAliases(
  { db }: Pick<Storage, 'db'>,
  { accountId, now }: { accountId: AccountId; now: Instant },
): Promise<Alias[]> {
  const rows = await db
    .selectFrom('aliases')
    .selectAll()
    .where('account_id', '=', accountId)
    .where((eb) => eb.or([eb('ends_at', 'is', null), eb('ends_at', '>', now)]))
    .orderBy('domain')
    .orderBy('name')
    .execute()
  return rows.map(toAlias)
}

/** By id, name or address. */
export async function removeAlias(
  storage: Pick<Storage, 'db'>,
  { accountId, reference, now }: { accountId: AccountId; reference: string; now: Instant },
): Promise<Alias> {
  const wanted = reference.toLowerCase()
  const found = (await listAliases(storage, { accountId, now })).filter(
    ({ id, name, address }) => address === wanted || name === wanted || String(id) === wanted,
  )
  const [alias] = found
  if (alias === undefined) {
    throw new Refused('not-found', `there is no alias ${reference.slice(0, 300)} (paravion alias list)`)
  }
  if (found.length > 1) {
    throw new Refused('conflict', `${wanted} is an alias at several domains; give its whole address`)
  }
  await storage.db.deleteFrom('aliases').where('id', '=', alias.id).execute()
  return alias
}

export function toAlias(row: Schema['aliases']): Alias {
  return {
    id: row.id,
    address: `${row.name}@${row.domain}`,
    name: row.name,
    domain: row.domain,
    policy: row.policy,
    anyDomain: row.any_domain === 1,
    defaults: JSON.parse(row.defaults) as Record<string, string>,
    refusal: row.refusal,
    endsAt: row.ends_at,
    createdAt: row.created_at,
  }
}
