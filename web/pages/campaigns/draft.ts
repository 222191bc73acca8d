/** What a person changes of a campaign before it is saved, as one thing. */
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { Campaign, CampaignSettings, TemplateContent } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { type EditedContent, isSame, toEdited } from '../../ui/content-editor/content.ts'

export type Draft = { settings: CampaignSettings; content: EditedContent }

export function useDraft({
  campaign,
  content,
  apiKey,
}: {
  campaign: Campaign
  content: TemplateContent
  apiKey: string | undefined
}) {
  // What was read first: another reading in the background must not take away what is being written.
  const [saved, setSaved] = useState<Draft>(() => ({
    settings: settingsOf(campaign),
    content: toEdited(content),
  }))
  const [draft, setDraft] = useState(saved)
  const changed = changedSettings(saved.settings, draft.settings)
  const isContentChanged = !isSame(saved.content, draft.content)
  const isDirty = Object.keys(changed).length > 0 || isContentChanged
  const path = `/campaigns/${campaign.id}`

  const save = useChange(
    async (wanted: Draft) => {
      const settings = changedSettings(saved.settings, wanted.settings)
      if (Object.keys(settings).length > 0) await call('PATCH', path, { key: apiKey, ...settings })
      if (!isSame(saved.content, wanted.content)) {
        await call('PUT', `${path}/content`, { key: apiKey, ...wanted.content })
      }
      // What was typed meanwhile stays, and counts as a change.
      setSaved(wanted)
    },
    { touches: ['campaigns'] },
  )

  return {
    draft,
    isDirty,
    save,
    setSettings: (settings: Partial<CampaignSettings>) =>
      setDraft((now) => ({ ...now, settings: { ...now.settings, ...settings } })),
    setContent: (next: EditedContent) => setDraft((now) => ({ ...now, content: next })),
  }
}

export type DraftState = ReturnType<typeof useDraft>

function settingsOf(campaign: Campaign): CampaignSettings {
  const { title, subject, senderEmail, senderName, replyTo, listId, segmentId, locale } = campaign
  const { trackOpens, trackClicks, templateId } = campaign
  return {
    ...{ title, subject, senderEmail, senderName, replyTo, listId, segmentId, locale },
    ...{ trackOpens, trackClicks, templateId },
  }
}

function changedSettings(before: CampaignSettings, after: CampaignSettings): Partial<CampaignSettings> {
  const names = Object.keys(after) as (keyof CampaignSettings)[]
  return Object.fromEntries(
    names.filter((name) => before[name] !== after[name]).map((name) => [name, after[name]]),
  )
}

/** Nothing is written, and nothing was begun. */
export function isUnwritten({ html, mjml, text }: EditedContent): boolean {
  return !html && !mjml && !text
}
