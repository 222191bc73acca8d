/** What is shown to whom: the pages of one-time links, the sign-in page, or the console. */
import { Center, Loader } from '@mantine/core'
import { RouterProvider } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { EntryFrame } from '../pages/entry/frame.tsx'
import { Problem } from '../ui/problem.tsx'
import { createConsoleRouter } from './router.tsx'
import { SessionProvider, useSessionAnswer } from './session.tsx'

const SetupPage = lazy(async () => ({ default: (await import('../pages/entry/setup.tsx')).SetupPage }))
const InvitationPage = lazy(async () => ({
  default: (await import('../pages/entry/invitation.tsx')).InvitationPage,
}))
const SignInPage = lazy(async () => ({ default: (await import('../pages/entry/sign-in.tsx')).SignInPage }))

const router = createConsoleRouter()

export function Door() {
  return (
    <Suspense fallback={<Waiting />}>
      <Opened />
    </Suspense>
  )
}

function Opened() {
  const answer = useSessionAnswer()
  const { pathname } = window.location
  if (answer.data === undefined) {
    if (answer.error === null) return <Waiting />
    return (
      <EntryFrame title="Paravion">
        <Problem error={answer.error} onRetry={answer.refetch} />
      </EntryFrame>
    )
  }
  const session = answer.data
  if (pathname === '/invitation') return <InvitationPage />
  const { user } = session
  if (user !== null) {
    return (
      <SessionProvider session={{ ...session, user }}>
        <RouterProvider router={router} />
      </SessionProvider>
    )
  }
  return pathname === '/setup' || session.setup === 'needed' ? <SetupPage /> : <SignInPage />
}

function Waiting() {
  return (
    <Center h="100vh">
      <Loader role="status" aria-label="Paravion" />
    </Center>
  )
}
