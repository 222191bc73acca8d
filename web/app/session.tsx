/** Who is signed in. Everything else is shown only to them. */
import { createContext, type ReactNode, use } from 'react'
import { ApiError, keepCsrfToken } from '../api/call.ts'
import { type Role, roles } from '../api/types.ts'
import { queries, useRead } from '../api/use-api.ts'

export type SessionUser = {
  id: number
  email: string
  name: string
  role: Role
  hasTwoFactor: boolean
  recoveryCodesLeft: number
}

export type Session = {
  user: SessionUser | null
  setup: 'needed' | 'done'
  csrf: string
  mode: 'lab' | 'live'
  version: string
  publicUrl: string
}

export type SignedIn = Session & {
  user: SessionUser
  /** Whether this person may do what needs the role. */
  may(role: Role): boolean
}

const SessionContext = createContext<SignedIn | undefined>(undefined)

export function useSessionAnswer() {
  const answer = useRead<Session>('/session')
  if (answer.data !== undefined) keepCsrfToken(answer.data.csrf)
  return answer
}

export function SessionProvider({
  session,
  children,
}: {
  session: Session & { user: SessionUser }
  children: ReactNode
}) {
  const may = (role: Role) => roles.indexOf(session.user.role) <= roles.indexOf(role)
  return <SessionContext value={{ ...session, may }}>{children}</SessionContext>
}

export function useSession(): SignedIn {
  const session = use(SessionContext)
  if (session === undefined) throw new Error('useSession outside of SessionProvider')
  return session
}

/** After signing in or out nothing of before may be shown. */
export async function startAgain(): Promise<void> {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
  await queries.refetchQueries({ queryKey: ['session'] })
}

/** A call that finds the session ended leads back to the sign-in page. */
export function watchEndedSessions(): void {
  const look = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401) {
      void queries.invalidateQueries({ queryKey: ['session'] })
    }
  }
  queries.getQueryCache().subscribe(({ type, query }) => {
    if (type === 'updated' && query.queryKey[0] !== 'session') look(query.state.error)
  })
  queries.getMutationCache().subscribe(({ mutation }) => look(mutation?.state.error))
}
