import { Paper, SimpleGrid, Stack, Text } from '@mantine/core'
import type { Counts, Timing, Tracked } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { statisticsTexts } from '../../texts/statistics.ts'
import { useFormats } from './formats.ts'

/**
 * The main numbers, each with what its rate divides; `before` has those of another time. Counted by message the first
 * line adds up; by event, what was put off and then delivered is in both, and what waits is not known.
 */
export function Numbers({
  counts,
  before,
  timing = 'message',
  tracked = null,
}: {
  counts: Counts
  before?: Counts | undefined
  timing?: Timing
  tracked?: Tracked | null
}) {
  const t = useTexts(statisticsTexts)
  const { number, duration } = useFormats()
  const { opened, openDelaySeconds, machineOpens, machineClicks } = counts
  return (
    <Paper withBorder p="md">
      <Stack gap="md">
        <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="lg">
          {places
            .filter((name) => name !== 'queued' || timing === 'message')
            .map((name) => (
              <One key={name} name={name} counts={counts} before={before} />
            ))}
        </SimpleGrid>
        <SimpleGrid cols={{ base: 2, sm: 4, lg: 6 }} spacing="lg">
          {answers.map((name) => (
            <One key={name} name={name} counts={counts} before={before} tracked={tracked} />
          ))}
        </SimpleGrid>
        <Text size="sm" c="dimmed">
          {opened > 0 && `${t.meanOpen(duration(openDelaySeconds / opened))} `}
          {machineOpens + machineClicks > 0 && t.machinesAbout(number(machineOpens), number(machineClicks))}
        </Text>
      </Stack>
    </Paper>
  )
}

/** What was accepted, and where each of it is. */
const places = ['processed', 'sent', 'deferred', 'queued', 'bounced', 'blocked'] as const
/** Of what was delivered. */
const answers = ['opened', 'clicked', 'unsubscribed', 'complained'] as const
type Name = (typeof places)[number] | (typeof answers)[number]

function One({
  name,
  counts,
  before,
  tracked = null,
}: {
  name: Name
  counts: Counts
  before: Counts | undefined
  tracked?: Tracked | null
}) {
  const t = useTexts(statisticsTexts)
  const { number } = useFormats()
  const rate = useRate()
  const isMissing = isUnseen(name, counts, tracked)
  return (
    <div data-testid={`number-${name}`}>
      <Text size="xl" fw={700} lh={1.2}>
        {isMissing ? '—' : number(numberOf(name, counts))}
      </Text>
      <Text size="sm" fw={500}>
        {t[name]}
      </Text>
      <Text size="sm" c="dimmed">
        {name === 'processed' ? t.acceptedAbout : isMissing ? t.notTracked : rate(name, counts)}
      </Text>
      {before !== undefined && (
        <Text size="xs" c="dimmed">
          {t.before([number(numberOf(name, before)), rate(name, before)].filter(Boolean).join(', '))}
        </Text>
      )}
    </div>
  )
}

function numberOf(name: Name, counts: Counts): number {
  return name === 'bounced' ? bouncedOf(counts) : counts[name]
}

export function bouncedOf({ softBounced, hardBounced }: Pick<Counts, 'softBounced' | 'hardBounced'>): number {
  return softBounced + hardBounced
}

/** A zero that nobody measured. */
export function isUnseen(name: Name, counts: Counts, tracked: Tracked | null): boolean {
  if (tracked === null || numberOf(name, counts) > 0) return false
  return (name === 'opened' && !tracked.opens) || (name === 'clicked' && !tracked.clicks)
}

/** The share of a number, with the words for what it is a share of; undefined when there is nothing to divide by. */
export function useRate() {
  const t = useTexts(statisticsTexts)
  const { share } = useFormats()
  return (name: Name, counts: Counts): string | undefined => {
    const isOfAccepted = places.some((place) => place === name)
    const rate = share(numberOf(name, counts), isOfAccepted ? counts.processed : counts.sent)
    if (rate === undefined || name === 'processed') return undefined
    return isOfAccepted ? t.ofAccepted(rate) : t.ofDelivered(rate)
  }
}
