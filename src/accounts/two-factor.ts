/** Two-factor sign-in of one person: a secret in their authenticator app, and recovery codes on paper. */
import { hash, randomInt } from 'node:crypto'
import type { UserId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Instant } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'
import { matchTotp, newTotpSecret } from './totp.ts'

type Db = Storage['db']
type Context = { storage: Pick<Storage, 'db'>; seal: Seal }

const recoveryCodes = 10
/** No letters that look like others. */
const codeAlphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

/** Nothing is asked for until it is confirmed with a first code; starting again gives another secret. */
export async function startTwoFactor({ storage, seal }: Context, userId: UserId): Promise<string> {
  const secret = newTotpSecret()
  const { numUpdatedRows } = await storage.db
    .updateTable('users')
    .set({ totp_secret_sealed: seal.seal(secret), totp_step: 0 })
    .where('id', '=', userId)
    .where('totp_confirmed_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) {
    throw new Refused('conflict', 'two-factor is on already; turn it off before you set it up again')
  }
  return secret
}

/** The recovery codes, shown this once; undefined when the code is wrong. */
export async function confirmTwoFactor(
  { storage, seal }: Context,
  { userId, code, now }: { userId: UserId; code: string; now: Instant },
): Promise<string[] | undefined> {
  return storage.db.transaction().execute(async (transaction) => {
    const row = await transaction
      .selectFrom('users')
      .select(['totp_secret_sealed', 'totp_confirmed_at'])
      .where('id', '=', userId)
      .executeTakeFirstOrThrow()
    if (row.totp_secret_sealed === null || row.totp_confirmed_at !== null) {
      throw new Refused('conflict', 'there is no two-factor set-up to confirm; start one first')
    }
    if (!(await useTotp(transaction, { seal, userId, code, now }))) return undefined
    await transaction.updateTable('users').set({ totp_confirmed_at: now }).where('id', '=', userId).execute()
    const codes = Array.from({ length: recoveryCodes }, newRecoveryCode)
    await transaction.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
    await transaction
      .insertInto('recovery_codes')
      .values(codes.map((one) => ({ user_id: userId, code_hash: hashCode(one) })))
      .execute()
    return codes
  })
}

export async function stopTwoFactor({ db }: Pick<Storage, 'db'>, userId: UserId): Promise<void> {
  await db.transaction().execute((tx) => forgetTwoFactor(tx, userId))
}

/** Inside a transaction. */
export async function forgetTwoFactor(tx: Db, userId: UserId): Promise<void> {
  await tx
    .updateTable('users')
    .set({ totp_secret_sealed: null, totp_confirmed_at: null })
    .where('id', '=', userId)
    .execute()
  await tx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
}

/** True once for each code: one of the app, or one of the recovery codes. */
export async function useSecondFactor(
  { storage, seal }: Context,
  { userId, code, now }: { userId: UserId; code: string; now: Instant },
): Promise<boolean> {
  if (await useTotp(storage.db, { seal, userId, code, now })) return true
  const { numDeletedRows } = await storage.db
    .deleteFrom('recovery_codes')
    .where('user_id', '=', userId)
    .where('code_hash', '=', hashCode(code))
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

export async function countRecoveryCodes({ db }: Pick<Storage, 'db'>, userId: UserId): Promise<number> {
  const { count } = await db
    .selectFrom('recovery_codes')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
  return Number(count)
}

async function useTotp(
  db: Db,
  { seal, userId, code, now }: { seal: Seal; userId: UserId; code: string; now: Instant },
): Promise<boolean> {
  const row = await db
    .selectFrom('users')
    .select(['totp_secret_sealed', 'totp_step'])
    .where('id', '=', userId)
    .executeTakeFirst()
  if (row === undefined || row.totp_secret_sealed === null) return false
  const step = matchTotp(seal.open(row.totp_secret_sealed), code, { now, usedStep: row.totp_step })
  if (step === undefined) return false
  // Of two that send the same code at once, one finds the step as it was.
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ totp_step: step })
    .where('id', '=', userId)
    .where('totp_step', '<', step)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** 49 bits: with the limit on failed logins, out of reach of guessing. */
function newRecoveryCode(): string {
  const letters = Array.from({ length: 10 }, () => codeAlphabet[randomInt(codeAlphabet.length)]).join('')
  return `${letters.slice(0, 5)}-${letters.slice(5)}`
}

function hashCode(code: string): string {
  return hash('sha256', code.toLowerCase().replaceAll(/[^a-z0-9]/g, ''), 'hex')
}
