/** What people may do in the console: each role may do what the roles before it may, and more. */

/** From the least to the most. */
export const roles = ['viewer', 'marketer', 'admin', 'owner'] as const
export type Role = (typeof roles)[number]

export function mayActAs(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed)
}
