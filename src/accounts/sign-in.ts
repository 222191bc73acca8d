/** Password, then the code of the second factor where one is set up. Guessing is slowed down by place and by person. */
import { hash } from 'node:crypto'
import type { SessionId, UserId } from '../mail/ids.ts'
import type { Clock } from '../runtime/clock.ts'
import { Refused } from '../runtime/refused.ts'
import type { Seal } from '../runtime/seal.ts'
import type { Storage } from '../storage/storage.ts'
import { createFailedLogins } from './failed-logins.ts'
import { createPasswords, type Passwords } from './password.ts'
import { weaknessOf } from './password-strength.ts'
import { endSessions } from './sessions.ts'
import { useSecondFactor } from './two-factor.ts'
import { toUser, type User } from './users.ts'

export type SignInAnswer =
  | { kind: 'ok'; user: User }
  /** No such person, or not their password: nobody is told which. */
  | { kind: 'wrong-credentials'; user: User | undefined }
  /** The password is right. */
  | { kind: 'code-needed'; user: User }
  | { kind: 'wrong-code'; user: User }
  /** Nothing was checked. */
  | { kind: 'throttled'; retryAfterMs: number }

export type SignIns = {
  signIn(login: {
    email: string
    password: string
    code?: string | undefined
    address: string
  }): Promise<SignInAnswer>
  /** For those who are signed in and do something grave. */
  confirmPassword(user: User, password: string, address: string): Promise<SignInAnswer>
  /** A code of the second factor, or a recovery code; each works once. */
  confirmCode(user: User, code: string, address: string): Promise<SignInAnswer>
  /** Throws Refused when it is too weak. */
  hashPassword(password: string, person: { email: string }): Promise<string>
}

export function createSignIns({
  storage,
  seal,
  clock,
  passwords = createPasswords(),
}: {
  storage: Storage
  seal: Seal
  clock: Clock
  passwords?: Passwords
}): SignIns {
  const failedLogins = createFailedLogins(clock)

  /** Failures count against the network, and against the person wherever the guesses come from. */
  function attempt(address: string, email: string) {
    const person = hash('sha256', email.toLowerCase(), 'hex')
    const both = [failedLogins.attempt(address, person), failedLogins.attempt(person, address)]
    return {
      waitMs: () => Math.max(...both.map((one) => one.waitMs())),
      failed: () => both.forEach((one) => void one.failed()),
      succeeded: () => both.forEach((one) => void one.succeeded()),
    }
  }

  async function confirmCode(user: User, code: string, address: string): Promise<SignInAnswer> {
    const tries = attempt(address, user.email)
    const retryAfterMs = tries.waitMs()
    if (retryAfterMs > 0) return { kind: 'throttled', retryAfterMs }
    if (await useSecondFactor({ storage, seal }, { userId: user.id, code, now: clock.now() })) {
      tries.succeeded()
      return { kind: 'ok', user }
    }
    tries.failed()
    return { kind: 'wrong-code', user }
  }

  async function checkPassword(email: string, password: string, address: string): Promise<SignInAnswer> {
    const tries = attempt(address, email)
    const retryAfterMs = tries.waitMs()
    if (retryAfterMs > 0) return { kind: 'throttled', retryAfterMs }
    const row = await storage.db
      .selectFrom('users')
      .selectAll()
      .where('email', '=', email.trim().toLowerCase())
      .executeTakeFirst()
    const matches = await passwords.matches(password, row?.password_hash)
    // Asked again: many guesses may have waited for their turn.
    const stillMs = tries.waitMs()
    if (stillMs > 0) return { kind: 'throttled', retryAfterMs: stillMs }
    if (row === undefined || !matches) {
      tries.failed()
      return { kind: 'wrong-credentials', user: row && toUser(row) }
    }
    const user = toUser(row)
    // Whoever has only the password has not proved themselves: guesses of the code go on being counted.
    if (!user.hasTwoFactor) tries.succeeded()
    return { kind: 'ok', user }
  }

  return {
    confirmCode,

    confirmPassword: (user, password, address) => checkPassword(user.email, password, address),

    async signIn({ email, password, code, address }) {
      const checked = await checkPassword(email, password, address)
      if (checked.kind !== 'ok' || !checked.user.hasTwoFactor) return checked
      if (code === undefined || code.trim() === '') return { kind: 'code-needed', user: checked.user }
      return confirmCode(checked.user, code, address)
    },

    async hashPassword(password, { email }) {
      const weakness = weaknessOf(password, { email })
      if (weakness !== undefined) throw new Refused('bad-value', weakness)
      return passwords.hash(password)
    },
  }
}

/** Every session of the person ends but the one they sit at. */
export async function changePassword(
  { db }: Pick<Storage, 'db'>,
  { userId, passwordHash, stays }: { userId: UserId; passwordHash: string; stays: SessionId },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', userId).execute()
    await endSessions({ db: tx }, { userId, except: stays })
  })
}
