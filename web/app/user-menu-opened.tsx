import { Menu, Text, useMantineColorScheme } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import { useChange } from '../api/use-api.ts'
import { roleNames } from '../texts/common.ts'
import { languages } from '../texts/define.ts'
import { shellTexts } from '../texts/shell.ts'
import { CheckIcon } from '../ui/icons.tsx'
import { usePreferences, useTexts } from './preferences.tsx'
import { startAgain, useSession } from './session.tsx'
import { UserMenuButton } from './user-menu-button.tsx'

const languageNames = { en: 'English', fr: 'Français' }
const schemes = ['light', 'dark', 'auto'] as const

/** The menu itself, loaded when it is first asked for. */
export function UserMenuOpened() {
  const t = useTexts(shellTexts)
  const role = useTexts(roleNames)
  const { user } = useSession()
  const { language, setLanguage } = usePreferences()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const signOut = useChange(
    async () => {
      await call('DELETE', '/session')
      await startAgain()
    },
    { touches: [] },
  )
  const chosen = (isChosen: boolean) => isChosen && <CheckIcon size={14} />

  return (
    <Menu position="bottom-end" width={230} defaultOpened>
      <Menu.Target>
        <UserMenuButton email={user.email} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} className="breaks-anywhere">
            {user.name || user.email}
          </Text>
          {role[user.role]}
        </Menu.Label>
        <Menu.Item component={Link} to="/profile">
          {t.profile}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t.language}</Menu.Label>
        {languages.map((one) => (
          <Menu.Item
            key={one}
            lang={one}
            rightSection={chosen(one === language)}
            onClick={() => setLanguage(one)}
          >
            {languageNames[one]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t.appearance}</Menu.Label>
        {schemes.map((one) => (
          <Menu.Item key={one} rightSection={chosen(one === colorScheme)} onClick={() => setColorScheme(one)}>
            {t[one]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => signOut.mutate(undefined)}>{t.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
