import { AppShell, NavLink, ScrollArea } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { shellTexts } from '../texts/shell.ts'
import { type NavigationEntry, navigation } from './navigation.ts'
import { usePreferences, useTexts } from './preferences.tsx'
import { useSession } from './session.tsx'

export function Menu({ pathname }: { pathname: string }) {
  return (
    <AppShell.Section grow component={ScrollArea}>
      <Entries entries={navigation} pathname={pathname} />
    </AppShell.Section>
  )
}

function Entries({ entries, pathname }: { entries: readonly NavigationEntry[]; pathname: string }) {
  const t = useTexts(shellTexts)
  const session = useSession()
  const { isDeveloper } = usePreferences()

  function isShown({ role, only }: NavigationEntry): boolean {
    if (role !== undefined && !session.may(role)) return false
    if (only === 'lab') return session.mode === 'lab'
    return only !== 'developer' || isDeveloper
  }

  return entries.filter(isShown).map((entry) => {
    const { name, to, icon: Icon, below } = entry
    const common = {
      label: t[name],
      leftSection: Icon && <Icon />,
      ...(to !== undefined && pathname === to && { 'aria-current': 'page' as const }),
    }
    if (below === undefined) {
      return (
        <NavLink
          key={name}
          {...common}
          component={Link}
          to={to}
          active={to !== undefined && isAt(pathname, to)}
        />
      )
    }
    const parent = {
      ...common,
      childrenOffset: Icon === undefined ? 14 : 28,
      defaultOpened: true,
      children: <Entries entries={below} pathname={pathname} />,
    }
    const key = `${name}-${isDeveloper}`
    return to === undefined ? (
      <NavLink key={key} {...parent} component="button" />
    ) : (
      <NavLink key={key} {...parent} component={Link} to={to} />
    )
  })
}

/** The page itself or one below it; the first page is above all others and below none. */
function isAt(pathname: string, to: string): boolean {
  return pathname === to || (to !== '/' && to !== '/settings' && pathname.startsWith(`${to}/`))
}
