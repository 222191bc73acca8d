import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { peopleTexts } from '../../texts/people.ts'
import { CopyValue } from '../../ui/copy.tsx'

/** The link with which somebody chooses a password; nobody can show it again. */
export function LinkOnce({ email, url, onClose }: { email: string; url: string; onClose: () => void }) {
  const t = useTexts(peopleTexts)
  const common = useTexts(commonTexts)
  return (
    <Alert color="yellow" title={t.linkTitle(email)} role="status">
      <Stack gap="xs">
        <Text size="sm">{t.linkHint}</Text>
        <CopyValue value={url} what={t.link} />
        <Group>
          <Button size="xs" variant="default" onClick={onClose}>
            {common.close}
          </Button>
        </Group>
      </Stack>
    </Alert>
  )
}
