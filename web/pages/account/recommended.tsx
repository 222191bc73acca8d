import { Button, Group, Paper, Stack, Text } from '@mantine/core'
import { call } from '../../api/call.ts'
import type { Sender } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { sendersTexts } from '../../texts/senders.ts'
import { PlusIcon } from '../../ui/icons.tsx'
import { Problem } from '../../ui/problem.tsx'

const locals = ['notifications', 'bounce', 'catchall']

/** The three addresses that Odoo uses of a domain, one click each. Nothing once they are there. */
export function Recommended({
  domain,
  known,
  apiKey,
}: {
  domain: string
  known: readonly Sender[]
  apiKey: string
}) {
  const t = useTexts(sendersTexts)
  const may = useSession().may('admin')
  const add = useChange(
    (email: string) => call('POST', '/senders', { email, key: apiKey, kind: 'transactional' }),
    { touches: ['senders'] },
  )
  const missing = locals
    .map((local) => `${local}@${domain}`)
    .filter((email) => !known.some((sender) => sender.email === email))
  if (missing.length === 0) return null
  return (
    <Paper withBorder p="md">
      <Stack gap="xs">
        <Text fw={600}>{t.recommended(domain)}</Text>
        <Text size="sm" c="dimmed">
          {t.recommendedHint}
        </Text>
        <Problem error={add.error} />
        <Group gap="xs">
          {missing.map((email) => (
            <Button
              key={email}
              size="xs"
              variant="default"
              leftSection={<PlusIcon size={14} />}
              disabled={!may}
              loading={add.isPending && add.variables === email}
              onClick={() => add.mutate(email)}
            >
              {t.addThis(email)}
            </Button>
          ))}
        </Group>
      </Stack>
    </Paper>
  )
}
