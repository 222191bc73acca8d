import { Badge, Button, Group, Paper, Stack, Text } from '@mantine/core'
import type { GoLiveCheck } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { overviewTexts } from '../../texts/overview.ts'
import { CheckIcon, CrossIcon, QuestionIcon, WarnIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'

const looks = {
  ok: { color: 'teal', Icon: CheckIcon },
  warn: { color: 'yellow', Icon: WarnIcon },
  bad: { color: 'red', Icon: CrossIcon },
  unknown: { color: 'gray', Icon: QuestionIcon },
}

export function GoLivePage() {
  const t = useTexts(overviewTexts)
  const read = useRead<{ checks: GoLiveCheck[] }>('/go-live')
  const checks = read.data?.checks ?? []
  const known = checks.filter(({ status }) => status !== 'unknown')
  const ready = checks.filter(({ status }) => status === 'ok').length
  return (
    <Page
      title={t.goLive}
      about={t.goLiveAbout}
      actions={
        <Button variant="default" onClick={() => void read.refetch()} loading={read.isFetching}>
          {t.again}
        </Button>
      }
    >
      <Loaded from={read}>
        {() => (
          <Stack gap="sm">
            <Text fw={600}>{t.done(ready, known.length)}</Text>
            <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
              {checks.map(({ id, status, found, mend }) => {
                const { color, Icon } = looks[status]
                return (
                  <Paper key={id} withBorder p="md" component="li">
                    <Group justify="space-between" align="flex-start">
                      <Text fw={600}>{t.checks[id] ?? id}</Text>
                      <Badge variant="light" color={color} tt="none" leftSection={<Icon size={12} />}>
                        {t.checkStates[status]}
                      </Badge>
                    </Group>
                    <Text size="sm" c="dimmed" className="breaks-anywhere">
                      {found}
                    </Text>
                    {mend !== '' && (
                      <Text size="sm" mt={4} className="breaks-anywhere">
                        {t.lookAgain}: {mend}
                      </Text>
                    )}
                  </Paper>
                )
              })}
            </Stack>
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}
