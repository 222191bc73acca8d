/** What a new instance needs before it can do anything: its own domain, and a first API key that can send at once. */

import { createAccount, ensureAccount } from '../accounts/accounts.ts'
import { createApiKey } from '../accounts/api-keys.ts'
import { addDomain } from '../domains/domains.ts'
import type { KeyId } from '../mail/ids.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'

export type Identity = {
  /** Owns the instance's own domain and its own mail; nobody knows its secret. */
  systemKeyId: KeyId
  /** Public part of the first key of the first account. */
  apiKey: string
  /** Only from the start that made the key. */
  secretKey: string | undefined
  /** An address that the first key may send from; '' in live mode until a domain is added. */
  from: string
}

export const labDomain = 'shop.example'

type DkimSettings = { selector: string; bits: number; ed25519: boolean }

/**
 * Idempotent, in steps that can be repeated: a start that was killed in between is completed by the next one.
 * `domains`: the host name of the instance and its bounce domain, under which it sends its own mail.
 */
export async function ensureIdentity(
  storage: Storage,
  {
    seal,
    now,
    mode,
    name,
    dkim,
  }: { seal: Seal; now: number; mode: 'lab' | 'live'; name: string; dkim: DkimSettings },
): Promise<Identity> {
  // The first account is the operator's: keys made without naming an account belong to it.
  await ensureAccount(storage, { now })
  const systemKeyId = await ensureSystemKey(storage, now)
  await ensureDomain(storage, { keyId: systemKeyId, name, seal, dkim, now })

  const first = await storage.db
    .selectFrom('api_keys')
    .select(['id', 'public_key'])
    .where('id', '!=', systemKeyId)
    .orderBy('id')
    .executeTakeFirst()
  const made = first === undefined ? await createApiKey(storage, { name: 'First key', now }) : undefined
  const keyId = made?.key.id ?? first?.id
  const apiKey = made?.key.publicKey ?? first?.public_key
  if (keyId === undefined || apiKey === undefined) throw new Error('there is no first API key')
  if (mode === 'lab') await ensureDomain(storage, { keyId, name: labDomain, seal, dkim, now })
  return { systemKeyId, apiKey, secretKey: made?.secret, from: mode === 'lab' ? `hello@${labDomain}` : '' }
}

async function ensureSystemKey(storage: Storage, now: number): Promise<KeyId> {
  const known = await storage.db
    .selectFrom('meta')
    .select('value')
    .where('name', '=', 'system_key_id')
    .executeTakeFirst()
  if (known !== undefined) return Number(known.value) as KeyId
  const account = await createAccount(storage, { name: 'Paravion itself', now })
  const { key } = await createApiKey(storage, {
    accountId: account.id,
    name: 'Own mail of this instance',
    now,
  })
  await storage.db
    .insertInto('meta')
    .values({ name: 'system_key_id', value: String(key.id) })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  return key.id
}

async function ensureDomain(
  storage: Storage,
  {
    keyId,
    name,
    seal,
    dkim,
    now,
  }: { keyId: KeyId; name: string; seal: Seal; dkim: DkimSettings; now: number },
): Promise<void> {
  const known = await storage.db
    .selectFrom('domains')
    .select('id')
    .where('key_id', '=', keyId)
    .where('name', '=', name)
    .executeTakeFirst()
  if (known !== undefined) return
  const { selector, bits, ed25519 } = dkim
  await addDomain(storage, { keyId, name, selector, seal, dkim: { bits }, ed25519, isPublished: true, now })
}
