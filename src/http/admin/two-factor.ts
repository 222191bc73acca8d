/** The second factor of whoever is signed in. */
import { z } from 'zod'
import { otpauthUri } from '../../accounts/totp.ts'
import { confirmTwoFactor, startTwoFactor, stopTwoFactor } from '../../accounts/two-factor.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { signedInOf } from './caller.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { problemOf } from './session.ts'

const password = z.string().max(2_000)

export function twoFactorRoutes({ storage, clock, signIns, seal }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/totp',
      summary:
        'Begin to set up two-factor: the secret for an authenticator app. Nothing changes until it is confirmed',
      role: 'viewer',
      body: z.strictObject({ password: password.describe('Your password') }),
      answer: z.object({
        secret: z.string().describe('Base32, to be typed'),
        uri: z.string().describe('otpauth address, to be shown as a QR code'),
      }),
      async handle({ caller, body, client }) {
        const me = signedInOf(caller)
        const confirmed = await signIns.confirmPassword(me.user, body.password, client.address)
        if (confirmed.kind !== 'ok') throw problemOf(confirmed)
        const secret = await startTwoFactor({ storage, seal }, me.user.id)
        return { secret, uri: otpauthUri({ secret, email: me.user.email, issuer: 'Paravion' }) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/totp/confirm',
      summary: 'Turn two-factor on with a first code; the recovery codes are shown this once',
      role: 'viewer',
      body: z.strictObject({ code: z.string().max(100) }),
      answer: z.object({ recoveryCodes: z.array(z.string()) }),
      async handle({ caller, body }) {
        const { user } = signedInOf(caller)
        const recoveryCodes = await confirmTwoFactor(
          { storage, seal },
          { userId: user.id, code: body.code, now: clock.now() },
        )
        if (recoveryCodes === undefined) throw problemOf({ kind: 'wrong-code', user })
        return { recoveryCodes }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/totp',
      summary: 'Turn two-factor off',
      role: 'viewer',
      body: z.strictObject({ code: z.string().max(100).describe('Of the app, or a recovery code') }),
      answer: z.object({ stopped: z.literal(true) }),
      async handle({ caller, body, client }) {
        const me = signedInOf(caller)
        const confirmed = await signIns.confirmCode(me.user, body.code, client.address)
        if (confirmed.kind !== 'ok') throw problemOf(confirmed)
        await stopTwoFactor(storage, me.user.id)
        return { stopped: true as const }
      },
    }),
  ]
}
