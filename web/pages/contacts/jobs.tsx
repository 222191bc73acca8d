import { Anchor, Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { call, query } from '../../api/call.ts'
import type { ContactJob, ContactList } from '../../api/types.ts'
import { queries, useChange, useRead } from '../../api/use-api.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { contactsTexts } from '../../texts/contacts.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'

const colors: Record<ContactJob['status'], string> = {
  Allocated: 'gray',
  Upload: 'gray',
  Prepare: 'blue',
  Importing: 'blue',
  Completed: 'teal',
  Error: 'red',
  Abort: 'orange',
}

export function Jobs({ apiKey, lists }: { apiKey: string | undefined; lists: readonly ContactList[] }) {
  const t = useTexts(contactsTexts)
  const { language } = usePreferences()
  const number = new Intl.NumberFormat(language)
  const may = useSession().may('marketer')
  const of = { key: apiKey }
  const path = apiKey === undefined ? undefined : query('/contact-jobs', { ...of, limit: 20 })
  const jobs = useRead<{ jobs: ContactJob[] }>(path, { everyMs: 2_000 })
  const change = useChange(
    ({ id, step }: { id: number; step: 'abort' | 'resume' }) =>
      call('POST', query(`/contact-jobs/${id}/${step}`, of)),
    { touches: ['contact-jobs'] },
  )
  // When one has ended, the counts of the lists are others.
  const ended = jobs.data?.jobs.filter(({ endedAt }) => endedAt !== null).length ?? 0
  const before = useRef(ended)
  useEffect(() => {
    if (before.current !== ended) void queries.invalidateQueries({ queryKey: ['contact-lists'] })
    before.current = ended
  }, [ended])

  return (
    <Stack gap="sm">
      <Title order={2}>{t.jobs}</Title>
      <Problem error={change.error} />
      <Loaded from={jobs}>
        {({ jobs: all }) =>
          all.length === 0 ? (
            <Text c="dimmed">{t.noJobs}</Text>
          ) : (
            all.map((job) => (
              <Paper key={job.id} withBorder p="sm">
                <Group justify="space-between" align="flex-start">
                  <div>
                    <Group gap="xs">
                      <Text fw={600} className="breaks-anywhere">
                        {lists.find(({ id }) => id === job.listId)?.name ?? job.kind}
                      </Text>
                      <Badge variant="light" color={colors[job.status]}>
                        {t.statuses[job.status]}
                      </Badge>
                    </Group>
                    <Text size="sm" c="dimmed">
                      {t.processed(number.format(job.processed), number.format(job.refused))} ·{' '}
                      <Time at={job.requestedAt} />
                    </Text>
                    {job.newProperties.length > 0 && (
                      <Text size="sm" className="breaks-anywhere">
                        {t.newProperties(
                          job.newProperties.map(({ name, type }) => `${name} (${t.types[type]})`).join(', '),
                        )}
                      </Text>
                    )}
                    {job.problem !== '' && (
                      <Text size="sm" className="breaks-anywhere">
                        {job.problem}
                      </Text>
                    )}
                  </div>
                  <Group gap="xs">
                    {job.refused > 0 && (
                      <Anchor href={`/api${query(`/contact-jobs/${job.id}/errors`, of)}`} download size="sm">
                        {t.errors}
                      </Anchor>
                    )}
                    {job.endedAt === null && (
                      <Button
                        size="xs"
                        variant="default"
                        disabled={!may}
                        onClick={() => change.mutate({ id: job.id, step: 'abort' })}
                      >
                        {t.stop}
                      </Button>
                    )}
                    {job.status === 'Abort' && (
                      <Button
                        size="xs"
                        variant="default"
                        disabled={!may}
                        onClick={() => change.mutate({ id: job.id, step: 'resume' })}
                      >
                        {t.resume}
                      </Button>
                    )}
                  </Group>
                </Group>
              </Paper>
            ))
          )
        }
      </Loaded>
    </Stack>
  )
}
