import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { useBlocker } from '@tanstack/react-router'
import { useTexts } from '../app/preferences.tsx'
import { commonTexts } from '../texts/common.ts'

type Blocker = Pick<ReturnType<typeof useBlocker>, 'status' | 'proceed' | 'reset'>

/** Before what was written and not saved is lost. */
export function LeaveQuestion({ blocker }: { blocker: Blocker }) {
  const t = useTexts(commonTexts)
  return (
    <Modal
      opened={blocker.status === 'blocked'}
      onClose={() => blocker.reset?.()}
      title={t.leaveTitle}
      withCloseButton={false}
      centered
    >
      <Stack>
        <Text>{t.leaveQuestion}</Text>
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={() => blocker.reset?.()}>
            {t.stay}
          </Button>
          <Button color="red.9" onClick={() => blocker.proceed?.()}>
            {t.leave}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
