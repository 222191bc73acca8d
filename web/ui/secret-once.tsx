import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useTexts } from '../app/preferences.tsx'
import { commonTexts } from '../texts/common.ts'
import { CopyValue } from './copy.tsx'

/** A secret that nobody can show again. */
export function SecretOnce({
  title,
  secret,
  what,
  onClose,
}: {
  title: string
  secret: string
  what: string
  onClose?: () => void
}) {
  const t = useTexts(commonTexts)
  return (
    <Alert color="yellow" title={title} role="status">
      <Stack gap="xs">
        <Text size="sm">{t.secretOnce}</Text>
        <CopyValue value={secret} what={what} />
        {onClose !== undefined && (
          <Group>
            <Button size="xs" variant="default" onClick={onClose}>
              {t.close}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  )
}
