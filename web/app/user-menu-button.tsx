import { Avatar, UnstyledButton, type UnstyledButtonProps } from '@mantine/core'
import type { ComponentPropsWithRef } from 'react'
import { shellTexts } from '../texts/shell.ts'
import { PersonIcon } from '../ui/icons.tsx'
import { useTexts } from './preferences.tsx'

export function UserMenuButton({
  email,
  ...props
}: UnstyledButtonProps & ComponentPropsWithRef<'button'> & { email: string }) {
  const t = useTexts(shellTexts)
  return (
    <UnstyledButton aria-label={t.userMenu(email)} aria-haspopup="menu" {...props}>
      <Avatar color="airmail" variant="filled" size="md">
        <PersonIcon size={22} />
      </Avatar>
    </UnstyledButton>
  )
}
