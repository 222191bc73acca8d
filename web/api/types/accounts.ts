/** The people who use the console. */

export const roles = ['owner', 'admin', 'marketer', 'viewer'] as const
export type Role = (typeof roles)[number]

export type ListedUser = {
  id: number
  email: string
  name: string
  role: Role
  /** false: was invited, and has not chosen a password yet. */
  hasPassword: boolean
  hasTwoFactor: boolean
  createdAt: number
  signedInAt: number | null
}
