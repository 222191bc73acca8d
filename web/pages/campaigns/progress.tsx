import { Progress as Bar, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import type { CampaignProgress, CampaignState, Tracked } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { finished, leftOut, useFormats } from './formats.ts'

/** A bar, and the numbers that it is made of. */
export function Progress({
  progress,
  state,
  tracked,
}: {
  progress: CampaignProgress
  state: CampaignState
  tracked: Tracked | null
}) {
  const t = useTexts(campaignsTexts)
  const { number, share } = useFormats()
  const { total, pending, queued, deferred, delivered, softBounced, hardBounced, blocked } = progress
  const { done, of } = finished(progress)
  const width = (count: number) => (of === 0 ? 0 : (count / of) * 100)
  const bounced = softBounced + hardBounced
  const ofAll = (count: number) => (of === 0 ? undefined : t.ofAll(share(count, of)))
  const ofDelivered = (count: number) =>
    delivered === 0 ? undefined : t.ofDelivered(share(count, delivered))
  /** A zero that nobody measured is none. */
  const seen = (count: number, isTracked = true) =>
    count === 0 && !isTracked ? ([undefined, t.notTracked] as const) : ([count, ofDelivered(count)] as const)
  const numbers = [
    ['total', of, undefined],
    ['delivered', delivered, ofAll(delivered)],
    ['waiting', pending + queued + deferred, deferred === 0 ? undefined : t.putOff(number(deferred))],
    ['bounced', bounced, ofAll(bounced)],
    ['blocked', blocked, ofAll(blocked)],
    ['opened', ...seen(progress.opened, tracked?.opens)],
    ['clicked', ...seen(progress.clicked, tracked?.clicks)],
    ['unsubscribed', progress.unsubscribed, ofDelivered(progress.unsubscribed)],
    ['complained', progress.complained, ofDelivered(progress.complained)],
    ['excluded', leftOut(progress), t.ofList(number(total))],
  ] as const
  return (
    <Paper withBorder p="md" component="section" aria-label={t.progress}>
      <Stack>
        <Title order={2}>{t.progress}</Title>
        {total === 0 && state === 'sending' ? (
          <Text role="status">{t.preparing}</Text>
        ) : (
          <div>
            <Bar.Root size="xl" role="img" aria-label={t.progressLabel(share(done, of))}>
              <Bar.Section value={width(delivered)} color="teal.7" withAria={false} />
              <Bar.Section value={width(bounced)} color="red.7" withAria={false} />
              <Bar.Section value={width(blocked)} color="orange.6" withAria={false} />
            </Bar.Root>
            <Text size="sm" c="dimmed" mt={4}>
              {t.ofRecipients(number(Math.max(0, of - pending)), number(of))}
            </Text>
          </div>
        )}
        <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="lg">
          {numbers.map(([name, count, rate]) => (
            <div key={name} data-testid={`number-${name}`}>
              <Text size="xl" fw={700} lh={1.2}>
                {count === undefined ? '—' : number(count)}
              </Text>
              <Text size="sm" fw={500}>
                {t.numbers[name]}
              </Text>
              {rate !== undefined && (
                <Text size="sm" c="dimmed">
                  {rate}
                </Text>
              )}
            </div>
          ))}
        </SimpleGrid>
      </Stack>
    </Paper>
  )
}
