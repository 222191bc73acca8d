/** People who sign in to the console, and what they did. */
import type { Generated } from 'kysely'
import type { SessionId, UserId } from '../../mail/ids.ts'

export interface UserTables {
  users: {
    id: UserId
    /** Lower-case. */
    email: string
    name: string
    role: 'owner' | 'admin' | 'marketer' | 'viewer'
    /** PHC string of argon2id; null until the person has chosen a password. */
    password_hash: string | null
    /** Base32, sealed with the instance key. Present while two-factor is being set up, too. */
    totp_secret_sealed: string | null
    /** Since when a code is asked for; null: not. */
    totp_confirmed_at: number | null
    /** The last 30-second step whose code was used: no code works twice. */
    totp_step: Generated<number>
    created_at: number
    signed_in_at: number | null
  }
  /** Codes for who has lost their phone; each works once and is deleted then. */
  recovery_codes: { user_id: UserId; code_hash: string }
  sessions: {
    id: SessionId
    user_id: UserId
    /** SHA-256, hex. The token itself is in the cookie alone. */
    token_hash: string
    created_at: number
    seen_at: number
    address: string
    user_agent: string
  }
  /** One-time links: the first owner is made with one, others choose their password with one. */
  user_links: {
    token_hash: string
    /** null: makes the first owner. */
    user_id: UserId | null
    created_at: number
    expires_at: number
  }
  /** Every call that changed something, or tried to. */
  audit_log: {
    id: Generated<number>
    at: number
    /** null: the admin token, or nobody who is known. */
    user_id: UserId | null
    /** The e-mail address, as it was then, or what stands for it. */
    actor: string
    address: string
    /** Method and path of the route: `POST /keys/{key}/rotate`. */
    action: string
    /** What the path named: `key=12`. */
    object: string
    /** `ok` or the code of the error. */
    outcome: string
  }
}
