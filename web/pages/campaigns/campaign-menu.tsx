import { ActionIcon, Menu } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { Campaign } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { ConfirmDialog } from '../../ui/confirm.tsx'
import { DotsIcon } from '../../ui/icons.tsx'
import { Problem } from '../../ui/problem.tsx'

/** What may be done to a campaign wherever it is shown; `onDeleted`: where to go then. */
export function CampaignMenu({
  campaign,
  apiKey,
  onDeleted,
}: {
  campaign: Campaign
  apiKey: string | undefined
  onDeleted?: () => Promise<void>
}) {
  const t = useTexts(campaignsTexts)
  const may = useSession().may('marketer')
  const navigate = useNavigate()
  const [asks, setAsks] = useState(false)
  const path = `/campaigns/${campaign.id}`
  const title = campaign.title || t.untitled
  const act = useChange((change: () => Promise<unknown>) => change(), { touches: ['campaigns'] })
  const post = (step: string) => () => call('POST', `${path}/${step}`, { key: apiKey })

  async function duplicate(): Promise<void> {
    const copy = await call<{ campaign: Campaign }>('POST', `${path}/duplicate`, { key: apiKey })
    await navigate({ to: `/campaigns/${copy.campaign.id}`, search: keyOnly })
  }

  async function remove(): Promise<void> {
    await call('DELETE', path, { key: apiKey })
    await onDeleted?.()
  }

  const { allowed } = campaign
  return (
    <>
      <Problem error={act.error} />
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            variant="default"
            size="input-sm"
            aria-label={t.more(title)}
            disabled={!may}
            loading={act.isPending}
          >
            <DotsIcon />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => act.mutate(duplicate)}>{t.duplicate}</Menu.Item>
          {allowed.includes('archive') && (
            <Menu.Item onClick={() => act.mutate(post('archive'))}>{t.archive}</Menu.Item>
          )}
          {allowed.includes('restore') && (
            <Menu.Item onClick={() => act.mutate(post('restore'))}>{t.restore}</Menu.Item>
          )}
          {allowed.includes('delete') && <Menu.Item onClick={() => setAsks(true)}>{t.delete}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      <ConfirmDialog
        title={t.delete}
        question={t.deleteQuestion(title)}
        isOpen={asks}
        onClose={() => setAsks(false)}
        onConfirm={() => act.mutateAsync(remove)}
      />
    </>
  )
}

/** The step of another campaign is not the step of this one. */
export function keyOnly({ key }: { key?: unknown }): object {
  return key === undefined ? {} : { key }
}
