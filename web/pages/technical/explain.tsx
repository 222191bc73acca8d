import { Button, Group, Paper, SimpleGrid, Stack, Switch, Text, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { call, query, segment } from '../../api/call.ts'
import type { Explanation } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { shellTexts } from '../../texts/shell.ts'
import { technicalTexts } from '../../texts/technical.ts'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { ExplanationShown, type StoredExplanation } from './explanation.tsx'

export function ExplainPage() {
  const t = useTexts(technicalTexts)
  const shell = useTexts(shellTexts)
  return (
    <Page title={t.explain} trail={[shell.settings, shell.technical, shell.email]} about={t.explainAbout}>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <AskByAddress />
        <AskByMessage />
      </SimpleGrid>
    </Page>
  )
}

function AskByAddress() {
  const t = useTexts(technicalTexts)
  const form = useForm({ initialValues: { from: '', to: '', bulk: false } })
  const explain = useChange(
    ({ from, to, bulk }: { from: string; to: string; bulk: boolean }) =>
      call<Explanation>('GET', query('/explain', { from, to, bulk: bulk ? 'true' : undefined })),
    { touches: [] },
  )
  return (
    <Stack>
      <Paper withBorder p="lg" component="form" onSubmit={form.onSubmit((values) => explain.mutate(values))}>
        <Stack>
          <TextInput
            label={t.from}
            description={t.fromHint}
            placeholder="Ada <ada@shop.example>"
            {...form.getInputProps('from')}
          />
          <TextInput
            label={t.to}
            description={t.toHint}
            placeholder="ok@inbox.test"
            {...form.getInputProps('to')}
          />
          <Switch label={t.bulk} {...form.getInputProps('bulk', { type: 'checkbox' })} />
          <Group justify="flex-end">
            <Button type="submit" loading={explain.isPending}>
              {t.explainButton}
            </Button>
          </Group>
        </Stack>
      </Paper>
      <Problem error={explain.error} />
      {explain.data !== undefined && <ExplanationShown explanation={explain.data} />}
    </Stack>
  )
}

function AskByMessage() {
  const t = useTexts(technicalTexts)
  const asked = useSearch({ strict: false, select: (search: { message?: unknown }) => search.message })
  const form = useForm({ initialValues: { message: asked === undefined ? '' : String(asked) } })
  const { mutate, ...explain } = useChange(
    ({ message }: { message: string }) =>
      call<StoredExplanation>('GET', `/explain/${segment(message.trim())}`),
    { touches: [] },
  )
  // Led here from a message: its answer is what is wanted.
  useEffect(() => {
    if (asked !== undefined) mutate({ message: String(asked) })
  }, [asked, mutate])
  return (
    <Stack>
      <Paper withBorder p="lg" component="form" onSubmit={form.onSubmit((values) => mutate(values))}>
        <Stack>
          <Title order={2}>{t.stored}</Title>
          <TextInput
            label={t.stored}
            description={t.storedHint}
            required
            {...form.getInputProps('message')}
          />
          <Group justify="flex-end">
            <Button type="submit" variant="default" loading={explain.isPending}>
              {t.explainButton}
            </Button>
          </Group>
        </Stack>
      </Paper>
      <Problem error={explain.error} />
      {explain.data !== undefined && (
        <>
          <ExplanationShown explanation={explain.data} />
          {explain.data.attempts.length > 0 && (
            <Paper withBorder p="lg">
              <Title order={3} size="h4" mb="xs">
                {t.attempts}
              </Title>
              {explain.data.attempts.map(({ at, host, remarks }) => (
                <Text key={`${at} ${host}`} size="sm" className="breaks-anywhere">
                  {host}: {remarks.join('; ')}
                </Text>
              ))}
            </Paper>
          )}
        </>
      )}
    </Stack>
  )
}
