import { Badge } from '@mantine/core'
import type { CampaignState } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'

const colors: Record<CampaignState, string> = {
  draft: 'gray',
  scheduled: 'blue',
  sending: 'blue',
  paused: 'orange',
  sent: 'teal',
  cancelled: 'red',
  archived: 'gray',
}

export function CampaignStateBadge({ state }: { state: CampaignState }) {
  const t = useTexts(campaignsTexts)
  return (
    <Badge variant="light" color={colors[state]}>
      {t.states[state]}
    </Badge>
  )
}
