import { ActionIcon, Anchor, Group, Paper, Progress, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { call, query } from '../../api/call.ts'
import type { Campaign, ListedCampaign, OpenedCampaign } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { FullStarIcon, StarIcon } from '../../ui/icons.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import { CampaignMenu } from './campaign-menu.tsx'
import { finished, useFormats } from './formats.ts'
import { CampaignStateBadge } from './state.tsx'

/** One campaign in the list. */
export function CampaignRow({ campaign, apiKey }: { campaign: ListedCampaign; apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const { number, share } = useFormats()
  const { id, state, subject, counts, tracked } = campaign
  const title = campaign.title || t.untitled
  const isRunning = state === 'sending' || state === 'paused'
  return (
    <Paper withBorder p="sm" component="li">
      <Group wrap="nowrap" align="flex-start" gap="xs">
        <Star campaign={campaign} apiKey={apiKey} />
        <div style={{ flex: 1, minWidth: 0 }}>
          <Group gap="xs">
            <Anchor component={Link} to={`/campaigns/${id}`} search fw={600} className="breaks-anywhere">
              {title}
            </Anchor>
            <CampaignStateBadge state={state} />
          </Group>
          {subject !== '' && (
            <Text size="sm" className="breaks-anywhere">
              {subject}
            </Text>
          )}
          <Text size="sm" c="dimmed">
            <When campaign={campaign} />
            {counts !== null && !isRunning && (
              <>
                {' · '}
                {[
                  t.rates.delivered(share(counts.sent, counts.processed)),
                  tracked?.opens === false && counts.opened === 0
                    ? t.rates.opensNotTracked
                    : t.rates.opened(share(counts.opened, counts.sent)),
                  tracked?.clicks === false && counts.clicked === 0
                    ? t.rates.clicksNotTracked
                    : t.rates.clicked(share(counts.clicked, counts.sent)),
                ].join(' · ')}
                {counts.blocked > 0 && ` · ${t.blockedOf(number(counts.blocked))}`}
              </>
            )}
          </Text>
          {isRunning && <Running campaign={campaign} apiKey={apiKey} />}
        </div>
        <CampaignMenu campaign={campaign} apiKey={apiKey} />
      </Group>
    </Paper>
  )
}

function Star({ campaign, apiKey }: { campaign: Campaign; apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const may = useSession().may('marketer')
  const { id, isStarred } = campaign
  const change = useChange(() => call('PATCH', `/campaigns/${id}`, { key: apiKey, isStarred: !isStarred }), {
    touches: ['campaigns'],
  })
  return (
    <>
      <ActionIcon
        variant="subtle"
        color={isStarred ? 'yellow.8' : 'gray'}
        aria-label={t.star(campaign.title || t.untitled)}
        aria-pressed={isStarred}
        disabled={!may}
        onClick={() => change.mutate(undefined)}
      >
        {isStarred ? <FullStarIcon /> : <StarIcon />}
      </ActionIcon>
      <Problem error={change.error} />
    </>
  )
}

function When({ campaign }: { campaign: Campaign }) {
  const t = useTexts(campaignsTexts)
  const { instant } = useFormats()
  const { state, scheduledAt, startedAt, endedAt, modifiedAt, createdAt } = campaign
  if (state === 'scheduled' && scheduledAt !== null) return t.goesOut(instant(scheduledAt))
  if (endedAt !== null) return past(t.ended, endedAt)
  return startedAt === null ? past(t.changed, modifiedAt ?? createdAt) : past(t.begun, startedAt)
}

function past(word: string, at: number) {
  return (
    <>
      {word} <Time at={at} />
    </>
  )
}

function Running({ campaign, apiKey }: { campaign: Campaign; apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const { number, share } = useFormats()
  const read = useRead<OpenedCampaign>(query(`/campaigns/${campaign.id}`, { key: apiKey }), {
    everyMs: 3_000,
  })
  if (read.data === undefined) return null
  const { progress } = read.data
  const { done, of } = finished(progress)
  const handed = of - progress.pending
  return (
    <div>
      <Progress
        mt={6}
        value={of === 0 ? 0 : (done / of) * 100}
        aria-label={t.progressLabel(share(done, of))}
        color={campaign.state === 'paused' ? 'orange' : undefined}
      />
      <Text size="sm" c="dimmed" mt={4}>
        {progress.total === 0 ? t.preparing : t.ofRecipients(number(handed), number(of))}
      </Text>
      {campaign.reason !== '' && (
        <Text size="sm" className="breaks-anywhere">
          {campaign.reason}
        </Text>
      )}
    </div>
  )
}
