import { Button, Group, Paper, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { call } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import type { Webhook } from '../../api/webhooks.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { webhooksTexts } from '../../texts/webhooks.ts'
import { Problem } from '../../ui/problem.tsx'

const day = 86_400_000
const minute = 60_000

type Values = { from: string; to: string }

/** Begins with what it may have missed, else with the last day. */
export function Replay({ webhook: { id, missedSince, state } }: { webhook: Webhook }) {
  const t = useTexts(webhooksTexts)
  const may = useSession().may('admin')
  const form = useForm<Values>({
    mode: 'uncontrolled',
    initialValues: {
      from: toLocal(missedSince ?? Date.now() - day),
      // The minute that is running, too.
      to: toLocal(Date.now() + minute),
    },
  })
  const replay = useChange(
    async ({ from, to }: Values) => {
      const range = { from: new Date(from).getTime(), to: new Date(to).getTime() }
      let count = 0
      let after: number | null | undefined
      do {
        const step: { count: number; next: number | null } = await call('POST', `/webhooks/${id}/replay`, {
          ...range,
          ...(after !== undefined && after !== null && { after }),
        })
        count += step.count
        after = step.next
      } while (after !== null)
      return count
    },
    { touches: ['webhooks', 'parse-routes'] },
  )
  return (
    <Paper withBorder p="md" component="form" onSubmit={form.onSubmit((values) => replay.mutate(values))}>
      <Stack gap="sm">
        <Title order={2}>{t.replay}</Title>
        <Text c="dimmed">{t.replayAbout}</Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }} maw={560}>
          <TextInput type="datetime-local" label={t.from} required {...form.getInputProps('from')} />
          <TextInput type="datetime-local" label={t.to} required {...form.getInputProps('to')} />
        </SimpleGrid>
        <Problem error={replay.error} />
        {replay.data !== undefined && <Text role="status">{t.replayed(replay.data)}</Text>}
        <Group>
          <Button
            type="submit"
            variant="default"
            loading={replay.isPending}
            disabled={!may || state === 'dead'}
          >
            {t.replayButton}
          </Button>
        </Group>
      </Stack>
    </Paper>
  )
}

/** As such an input has it: local time, to the minute. */
function toLocal(at: number): string {
  const offset = new Date(at).getTimezoneOffset() * minute
  return new Date(at - offset).toISOString().slice(0, 16)
}
