import { Alert, Badge, Button, Group, Stack, Tabs, Text } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { useBlocker, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Campaign, CampaignContent } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { LeaveQuestion } from '../../ui/leave-question.tsx'
import { Page } from '../../ui/page.tsx'
import { CampaignMenu, keyOnly } from './campaign-menu.tsx'
import { Check } from './check.tsx'
import { useDraft } from './draft.ts'
import { SaveProblem } from './save-problem.tsx'
import { Settings } from './settings.tsx'
import { Write } from './write.tsx'

const steps = ['settings', 'content', 'send'] as const
export type Step = (typeof steps)[number]

/** A draft in three steps; going to another saves. */
export function Editor({
  campaign,
  content,
  apiKey,
}: {
  campaign: Campaign
  content: CampaignContent
  apiKey: string | undefined
}) {
  const t = useTexts(campaignsTexts)
  const isReadOnly = !useSession().may('marketer')
  const navigate = useNavigate()
  const asked = useSearch({ strict: false, select: (search: { stage?: unknown }) => search.stage })
  const step = steps.find((one) => one === asked) ?? 'settings'
  const state = useDraft({ campaign, content, apiKey })
  const { draft, isDirty, save } = state
  const [isRemoved, setRemoved] = useState(false)
  useHotkeys([['mod+S', () => isDirty && !save.isPending && save.mutate(draft)]], [], true)
  const holds = isDirty && !isReadOnly && !isRemoved
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => holds && current.pathname !== next.pathname,
    enableBeforeUnload: () => holds,
    withResolver: true,
  })

  async function goTo(next: Step): Promise<void> {
    if (isDirty && !isReadOnly) {
      try {
        await save.mutateAsync(draft)
      } catch {
        // It stands in `save.error`, and is shown.
        return
      }
    }
    await navigate({ to: '.', search: (search: object) => ({ ...search, stage: next }) })
  }

  const { title } = draft.settings
  return (
    <Page
      title={title.trim() || t.untitled}
      trail={[{ label: t.title, to: '/campaigns' }]}
      actions={
        <>
          <Badge variant="light" color={isDirty ? 'orange' : 'gray'} role="status">
            {isDirty ? t.unsaved : t.saved}
          </Badge>
          <Button
            variant="default"
            disabled={!isDirty || isReadOnly}
            loading={save.isPending}
            onClick={() => save.mutate(draft)}
          >
            {t.save}
          </Button>
          <CampaignMenu
            campaign={campaign}
            apiKey={apiKey}
            onDeleted={async () => {
              setRemoved(true)
              await navigate({ to: '/campaigns', search: keyOnly, ignoreBlocker: true })
            }}
          />
        </>
      }
    >
      {isReadOnly && <Alert color="blue">{t.viewOnly}</Alert>}
      <SaveProblem state={state} />
      <Tabs value={step} onChange={(next) => void goTo((next ?? 'settings') as Step)} keepMounted={false}>
        <Tabs.List aria-label={t.stepsLabel}>
          {steps.map((one, index) => (
            <Tabs.Tab key={one} value={one}>
              {index + 1}. {t.steps[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="settings" pt="lg">
          <Stack>
            <Settings state={state} apiKey={apiKey} campaignId={campaign.id} isReadOnly={isReadOnly} />
            <Next onClick={() => void goTo('content')} label={t.next.content} isBusy={save.isPending} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="content" pt="lg">
          <Stack>
            <Write state={state} apiKey={apiKey} isReadOnly={isReadOnly} />
            <Next onClick={() => void goTo('send')} label={t.next.send} isBusy={save.isPending} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="send" pt="lg">
          <Stack>
            {isDirty && <Unsaved onSave={() => save.mutate(draft)} isSaving={save.isPending} />}
            <Check
              campaign={campaign}
              apiKey={apiKey}
              isSaved={!isDirty}
              onGoTo={(next) => void goTo(next)}
            />
          </Stack>
        </Tabs.Panel>
      </Tabs>
      <LeaveQuestion blocker={blocker} />
    </Page>
  )
}

/** Back and Forward of the browser lead to the last step without saving: what is sent is what is saved. */
function Unsaved({ onSave, isSaving }: { onSave: () => void; isSaving: boolean }) {
  const t = useTexts(campaignsTexts)
  return (
    <Alert color="orange" title={t.unsaved}>
      <Group justify="space-between">
        <Text size="sm">{t.unsavedHint}</Text>
        <Button size="xs" variant="default" onClick={onSave} loading={isSaving}>
          {t.save}
        </Button>
      </Group>
    </Alert>
  )
}

function Next({ onClick, label, isBusy }: { onClick: () => void; label: string; isBusy: boolean }) {
  return (
    <Group justify="flex-end">
      <Button onClick={onClick} loading={isBusy}>
        {label}
      </Button>
    </Group>
  )
}
