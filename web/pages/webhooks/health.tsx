import { Badge } from '@mantine/core'
import type { Webhook } from '../../api/webhooks.ts'
import { useTexts } from '../../app/preferences.tsx'
import { webhooksTexts } from '../../texts/webhooks.ts'

const colors = { new: 'gray', well: 'teal', failing: 'orange', dead: 'red' }

export function Health({ webhook: { state, failingSince, lastSuccessAt } }: { webhook: Webhook }) {
  const t = useTexts(webhooksTexts)
  const health =
    state === 'dead' ? 'dead' : failingSince !== null ? 'failing' : lastSuccessAt === null ? 'new' : 'well'
  return (
    <Badge variant="light" color={colors[health]} tt="none">
      {t.health[health]}
    </Badge>
  )
}

/** What it is told, in words. */
export function useWebhookName(): (webhook: Webhook) => string {
  const t = useTexts(webhooksTexts)
  return ({ kind, topic, address }) =>
    kind === 'mail' ? (address ?? topic) : (t.topics[topic] ?? t.silent(topic))
}
