import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { contentEditorTexts } from '../../texts/content-editor.ts'
import { Parts } from '../../ui/content-editor/parts.tsx'
import { Preview } from '../../ui/content-editor/preview.tsx'
import { usePreview } from '../../ui/content-editor/use-preview.ts'
import { Begin } from './begin.tsx'
import { ContactPicker, type PickedContact } from './contact-picker.tsx'
import { type Draft, type DraftState, isUnwritten } from './draft.ts'
import { Placeholders } from './placeholders.tsx'

/** The mail is written beside what comes of it. */
export function Write({
  state,
  apiKey,
  isReadOnly,
}: {
  state: DraftState
  apiKey: string | undefined
  isReadOnly: boolean
}) {
  const t = useTexts(campaignsTexts)
  const { draft, setContent, setSettings } = state
  const [beginsAgain, setBeginsAgain] = useState(false)
  // An editor that is emptied stays; only the page that opens empty asks.
  const [isBegun, setBegun] = useState(!isUnwritten(draft.content))
  if (isReadOnly && isUnwritten(draft.content)) return <Text c="dimmed">{t.noContent}</Text>
  if (!isBegun || beginsAgain) {
    return (
      <Begin
        apiKey={apiKey}
        isWritten={!isUnwritten(draft.content)}
        onBegin={({ content, subject, templateId }) => {
          setContent(content)
          setSettings({ templateId, ...(draft.settings.subject === '' && subject !== '' && { subject }) })
          setBegun(true)
          setBeginsAgain(false)
        }}
        {...(isBegun && { onCancel: () => setBeginsAgain(false) })}
      />
    )
  }
  return (
    <Stack>
      <Group align="flex-end">
        <TextInput
          label={t.subject}
          value={draft.settings.subject}
          readOnly={isReadOnly}
          maxLength={998}
          onChange={({ currentTarget }) => setSettings({ subject: currentTarget.value })}
          style={{ flex: 1 }}
        />
        <Button variant="default" disabled={isReadOnly} onClick={() => setBeginsAgain(true)}>
          {t.beginAgain}
        </Button>
      </Group>
      <Placeholders apiKey={apiKey} />
      <Edited state={state} apiKey={apiKey} isReadOnly={isReadOnly} />
    </Stack>
  )
}

function Edited({
  state,
  apiKey,
  isReadOnly,
}: {
  state: DraftState
  apiKey: string | undefined
  isReadOnly: boolean
}) {
  const t = useTexts(contentEditorTexts)
  const { draft, setContent } = state
  const { content } = draft
  const [contact, setContact] = useState<PickedContact | null>(null)
  const isTextMade = content.text === null
  const preview = usePreview({
    content: { ...content, headers: headersOf(draft) },
    makesText: isTextMade,
    variables: noVariables,
    contact: contact?.email ?? '',
    apiKey,
  })
  return (
    <div className="side-by-side">
      <Parts
        content={content}
        onChange={setContent}
        isTextMade={isTextMade}
        onTextMade={(_isMade, text) => setContent({ ...content, text })}
        preview={preview}
        isReadOnly={isReadOnly}
      />
      <Stack gap="sm" component="section" aria-label={t.preview}>
        <Title order={2}>{t.preview}</Title>
        <Preview from={preview} />
        <ContactPicker listId={draft.settings.listId} apiKey={apiKey} value={contact} onChange={setContact} />
      </Stack>
    </div>
  )
}

/** A campaign knows no `{{var:…}}`: all that is filled in comes from the contact. */
const noVariables = {}

/** As the mail will have them. */
function headersOf({ settings, content }: Draft): Record<string, string> {
  const { subject, senderEmail, senderName } = settings
  const from = senderName === '' ? senderEmail : `"${senderName.replaceAll(/["\\]/g, '')}" <${senderEmail}>`
  return { ...content.headers, Subject: inLanguage(subject), ...(senderEmail !== '' && { From: from }) }
}

/**
 * A campaign replaces `[[data:…]]` in its subject too; other mail, as which this is previewed, does so in its parts alone,
 * and knows only the form in braces. Where nothing is known, the brackets give an empty text, and the braces a fault.
 */
function inLanguage(subject: string): string {
  return subject.replaceAll(
    /\[\[\s*data:([^:\]"]+)(:[^\]]*)?\]\]/gi,
    (_all, name: string, otherwise = ':""') => `{{data:${name}${otherwise}}}`,
  )
}
