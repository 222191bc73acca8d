/** Signing in and out, the own password, the own sessions. */
import { z } from 'zod'
import { csrfTokenOf, endSession, listSessions, startSession } from '../../accounts/sessions.ts'
import { changePassword, type SignInAnswer } from '../../accounts/sign-in.ts'
import { countRecoveryCodes } from '../../accounts/two-factor.ts'
import { hasUsers } from '../../accounts/users.ts'
import type { SessionId } from '../../mail/ids.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { signedInOf } from './caller.ts'
import { readId } from './messages.ts'
import { ApiProblem } from './problem.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { user } from './user-shape.ts'

const instant = z.number().describe('Milliseconds since 1970')

const session = z.object({
  user: user
    .extend({ recoveryCodesLeft: z.number().describe('0 without two-factor') })
    .nullable()
    .describe('null: nobody is signed in'),
  setup: z
    .enum(['needed', 'done'])
    .describe('needed: there is no owner yet, and the link of the start makes one'),
  csrf: z.string().describe('For the header X-CSRF-Token; empty while nobody is signed in'),
  mode: z.enum(['lab', 'live']),
  version: z.string(),
  publicUrl: z.string().describe('Where this instance is reached'),
})

export const signedIn = z.object({ user, csrf: z.string() })

const password = z.string().max(2_000)

export function sessionRoutes({
  storage,
  clock,
  signIns,
  lab,
  version,
  log,
}: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/session',
      summary: 'Who is signed in, and what the console has to know first',
      role: 'anyone',
      answer: session,
      async handle({ caller, client }) {
        const me = caller.kind === 'user' ? caller : undefined
        const isSetUp = me !== undefined || (await hasUsers(storage.db))
        return {
          user: me ? { ...me.user, recoveryCodesLeft: await countRecoveryCodes(storage, me.user.id) } : null,
          setup: isSetUp ? ('done' as const) : ('needed' as const),
          csrf: me?.csrf ?? '',
          mode: lab === undefined ? ('live' as const) : ('lab' as const),
          version,
          publicUrl: client.baseUrl,
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/session',
      summary: 'Sign in; the answer sets the session cookie',
      role: 'anyone',
      body: z.strictObject({
        email: z.string().max(500),
        password,
        code: z
          .string()
          .max(100)
          .optional()
          .describe('Of the authenticator app, or a recovery code; asked for with code-needed'),
      }),
      answer: signedIn,
      async handle({ body, client, setSession, actAs }) {
        const answer = await signIns.signIn({ ...body, address: client.address })
        if (answer.kind !== 'throttled' && answer.user !== undefined) actAs(answer.user)
        if (answer.kind !== 'ok') {
          log.info({ address: client.address, reason: answer.kind }, 'sign-in refused')
          throw problemOf(answer)
        }
        const { token } = await startSession(storage, {
          userId: answer.user.id,
          now: clock.now(),
          ...client,
        })
        setSession(token)
        return { user: answer.user, csrf: csrfTokenOf(token) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/session',
      summary: 'Sign out',
      role: 'viewer',
      answer: z.object({ signedOut: z.literal(true) }),
      async handle({ caller, setSession }) {
        const me = signedInOf(caller)
        await endSession(storage, { userId: me.user.id, id: me.session.id })
        setSession(undefined)
        return { signedOut: true as const }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/session/password',
      summary: 'Change your password; your other sessions end',
      role: 'viewer',
      body: z.strictObject({ current: password, next: password }),
      answer: z.object({ changed: z.literal(true) }),
      async handle({ caller, body, client }) {
        const me = signedInOf(caller)
        const confirmed = await signIns.confirmPassword(me.user, body.current, client.address)
        if (confirmed.kind !== 'ok') throw problemOf(confirmed)
        const passwordHash = await signIns.hashPassword(body.next, me.user)
        await changePassword(storage, { userId: me.user.id, passwordHash, stays: me.session.id })
        return { changed: true as const }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/sessions',
      summary: 'Where you are signed in, the latest first',
      role: 'viewer',
      answer: z.object({
        sessions: z.array(
          z.object({
            id: z.number(),
            createdAt: instant,
            seenAt: instant,
            address: z.string(),
            userAgent: z.string(),
            isThis: z.boolean(),
          }),
        ),
      }),
      async handle({ caller }) {
        const me = signedInOf(caller)
        const sessions = await listSessions(storage, { userId: me.user.id, now: clock.now() })
        return { sessions: sessions.map((one) => ({ ...one, isThis: one.id === me.session.id })) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/sessions/{id}',
      summary: 'End one of your sessions',
      role: 'viewer',
      answer: z.object({ ended: z.literal(true) }),
      async handle({ caller, params }) {
        const me = signedInOf(caller)
        await endSession(storage, { userId: me.user.id, id: readId(params.id) as SessionId })
        return { ended: true as const }
      },
    }),
  ]
}

export function problemOf(answer: Exclude<SignInAnswer, { kind: 'ok' }>): ApiProblem {
  switch (answer.kind) {
    case 'wrong-credentials':
      return new ApiProblem(401, answer.kind, 'The e-mail address or the password is wrong')
    case 'code-needed':
      return new ApiProblem(401, answer.kind, 'Send the code of your authenticator app, or a recovery code')
    case 'wrong-code':
      return new ApiProblem(401, answer.kind, 'This code is wrong, has expired or was used already')
    case 'throttled': {
      const seconds = Math.ceil(answer.retryAfterMs / 1000)
      return new ApiProblem(
        429,
        answer.kind,
        `Too many failed sign-ins. Try again in ${seconds} s`,
        answer.retryAfterMs,
      )
    }
  }
}
