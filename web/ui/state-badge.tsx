import { Badge } from '@mantine/core'
import type { DeliveryState } from '../api/types.ts'
import { useTexts } from '../app/preferences.tsx'
import { stateNames } from '../texts/messages.ts'

const colors: Record<DeliveryState, string> = {
  queued: 'blue',
  deferred: 'yellow',
  held: 'gray',
  delivered: 'teal',
  failed: 'red',
  blocked: 'orange',
  dropped: 'gray',
}

/** What has become of a message to one recipient. */
export function StateBadge({ state }: { state: DeliveryState }) {
  const names = useTexts(stateNames)
  return (
    <Badge variant="light" color={colors[state]} tt="none">
      {names[state]}
    </Badge>
  )
}
