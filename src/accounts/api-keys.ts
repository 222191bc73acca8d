/** API keys: the user name and password of the Send API and of SMTP submission. */
import { hash, randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { AccountId, KeyId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Instant, Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { ensureAccount, findAccount } from './accounts.ts'

export type ApiKey = {
  id: KeyId
  accountId: AccountId
  name: string
  publicKey: string
  isMaster: boolean
  isActive: boolean
  createdAt: Instant
  rotatedAt: Instant | null
  /** Clients get a report of what they submitted over SMTP and could not be delivered. */
  reportsBounces: boolean
}

/** The one moment at which the secret is known: only its hash is kept. */
export type NewSecret = { key: ApiKey; secret: string }

/**
 * A new key with its secret, to be shown once. Without `accountId` it belongs to the instance's first account, which
 * is made when there is none. The first key of an account is its master key.
 */
export async function createApiKey(
  storage: Storage,
  { accountId, name, master, now }: { accountId?: AccountId; name: string; master?: boolean; now: Instant },
): Promise<NewSecret> {
  const checkedName = checkName(name)
  const account =
    accountId === undefined ? await ensureAccount(storage, { now }) : await findAccount(storage, accountId)
  const id = (await storage.reserveIds(1)) as KeyId
  const secret = randomHex()

  const row = await storage.db.transaction().execute(async (transaction) => {
    const existing = await transaction
      .selectFrom('api_keys')
      .select('public_key')
      .where('account_id', '=', account.id)
      .where('is_master', '=', 1)
      .executeTakeFirst()
    if (existing !== undefined && master) {
      throw new Refused(
        'conflict',
        `the account '${account.name}' has its master key already: ${existing.public_key}. An account has one; create a sub-key instead`,
      )
    }
    const row: Selectable<Schema['api_keys']> = {
      id,
      account_id: account.id,
      name: checkedName,
      public_key: randomHex(),
      secret_hash: hashSecret(secret),
      is_master: (master ?? existing === undefined) ? 1 : 0,
      is_active: 1,
      created_at: now,
      rotated_at: null,
      reports_bounces: 1,
    }
    await transaction.insertInto('api_keys').values(row).execute()
    return row
  })
  return { key: toApiKey(row), secret }
}

/** In the order of their making. */
/**
 * In the order of accounts, the oldest first in each. The instance's own key, older than any other, belongs to an account
 * that is made after that one: the first of all is the one that is meant where none is named.
 */
export async function listApiKeys(
  storage: Storage,
  { accountId }: { accountId?: AccountId } = {},
): Promise<ApiKey[]> {
  const all = storage.db.selectFrom('api_keys').selectAll().orderBy('account_id').orderBy('id')
  const rows = await (accountId === undefined ? all : all.where('account_id', '=', accountId)).execute()
  return rows.map(toApiKey)
}

/** By id, or by public key (also in capitals, as people paste them). Throws Refused when there is none. */
export async function findApiKey(storage: Storage, reference: string | number): Promise<ApiKey> {
  const text = String(reference).trim().toLowerCase()
  const rows = storage.db.selectFrom('api_keys').selectAll()
  const row = /^[0-9a-f]{32}$/.test(text)
    ? await rows.where('public_key', '=', text).executeTakeFirst()
    : /^\d{1,15}$/.test(text)
      ? await rows.where('id', '=', Number(text) as KeyId).executeTakeFirst()
      : undefined
  if (row === undefined) {
    throw new Refused(
      'not-found',
      `there is no API key '${text.slice(0, 64)}'; name it by its id or by its 32 hexadecimal characters (paravion key list)`,
    )
  }
  return toApiKey(row)
}

/** From now on the key is refused at every door; what it submitted before still goes out. */
export async function suspendApiKey(storage: Storage, reference: string | number): Promise<ApiKey> {
  return setActive(storage, reference, false)
}

export async function resumeApiKey(storage: Storage, reference: string | number): Promise<ApiKey> {
  return setActive(storage, reference, true)
}

export async function renameApiKey(
  storage: Storage,
  reference: string | number,
  name: string,
): Promise<ApiKey> {
  const key = await findApiKey(storage, reference)
  const checkedName = checkName(name)
  await storage.db.updateTable('api_keys').set({ name: checkedName }).where('id', '=', key.id).execute()
  return { ...key, name: checkedName }
}

/** Whether clients of the key get reports of what could not be delivered. */
export async function setReportsBounces(
  storage: Storage,
  reference: string | number,
  reportsBounces: boolean,
): Promise<ApiKey> {
  const key = await findApiKey(storage, reference)
  await storage.db
    .updateTable('api_keys')
    .set({ reports_bounces: reportsBounces ? 1 : 0 })
    .where('id', '=', key.id)
    .execute()
  return { ...key, reportsBounces }
}

/** A new secret; the old one stops working. */
export async function rotateApiKey(
  storage: Storage,
  reference: string | number,
  { now }: { now: Instant },
): Promise<NewSecret> {
  const key = await findApiKey(storage, reference)
  const secret = randomHex()
  await storage.db
    .updateTable('api_keys')
    .set({ secret_hash: hashSecret(secret), rotated_at: now })
    .where('id', '=', key.id)
    .execute()
  return { key: { ...key, rotatedAt: now }, secret }
}

export function toApiKey(row: Selectable<Schema['api_keys']>): ApiKey {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    publicKey: row.public_key,
    isMaster: row.is_master === 1,
    isActive: row.is_active === 1,
    createdAt: row.created_at,
    rotatedAt: row.rotated_at,
    reportsBounces: row.reports_bounces === 1,
  }
}

/**
 * A plain hash is enough, and cheap on every request: the secret is 128 random bits, not a password that somebody
 * chose, so there is nothing to guess faster.
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex')
}

async function setActive(storage: Storage, reference: string | number, active: boolean): Promise<ApiKey> {
  const key = await findApiKey(storage, reference)
  await storage.db
    .updateTable('api_keys')
    .set({ is_active: active ? 1 : 0 })
    .where('id', '=', key.id)
    .execute()
  return { ...key, isActive: active }
}

function randomHex(): string {
  return randomBytes(16).toString('hex')
}

function checkName(name: string): string {
  const trimmed = name.trim()
  if (trimmed === '' || trimmed.length > 100 || /\p{Cc}/u.test(trimmed)) {
    throw new Refused(
      'bad-value',
      'the name of an API key must have 1 to 100 characters, none of them a control character',
    )
  }
  return trimmed
}
