import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { Problem } from '../../ui/problem.tsx'
import type { DraftState } from './draft.ts'

/** Why it is not saved. Where somebody else has saved another content, which of the two it shall be. */
export function SaveProblem({ state: { save, conflict } }: { state: DraftState }) {
  const t = useTexts(campaignsTexts)
  if (conflict === undefined) return <Problem error={save.error} />
  return (
    <Alert color="red" title={t.conflict} role="alert">
      <Stack gap="sm">
        <Text size="sm">{t.conflictHint}</Text>
        <Group>
          <Button size="xs" variant="default" onClick={conflict.keepMine}>
            {t.keepMine}
          </Button>
          <Button size="xs" variant="default" onClick={conflict.takeTheirs}>
            {t.takeTheirs}
          </Button>
        </Group>
      </Stack>
    </Alert>
  )
}
