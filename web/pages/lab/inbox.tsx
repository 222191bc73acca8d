import { Anchor, Button, Group, Paper, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { LabMessage } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { labTexts } from '../../texts/lab.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SearchIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import { Verdict } from '../../ui/verdict.tsx'

const pageSize = 50

/** What the receiving hosts of the lab took, newest first; new ones appear by themselves. */
export function LabInbox() {
  const t = useTexts(labTexts)
  const common = useTexts(commonTexts)
  const session = useSession()
  const [typed, setTyped] = useState('')
  const [to] = useDebouncedValue(typed.trim(), 250)
  const inbox = useInfiniteQuery({
    queryKey: ['lab', 'inbox', to],
    queryFn: ({ pageParam }) =>
      call<{ messages: LabMessage[] }>(
        'GET',
        query('/lab/inbox', { to, limit: pageSize, ...(pageParam > 0 && { before: pageParam }) }),
      ),
    initialPageParam: 0,
    getNextPageParam: ({ messages }) =>
      messages.length < pageSize ? undefined : (messages.at(-1)?.id ?? undefined),
    refetchInterval: 3_000,
  })
  const clear = useChange(() => call('DELETE', '/lab/inbox'), { touches: ['lab'] })

  return (
    <Stack>
      <Group justify="space-between">
        <TextInput
          aria-label={t.searchTo}
          placeholder={t.searchTo}
          leftSection={<SearchIcon />}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          w={280}
        />
        <ConfirmButton
          label={t.clear}
          question={t.clearSure}
          disabled={!session.may('admin')}
          onConfirm={() => clear.mutateAsync(undefined)}
        />
      </Group>
      <Problem error={clear.error} />
      <Loaded from={inbox}>
        {({ pages }) => {
          const messages = pages.flatMap((page) => page.messages)
          if (messages.length === 0) {
            return to === '' ? (
              <Empty title={t.emptyInbox} hint={t.emptyInboxHint} />
            ) : (
              <Empty title={t.nothingFound} />
            )
          }
          return (
            <>
              <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
                {messages.map((message) => (
                  <Line key={message.id} message={message} />
                ))}
              </Stack>
              {inbox.hasNextPage && (
                <Button
                  variant="default"
                  onClick={() => void inbox.fetchNextPage()}
                  loading={inbox.isFetchingNextPage}
                >
                  {common.more}
                </Button>
              )}
            </>
          )
        }}
      </Loaded>
    </Stack>
  )
}

function Line({ message }: { message: LabMessage }) {
  const t = useTexts(labTexts)
  return (
    <Paper withBorder p="sm" component="li">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Anchor component={Link} to={`/lab/${message.id}`} fw={600} className="breaks-anywhere">
            {message.subject || t.noSubject}
          </Anchor>
          <Text size="sm" c="dimmed" className="breaks-anywhere">
            {message.from} → {message.to}
          </Text>
        </div>
        <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
          <Time at={message.receivedAt} />
        </Text>
      </Group>
      <Group gap={6} mt={6}>
        <Verdict name="DKIM" result={message.dkim} />
        <Verdict name="SPF" result={message.spf} />
        <Verdict name="DMARC" result={message.dmarc} />
      </Group>
    </Paper>
  )
}
