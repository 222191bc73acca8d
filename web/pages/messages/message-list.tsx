import { Box, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { ListedMessage } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { messagesTexts } from '../../texts/messages.ts'
import { StateBadge } from '../../ui/state-badge.tsx'
import { Time } from '../../ui/time.tsx'

const rowHeight = 68

/** Only the lines in view are in the page, however many there are. */
export function MessageList({ messages, onEnd }: { messages: readonly ListedMessage[]; onEnd: () => void }) {
  const t = useTexts(messagesTexts)
  const box = useRef<HTMLUListElement>(null)
  const rows = useWindowVirtualizer({
    count: messages.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: box.current?.offsetTop ?? 0,
    getItemKey: (index) => messages[index]?.id ?? index,
  })
  const shown = rows.getVirtualItems()
  const lastShown = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (lastShown >= messages.length - 1 && messages.length > 0) onEnd()
  }, [lastShown, messages.length, onEnd])

  return (
    <ul
      ref={box}
      aria-label={t.title}
      style={{ position: 'relative', height: rows.getTotalSize(), margin: 0, padding: 0, listStyle: 'none' }}
    >
      {shown.map(({ index, key, start }) => {
        const message = messages[index]
        return (
          message !== undefined && (
            <li
              key={key}
              aria-setsize={messages.length}
              aria-posinset={index + 1}
              style={{
                position: 'absolute',
                insetInline: 0,
                height: rowHeight,
                transform: `translateY(${start - rows.options.scrollMargin}px)`,
                borderBottom: '1px solid var(--mantine-color-default-border)',
              }}
            >
              <Row message={message} />
            </li>
          )
        )
      })}
    </ul>
  )
}

function Row({ message }: { message: ListedMessage }) {
  const t = useTexts(messagesTexts)
  const { id, subject, from, recipient, state, acceptedAt, attempts, nextAttemptAt } = message
  return (
    <Link to="/messages/$id" params={{ id: String(id) }} className="row-link">
      <Group h={rowHeight} justify="space-between" wrap="nowrap" gap="md">
        <Box style={{ minWidth: 0, flex: 1 }}>
          <Text fw={600} className="one-line">
            {subject || t.noSubject}
          </Text>
          <Text size="sm" c="dimmed" className="one-line">
            {recipient} ← {from}
          </Text>
        </Box>
        <Box ta="right" style={{ flexShrink: 0 }}>
          <StateBadge state={state} />
          <Text size="xs" c="dimmed">
            {state === 'deferred' && nextAttemptAt !== null ? (
              <>
                {t.attempts(attempts)}, {t.nextAttempt} <Time at={nextAttemptAt} />
              </>
            ) : (
              <Time at={acceptedAt} />
            )}
          </Text>
        </Box>
      </Group>
    </Link>
  )
}
