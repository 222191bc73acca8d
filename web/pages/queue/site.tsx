import { Button, Group, Paper, Stack, Text } from '@mantine/core'
import type { QueueAction, WaitingSite } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { queueTexts } from '../../texts/queue.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Time } from '../../ui/time.tsx'
import type { QueueChange } from './queue.tsx'
import { SiteDeliveries } from './site-deliveries.tsx'

export function Site({
  site,
  isOpen,
  onToggle,
  onChange,
}: {
  site: WaitingSite
  isOpen: boolean
  onToggle: () => void
  onChange: (change: QueueChange) => Promise<unknown>
}) {
  const t = useTexts(queueTexts)
  const may = useSession().may('admin')
  const { domain, name, due, waiting, sending, held, oldestAt, nextAttemptAt, lastReply } = site
  const counts = [
    [due, t.due],
    [waiting, t.waiting],
    [sending, t.leased],
    [held, t.held],
  ] as const
  const actions: QueueAction[] = [
    ...(due + waiting > 0 ? (['retry', 'hold'] as const) : []),
    ...(held > 0 ? (['release'] as const) : []),
  ]
  return (
    <Paper withBorder p="md" component="section" aria-label={name}>
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start">
          <div>
            <Text fw={600} className="breaks-anywhere">
              {name}
            </Text>
            <Text size="sm">
              {counts
                .filter(([count]) => count > 0)
                .map(([count, words]) => `${count} ${words}`)
                .join(', ')}
              <Text span size="sm" c="dimmed">
                {' '}
                · {t.since} <Time at={oldestAt} />
                {nextAttemptAt !== null && (
                  <>
                    {' '}
                    · {t.next} <Time at={nextAttemptAt} />
                  </>
                )}
              </Text>
            </Text>
          </div>
          <Group gap="xs">
            {actions.map((action) => (
              <Button
                key={action}
                size="xs"
                variant="default"
                disabled={!may}
                aria-label={t.ofSite(t.actions[action], name)}
                onClick={() => void onChange({ action, filter: { domain } })}
              >
                {t.actions[action]}
              </Button>
            ))}
            <ConfirmButton
              size="xs"
              label={t.actions.drop}
              aria-label={t.ofSite(t.actions.drop, name)}
              question={t.dropSure(name)}
              disabled={!may}
              onConfirm={() => onChange({ action: 'drop', filter: { domain } })}
            />
          </Group>
        </Group>
        {lastReply !== null && (
          <Text size="sm" className="breaks-anywhere">
            {t.saysLast}: {lastReply}
          </Text>
        )}
        <Group>
          <Button size="xs" variant="subtle" onClick={onToggle} aria-expanded={isOpen}>
            {isOpen ? t.hide : t.show(name)}
          </Button>
        </Group>
        {isOpen && <SiteDeliveries domain={domain} onChange={onChange} />}
      </Stack>
    </Paper>
  )
}
