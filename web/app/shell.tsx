/** The frame around every page: header, menu, and a banner while nothing leaves the machine. */
import { Alert, Anchor, AppShell, Box, Burger, Group, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect } from 'react'
import icon from '../icon.svg'
import { shellTexts } from '../texts/shell.ts'
import { Menu } from './menu.tsx'
import { usePreferences, useTexts } from './preferences.tsx'
import { useSession } from './session.tsx'
import { UserMenu } from './user-menu.tsx'

export function Shell() {
  const t = useTexts(shellTexts)
  const session = useSession()
  const { language } = usePreferences()
  const [isOpen, { toggle, close }] = useDisclosure()
  const pathname = useRouterState({ select: ({ location }) => location.pathname })
  // biome-ignore lint/correctness/useExhaustiveDependencies: on narrow screens the menu gives way to what was chosen in it
  useEffect(close, [pathname])

  return (
    <AppShell
      header={{ height: 62 }}
      navbar={{ width: 290, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="lg"
    >
      <a className="skip-link" href="#content">
        {t.skip}
      </a>
      <AppShell.Header>
        <Box className="airmail-edge" aria-hidden="true" />
        <Group h={56} px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t.menu} />
            <Link to="/" className="row-link">
              <Group gap="xs" wrap="nowrap">
                <img src={icon} alt="" width={30} height={30} />
                <Text fw={700} size="lg">
                  Paravion
                </Text>
              </Group>
            </Link>
          </Group>
          <UserMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t.mainNavigation} key={language}>
        <Menu pathname={pathname} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Box maw={1180} mx="auto">
          {session.mode === 'lab' && (
            <Alert color="yellow" variant="light" mb="lg" py="xs">
              <Group gap="sm">
                <Text size="sm" fw={600}>
                  {t.labBanner}
                </Text>
                <Anchor component={Link} to="/lab" size="sm" c="inherit" underline="always">
                  {t.labInbox}
                </Anchor>
              </Group>
            </Alert>
          )}
          <Outlet />
        </Box>
      </AppShell.Main>
    </AppShell>
  )
}
