import { lazy, Suspense, useState } from 'react'
import { useSession } from './session.tsx'
import { UserMenuButton } from './user-menu-button.tsx'

const UserMenuOpened = lazy(async () => ({
  default: (await import('./user-menu-opened.tsx')).UserMenuOpened,
}))

/** Menus need much that the first view does not: they come with the first click. */
export function UserMenu() {
  const { user } = useSession()
  const [isAsked, setAsked] = useState(false)
  const button = <UserMenuButton email={user.email} onClick={() => setAsked(true)} />
  if (!isAsked) return button
  return (
    <Suspense fallback={button}>
      <UserMenuOpened />
    </Suspense>
  )
}
