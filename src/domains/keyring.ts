/** The private keys that sign for a domain, ready to use: asked for each message, read and parsed now and then. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { KeyId } from '../mail/ids.ts'
import { createBatched } from '../runtime/batched.ts'
import type { Clock } from '../runtime/clock.ts'
import { createLookups } from '../runtime/lookups.ts'
import { createRecent } from '../runtime/recent.ts'
import type { Seal } from '../runtime/seal.ts'
import type { SigningKey } from '../signing/signing-key.ts'
import type { Storage } from '../storage/storage.ts'
import { returnPathLabel } from './dns-records.ts'

export type Keyring = {
  /**
   * The keys of the domain that DNS shows; where it shows none, those of the instance's own domain: a signature that
   * receivers cannot check would be worse than one that does not align. Empty when there are neither.
   */
  signingKeys(keyId: KeyId, domain: string): Promise<readonly SigningKey[]>
  /**
   * The domain under which bounces of mail from `domain` come back, when its owner has published one. Known as soon as
   * the signing keys of the domain have been asked for.
   */
  returnPathDomain(keyId: KeyId, domain: string): string | undefined
  /** This process reads the keys again at once. */
  forget(keyId: KeyId, domain: string): void
}

const maxAgeMs = 5_000
const maxDomains = 10_000

export function createKeyring({
  storage,
  seal,
  clock,
  own,
}: {
  storage: Storage
  seal: Seal
  clock: Clock
  /** The instance's own domain and the key it belongs to. */
  own?: { keyId: KeyId; domain: string }
}): Keyring {
  // By sealed text: a key that is read again, unchanged, is not opened and parsed again.
  const parsed = createRecent<string, KeyObject>({ max: maxDomains })
  const returnPaths = createRecent<string, string>({ max: maxDomains })

  function parse(sealed: string): KeyObject {
    const known = parsed.get(sealed)
    if (known !== undefined) return known
    const key = createPrivateKey(seal.open(sealed))
    parsed.set(sealed, key)
    return key
  }

  async function load(entry: string): Promise<readonly SigningKey[]> {
    const rows = (await loadRows(entry)) ?? []
    const [first] = rows
    if (first?.return_path_status === 'ok') returnPaths.set(entry, `${returnPathLabel}.${first.name}`)
    else returnPaths.delete(entry)
    return rows.map((row) => ({
      domain: row.name,
      selector: row.selector,
      algorithm: row.algorithm,
      key: parse(row.private_key_sealed),
    }))
  }

  // Messages that come at the same time share the queries.
  const loadRows = createBatched((entries) => findRows(storage.db, { entries, own }))
  const lookups = createLookups(load, { clock, maxEntries: maxDomains, maxAgeMs })

  return {
    async signingKeys(keyId, domain) {
      const keys = await lookups.get(`${keyId} ${domain}`)
      return keys.length > 0 || own === undefined ? keys : lookups.get(`${own.keyId} ${own.domain}`)
    },
    returnPathDomain: (keyId, domain) => returnPaths.get(`${keyId} ${domain}`),
    forget: (keyId, domain) => lookups.forget(`${keyId} ${domain}`),
  }
}

type KeyRow = Awaited<ReturnType<typeof readRows>>[number]

/** For each entry, `key domain`, the rows of the keys that sign. */
async function findRows(
  db: Storage['db'],
  { entries, own }: { entries: readonly string[]; own: { keyId: KeyId; domain: string } | undefined },
): Promise<ReadonlyMap<string, readonly KeyRow[]>> {
  const asked = entries.map((entry) => {
    const space = entry.indexOf(' ')
    return { entry, keyId: Number(entry.slice(0, space)) as KeyId, name: entry.slice(space + 1) }
  })
  const [rows, accounts] = await Promise.all([
    readRows(db, { names: [...new Set(asked.map(({ name }) => name))], own }),
    db
      .selectFrom('api_keys')
      .select(['id', 'account_id'])
      .where('id', 'in', [...new Set(asked.map(({ keyId }) => keyId))])
      .execute(),
  ])
  const accountOf = new Map(accounts.map(({ id, account_id }) => [id, account_id]))
  const found = new Map<string, readonly KeyRow[]>()
  for (const { entry, keyId, name } of asked) {
    const ofName = rows.filter((row) => row.name === name)
    const accountId = accountOf.get(keyId)
    const [first] = [
      ...ofName.filter((row) => row.key_id === keyId),
      // A metasender, or a sub-key's own address, has the domain with another key of the same account.
      ...ofName.filter((row) => accountId !== undefined && row.account_id === accountId),
    ]
    if (first === undefined) continue
    found.set(
      entry,
      ofName.filter((row) => row.domain_id === first.domain_id),
    )
  }
  return found
}

function readRows(
  db: Storage['db'],
  { names, own }: { names: readonly string[]; own: { keyId: KeyId; domain: string } | undefined },
) {
  return db
    .selectFrom('domains')
    .innerJoin('dkim_keys', 'dkim_keys.domain_id', 'domains.id')
    .leftJoin('api_keys', 'api_keys.id', 'domains.key_id')
    .select([
      'domains.id as domain_id',
      'domains.name',
      'domains.key_id',
      'api_keys.account_id',
      'domains.return_path_status',
      'dkim_keys.selector',
      'dkim_keys.algorithm',
      'dkim_keys.private_key_sealed',
    ])
    .where('domains.name', 'in', names)
    .where('dkim_keys.state', '=', 'active')
    .where((eb) => {
      const isShown = eb.and([
        eb('domains.dkim_status', '=', 'ok'),
        eb('dkim_keys.verified_at', 'is not', null),
      ])
      if (own === undefined) return isShown
      // The instance vouches for itself whatever DNS shows: there is nobody else who could.
      return eb.or([
        isShown,
        eb.and([eb('domains.key_id', '=', own.keyId), eb('domains.name', '=', own.domain)]),
      ])
    })
    .orderBy('domains.id')
    .orderBy('dkim_keys.id')
    .execute()
}
