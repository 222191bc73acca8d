import { Paper, SimpleGrid, Stack, Text } from '@mantine/core'
import type { Counts } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { statisticsTexts } from '../../texts/statistics.ts'
import { useFormats } from './formats.ts'

/** The main numbers, each with what its rate divides; `before` has those of another time. */
export function Numbers({ counts, before }: { counts: Counts; before: Counts | undefined }) {
  const t = useTexts(statisticsTexts)
  const { number, duration } = useFormats()
  const { opened, openDelaySeconds, machineOpens, machineClicks } = counts
  const names = [
    'processed',
    'sent',
    'opened',
    'clicked',
    'bounced',
    'blocked',
    'unsubscribed',
    'complained',
  ] as const
  return (
    <Paper withBorder p="md">
      <Stack gap="md">
        <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="lg">
          {names.map((name) => (
            <One key={name} name={name} counts={counts} before={before} />
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

type Name =
  | 'processed'
  | 'sent'
  | 'opened'
  | 'clicked'
  | 'bounced'
  | 'blocked'
  | 'unsubscribed'
  | 'complained'

function One({ name, counts, before }: { name: Name; counts: Counts; before: Counts | undefined }) {
  const t = useTexts(statisticsTexts)
  const { number } = useFormats()
  const rate = useRate()
  return (
    <div>
      <Text size="xl" fw={700} lh={1.2}>
        {number(numberOf(name, counts))}
      </Text>
      <Text size="sm" fw={500}>
        {t[name]}
      </Text>
      <Text size="sm" c="dimmed">
        {name === 'processed' ? t.acceptedAbout : rate(name, counts)}
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

/** The share of a number, with the words for what it is a share of; undefined when there is nothing to divide by. */
function useRate() {
  const t = useTexts(statisticsTexts)
  const { share } = useFormats()
  return (name: Name, counts: Counts): string | undefined => {
    const isOfAccepted = name === 'sent' || name === 'bounced' || name === 'blocked'
    const rate = share(numberOf(name, counts), isOfAccepted ? counts.processed : counts.sent)
    if (rate === undefined || name === 'processed') return undefined
    return isOfAccepted ? t.ofAccepted(rate) : t.ofDelivered(rate)
  }
}
