import { Badge, Button, Group, Modal, Paper, Stack, Text } from '@mantine/core'
import { call, query } from '../../api/call.ts'
import type { OpenedTemplate, Template, TemplateVersion } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { templatesTexts } from '../../texts/templates.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'

/** What was saved before, and the way back to it. */
export function Versions({
  template,
  apiKey,
  isReadOnly,
  onRestored,
  onClose,
}: {
  template: Template
  apiKey: string | undefined
  isReadOnly: boolean
  onRestored: (opened: OpenedTemplate) => void
  onClose: () => void
}) {
  const t = useTexts(templatesTexts)
  const common = useTexts(commonTexts)
  const path = `/templates/${template.id}/versions`
  const versions = useRead<{ versions: TemplateVersion[]; kept: number }>(query(path, { key: apiKey }))
  const restore = useChange(
    async (number: number) => {
      onRestored(await call<OpenedTemplate>('POST', `${path}/${number}/restore`, { key: apiKey }))
      onClose()
    },
    { touches: ['templates'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.versions}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <Loaded from={versions}>
        {({ versions: all, kept }) => (
          <Stack>
            <Text size="sm" c="dimmed">
              {t.versionsHint(kept)} {t.restoreHint}
            </Text>
            {all.length === 0 && <Text>{t.noVersions}</Text>}
            <Problem error={restore.error} />
            <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
              {all.map(({ number, createdAt, createdBy }) => (
                <Paper key={number} withBorder p="xs" component="li">
                  <Group justify="space-between" wrap="nowrap">
                    <div style={{ minWidth: 0 }}>
                      <Group gap="xs">
                        <Text fw={600}>{t.version(number)}</Text>
                        {number === template.version && (
                          <Badge variant="light" tt="none">
                            {t.current}
                          </Badge>
                        )}
                      </Group>
                      <Text size="sm" c="dimmed" className="breaks-anywhere">
                        <Time at={createdAt} /> {t.by(createdBy)}
                      </Text>
                    </div>
                    {number !== template.version && (
                      <Button
                        size="xs"
                        variant="default"
                        aria-label={t.restoreOf(number)}
                        disabled={isReadOnly}
                        loading={restore.isPending && restore.variables === number}
                        onClick={() => restore.mutate(number)}
                      >
                        {t.restore}
                      </Button>
                    )}
                  </Group>
                </Paper>
              ))}
            </Stack>
          </Stack>
        )}
      </Loaded>
    </Modal>
  )
}
