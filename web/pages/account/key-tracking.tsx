import { Button, Group, Modal, Stack, Switch, Text } from '@mantine/core'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { ApiKey, TrackingRules } from '../../api/types.ts'
import { useChange, useFreshRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { accountTexts } from '../../texts/account.ts'
import { commonTexts } from '../../texts/common.ts'
import { Waiting } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'

const names = ['opens', 'clicks', 'isPrivate'] as const

/** Whether mail of a key is tracked where it does not say so itself. What is not touched stays as the account says. */
export function KeyTracking({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const t = useTexts(accountTexts)
  const common = useTexts(commonTexts)
  const read = useFreshRead<TrackingRules>(query('/tracking', { key: apiKey.publicKey }))
  const [chosen, choose] = useState<Partial<TrackingRules['effective']>>({})
  const save = useChange(
    async () => {
      await call('PUT', '/tracking', { key: apiKey.publicKey, of: 'key', ...chosen })
      onClose()
    },
    { touches: ['tracking'] },
  )
  const rules = read.data?.effective
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.trackingOf(apiKey.name)}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <Stack>
        <Text size="sm" c="dimmed">
          {t.trackingHint}
        </Text>
        {rules !== undefined ? (
          names.map((name) => (
            <Switch
              key={name}
              label={t.tracks[name]}
              description={t.tracksHint[name]}
              checked={chosen[name] ?? rules[name]}
              onChange={({ currentTarget: { checked } }) => choose({ ...chosen, [name]: checked })}
            />
          ))
        ) : read.error === null ? (
          <Waiting />
        ) : (
          <Problem error={read.error} onRetry={read.refetch} />
        )}
        <Problem error={save.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button
            onClick={() => save.mutate(undefined)}
            loading={save.isPending}
            disabled={rules === undefined || Object.keys(chosen).length === 0}
          >
            {common.save}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
