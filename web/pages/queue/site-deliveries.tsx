import { Anchor, Button, Checkbox, Group, Stack, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { QueuedDelivery } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { queueTexts } from '../../texts/queue.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { Time } from '../../ui/time.tsx'
import type { QueueChange } from './queue.tsx'

const pageSize = 50

/** What waits for one site, message by message; several can be chosen. */
export function SiteDeliveries({
  domain,
  onChange,
}: {
  domain: string
  onChange: (change: QueueChange) => Promise<unknown>
}) {
  const t = useTexts(queueTexts)
  const common = useTexts(commonTexts)
  const may = useSession().may('admin')
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const list = useInfiniteQuery({
    queryKey: ['queue', 'of', domain],
    queryFn: ({ pageParam }) =>
      call<{ deliveries: QueuedDelivery[] }>(
        'GET',
        query('/queue', { domain, limit: pageSize, ...(pageParam > 0 && { after: pageParam }) }),
      ),
    initialPageParam: 0,
    getNextPageParam: ({ deliveries }) =>
      deliveries.length < pageSize ? undefined : (deliveries.at(-1)?.id ?? undefined),
  })

  async function change(action: QueueChange['action']): Promise<void> {
    await onChange({ action, ids: [...chosen] })
    setChosen(new Set())
  }

  return (
    <Loaded from={list}>
      {({ pages }) => (
        <Stack gap="xs">
          {chosen.size > 0 && (
            <Group gap="xs">
              <Text size="sm">{t.selected(chosen.size)}</Text>
              {(['retry', 'hold', 'release'] as const).map((action) => (
                <Button
                  key={action}
                  size="xs"
                  variant="light"
                  disabled={!may}
                  onClick={() => void change(action)}
                >
                  {t.actions[action]}
                </Button>
              ))}
              <ConfirmButton
                size="xs"
                label={t.actions.drop}
                question={t.dropSelectedSure}
                disabled={!may}
                onConfirm={() => change('drop')}
              />
            </Group>
          )}
          {pages
            .flatMap((page) => page.deliveries)
            .map((delivery) => (
              <Group key={delivery.id} wrap="nowrap" align="flex-start" gap="sm">
                <Checkbox
                  mt={3}
                  aria-label={t.choose(delivery.recipient)}
                  checked={chosen.has(delivery.id)}
                  disabled={!may}
                  onChange={({ currentTarget }) => {
                    const next = new Set(chosen)
                    if (currentTarget.checked) next.add(delivery.id)
                    else next.delete(delivery.id)
                    setChosen(next)
                  }}
                />
                <div style={{ minWidth: 0 }}>
                  <Group gap="xs">
                    <Anchor component={Link} to={`/messages/${delivery.id}`} className="breaks-anywhere">
                      {delivery.recipient}
                    </Anchor>
                    <StateBadge state={delivery.state} />
                  </Group>
                  <Text size="sm" c="dimmed" className="breaks-anywhere">
                    {delivery.subject} · {t.expires} <Time at={delivery.expiresAt} />
                  </Text>
                  {delivery.replyText !== null && (
                    <Text size="sm" c="dimmed" className="breaks-anywhere">
                      {delivery.replyText}
                    </Text>
                  )}
                </div>
              </Group>
            ))}
          {list.hasNextPage && (
            <Group>
              <Button
                size="xs"
                variant="default"
                onClick={() => void list.fetchNextPage()}
                loading={list.isFetchingNextPage}
              >
                {common.more}
              </Button>
            </Group>
          )}
        </Stack>
      )}
    </Loaded>
  )
}
