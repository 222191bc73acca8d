import { z } from 'zod'
import { roles } from '../../accounts/roles.ts'

export const role = z
  .enum(roles)
  .describe(
    'Each may do what those before it may: a viewer looks, a marketer sends, an admin sets up, an owner decides who',
  )

export const user = z
  .object({
    id: z.number(),
    email: z.string(),
    name: z.string(),
    role,
    hasPassword: z.boolean().describe('false: was invited, and has not chosen a password yet'),
    hasTwoFactor: z.boolean(),
    createdAt: z.number().describe('Milliseconds since 1970'),
    signedInAt: z.number().nullable(),
  })
  .describe('Somebody who may sign in to the console')
