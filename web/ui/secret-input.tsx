import { PasswordInput, type PasswordInputProps } from '@mantine/core'
import { useTexts } from '../app/preferences.tsx'
import { commonTexts } from '../texts/common.ts'

/** A password field; its eye speaks the person's language. */
export function SecretInput(props: PasswordInputProps) {
  const t = useTexts(commonTexts)
  return <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t.showTyped }} {...props} />
}
