import { Alert, Button, Paper, Tabs, Text } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { query } from '../../api/call.ts'
import type { Campaign, CampaignProgress, OpenedCampaign } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { Page } from '../../ui/page.tsx'
import { CampaignMenu, keyOnly } from './campaign-menu.tsx'
import { finished, useFormats } from './formats.ts'
import { Progress } from './progress.tsx'
import { Recipients } from './recipients.tsx'
import { SavedPreview } from './saved-preview.tsx'
import { CampaignStateBadge } from './state.tsx'
import { Steering } from './steering.tsx'

const liveMs = 2_000
const quietMs = 15_000

/** A campaign that is no draft any more: how far it is, and who gets it. */
export function Watched({ opened, apiKey }: { opened: OpenedCampaign; apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const navigate = useNavigate()
  const { campaign, progress, tracked } = opened
  const { id, state, campaignId } = campaign
  const isLive = state === 'sending' || state === 'scheduled' || progress.queued > 0
  // The page reads the same; this one asks again and again.
  useRead<OpenedCampaign>(query(`/campaigns/${id}`, { key: apiKey }), { everyMs: isLive ? liveMs : quietMs })
  const isBegun = campaign.startedAt !== null
  return (
    <Page
      title={campaign.title || t.untitled}
      trail={[{ label: t.title, to: '/campaigns' }]}
      actions={
        <>
          <CampaignStateBadge state={state} />
          {campaignId !== null && (
            <Button component={Link} to={`/statistics/campaigns/${campaignId}`} search variant="default">
              {t.statistics}
            </Button>
          )}
          <Steering campaign={campaign} apiKey={apiKey} />
          <CampaignMenu
            campaign={campaign}
            apiKey={apiKey}
            onDeleted={() => navigate({ to: '/campaigns', search: keyOnly })}
          />
        </>
      }
    >
      <Stopped campaign={campaign} />
      {state === 'scheduled' && campaign.scheduledAt !== null && <Scheduled at={campaign.scheduledAt} />}
      {isBegun && <Blocked progress={progress} />}
      {isBegun && <Progress progress={progress} state={state} tracked={tracked} />}
      {isBegun ? (
        <Tabs defaultValue="recipients" keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="recipients">{t.recipients}</Tabs.Tab>
            <Tabs.Tab value="mail">{t.message}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="recipients" pt="md">
            <Recipients campaign={campaign} progress={progress} apiKey={apiKey} isLive={isLive} />
          </Tabs.Panel>
          <Tabs.Panel value="mail" pt="md">
            <SavedPreview campaign={campaign} apiKey={apiKey} />
          </Tabs.Panel>
        </Tabs>
      ) : (
        <SavedPreview campaign={campaign} apiKey={apiKey} />
      )}
    </Page>
  )
}

function Stopped({ campaign: { state, pausedBy, reason } }: { campaign: Campaign }) {
  const t = useTexts(campaignsTexts)
  if (state !== 'paused' || pausedBy === null) return null
  return (
    <Alert color={pausedBy === 'person' ? 'yellow' : 'red'} title={t.pausedBy[pausedBy]} role="alert">
      <Text size="sm" className="breaks-anywhere">
        {reason}
      </Text>
      {pausedBy === 'breaker' && (
        <Text size="sm" mt={4}>
          {t.breakerHint}
        </Text>
      )}
    </Alert>
  )
}

/** A campaign that was sent may have reached nobody. */
function Blocked({ progress }: { progress: CampaignProgress }) {
  const t = useTexts(campaignsTexts)
  const { number } = useFormats()
  const { blocked } = progress
  const { of } = finished(progress)
  if (blocked === 0) return null
  return (
    <Alert color={blocked * 2 < of ? 'yellow' : 'red'} role="alert">
      {t.wereBlocked(number(blocked), number(of))}
    </Alert>
  )
}

function Scheduled({ at }: { at: number }) {
  const t = useTexts(campaignsTexts)
  const { instant, away } = useFormats()
  const now = Date.now()
  return (
    <Paper withBorder p="md">
      <Text fw={600}>{at > now ? t.willGo(instant(at), away(at, now)) : t.preparing}</Text>
      <Text size="sm" c="dimmed">
        {t.recipientsLater}
      </Text>
    </Paper>
  )
}
