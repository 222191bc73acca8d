import { List, Text } from '@mantine/core'
import { type CampaignAudience, exclusionReasons } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { leftOut, useFormats } from './formats.ts'

/** How many would get it, and how many not and why. */
export function Who({ audience: { recipients, excluded, countedAt } }: { audience: CampaignAudience }) {
  const t = useTexts(campaignsTexts)
  const { number, time } = useFormats()
  const out = leftOut({ excluded })
  return (
    <div role="status">
      <Text size="sm">{recipients === 1 ? t.getsOne : t.gets(number(recipients))}</Text>
      {out > 0 && (
        <>
          <Text size="sm" mt={4}>
            {out === 1 ? t.getsNotOne : t.getsNot(number(out))}
          </Text>
          <List size="sm">
            {exclusionReasons.map(
              (reason) =>
                (excluded[reason] ?? 0) > 0 && (
                  <List.Item key={reason}>
                    {t.reasons[reason]}: {number(excluded[reason] ?? 0)}
                  </List.Item>
                ),
            )}
          </List>
        </>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        {t.countedAt(time(countedAt))}
      </Text>
    </div>
  )
}
