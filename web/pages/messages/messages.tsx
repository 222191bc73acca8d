import { Anchor, Button, Group, Stack, Switch, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { ListedMessage } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { messagesTexts } from '../../texts/messages.ts'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { Filters, useFilters } from './filters.tsx'
import { MessageList } from './message-list.tsx'
import { SendTest } from './send-test.tsx'

type Answer = { messages: ListedMessage[]; next: number | null; searchedBackTo: number | null }

const pageSize = 50

export function MessagesPage() {
  const t = useTexts(messagesTexts)
  const common = useTexts(commonTexts)
  const may = useSession().may('marketer')
  const { filters, isFiltered, clear } = useFilters()
  const [isLive, setLive] = useState(true)
  const [isSending, setSending] = useState(false)
  const list = useInfiniteQuery({
    queryKey: ['messages', filters],
    queryFn: ({ pageParam }) =>
      call<Answer>(
        'GET',
        query('/messages', { ...filters, limit: pageSize, ...(pageParam !== null && { before: pageParam }) }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
    // Whoever has gone back in time reads there; the first pages are cheap to look at again.
    refetchInterval: ({ state }) => (isLive && (state.data?.pages.length ?? 0) <= 3 ? 2_000 : false),
  })
  const last = list.data?.pages.at(-1)

  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        may && (
          <Button variant="default" onClick={() => setSending(true)}>
            {t.sendTest}
          </Button>
        )
      }
    >
      <Group justify="space-between" align="flex-end">
        <Filters />
        <Switch
          label={t.live}
          checked={isLive}
          onChange={({ currentTarget }) => setLive(currentTarget.checked)}
        />
      </Group>
      <Loaded from={list}>
        {({ pages }) => {
          const messages = pages.flatMap((page) => page.messages)
          return (
            <Stack>
              {messages.length > 0 && (
                <MessageList
                  messages={messages}
                  onEnd={() => {
                    if (last?.searchedBackTo === null && list.hasNextPage && !list.isFetchingNextPage) {
                      void list.fetchNextPage()
                    }
                  }}
                />
              )}
              {messages.length === 0 && last?.next === null && (
                <Nothing
                  isFiltered={isFiltered}
                  onClear={clear}
                  onSend={may ? () => setSending(true) : undefined}
                />
              )}
              {last?.searchedBackTo != null && (
                <Group>
                  <Text size="sm" c="dimmed">
                    {t.searchedBackTo} <Time at={last.searchedBackTo} />
                  </Text>
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => void list.fetchNextPage()}
                    loading={list.isFetchingNextPage}
                  >
                    {t.goOn}
                  </Button>
                </Group>
              )}
              {last?.searchedBackTo === null && list.hasNextPage && (
                <Group>
                  <Button
                    variant="default"
                    onClick={() => void list.fetchNextPage()}
                    loading={list.isFetchingNextPage}
                  >
                    {common.more}
                  </Button>
                </Group>
              )}
            </Stack>
          )
        }}
      </Loaded>
      {isSending && <SendTest onClose={() => setSending(false)} />}
    </Page>
  )
}

function Nothing({
  isFiltered,
  onClear,
  onSend,
}: {
  isFiltered: boolean
  onClear: () => void
  onSend: (() => void) | undefined
}) {
  const t = useTexts(messagesTexts)
  if (isFiltered) {
    return (
      <Empty title={t.nothingFound} hint={t.nothingFoundHint}>
        <Button variant="default" onClick={onClear}>
          {t.clearFilters}
        </Button>
      </Empty>
    )
  }
  return (
    <Empty title={t.none} hint={t.noneHint}>
      <Group>
        {onSend !== undefined && <Button onClick={onSend}>{t.sendTest}</Button>}
        <Anchor component={Link} to="/account/setup">
          {t.credentials}
        </Anchor>
      </Group>
    </Empty>
  )
}
