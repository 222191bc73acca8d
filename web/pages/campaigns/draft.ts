/** What a person changes of a campaign before it is saved, as one thing. */
import { useRef, useState } from 'react'
import { ApiError, call } from '../../api/call.ts'
import type { Campaign, CampaignContent, CampaignSettings } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { type EditedContent, isSame, toEdited } from '../../ui/content-editor/content.ts'

export type Draft = { settings: CampaignSettings; content: EditedContent }

/** `contentId`: under which the server has this content. */
type Saved = Draft & { contentId: number }

export function useDraft({
  campaign,
  content,
  apiKey,
}: {
  campaign: Campaign
  content: CampaignContent
  apiKey: string | undefined
}) {
  // What was read first: another reading in the background must not take away what is being written.
  const [saved, setSaved] = useState<Saved>(() => ({
    settings: settingsOf(campaign),
    content: toEdited(content),
    contentId: content.contentId,
  }))
  const [draft, setDraft] = useState<Draft>({ settings: saved.settings, content: saved.content })
  // One save may have waited for another, and goes on from what that one has saved.
  const latest = useRef(saved)
  const changed = changedSettings(saved.settings, draft.settings)
  const isContentChanged = !isSame(saved.content, draft.content)
  const isDirty = Object.keys(changed).length > 0 || isContentChanged
  const path = `/campaigns/${campaign.id}`

  function keep(part: Partial<Saved>): void {
    latest.current = { ...latest.current, ...part }
    setSaved(latest.current)
  }

  // What was typed meanwhile stays, and counts as a change.
  const save = useChange(
    async (wanted: Draft) => {
      const settings = changedSettings(latest.current.settings, wanted.settings)
      if (Object.keys(settings).length > 0) {
        await call('PATCH', path, { key: apiKey, ...settings })
        keep({ settings: wanted.settings })
      }
      if (!isSame(latest.current.content, wanted.content)) {
        const { contentId } = latest.current
        const body = { key: apiKey, ...wanted.content, contentId }
        const now = await call<{ content: CampaignContent }>('PUT', `${path}/content`, body)
        keep({ content: wanted.content, contentId: now.content.contentId })
      }
    },
    { touches: ['campaigns'], queue: path },
  )

  // What is saved of a campaign that is still a draft is refused so for its content alone, which is then read again.
  const isConflict = save.error instanceof ApiError && save.error.code === 'conflict'
  const theirs = { content: toEdited(content), contentId: content.contentId }

  function keepMine(): void {
    keep(theirs)
    save.mutate(draft)
  }

  function takeTheirs(): void {
    keep(theirs)
    setDraft((now) => ({ ...now, content: theirs.content }))
    save.reset()
  }

  return {
    draft,
    isDirty,
    save,
    /** Somebody else saved another content since it was read here. */
    conflict: isConflict ? { keepMine, takeTheirs } : undefined,
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
