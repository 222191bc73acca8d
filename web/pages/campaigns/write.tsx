import { Alert, Button, Checkbox, Group, Stack, Tabs, Text, TextInput, Title } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { PreviewProblem } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { contentEditorTexts } from '../../texts/content-editor.ts'
import { CodeEditor } from '../../ui/content-editor/code-editor.tsx'
import { isMjml, isTree } from '../../ui/content-editor/content.ts'
import { Preview } from '../../ui/content-editor/preview.tsx'
import { Problems } from '../../ui/content-editor/problems.tsx'
import { usePreview } from '../../ui/content-editor/use-preview.ts'
import { Begin } from './begin.tsx'
import { ContactPicker, type PickedContact } from './contact-picker.tsx'
import { type Draft, type DraftState, isUnwritten } from './draft.ts'
import { Placeholders } from './placeholders.tsx'

type Part = 'mjml' | 'html' | 'text'

const height = 'clamp(20rem, 55vh, 44rem)'

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
      <Parts state={state} apiKey={apiKey} isReadOnly={isReadOnly} />
    </Stack>
  )
}

function Parts({
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
  const source: Part = isMjml(content) ? 'mjml' : 'html'
  const [part, setPart] = useState<Part>(source)
  const [goTo, setGoTo] = useState<{ line: number }>()
  const [contact, setContact] = useState<PickedContact | null>(null)
  const isMade = content.text === null
  const preview = usePreview({
    content: { ...content, headers: headersOf(draft) },
    makesText: isMade,
    variables: noVariables,
    contact: contact?.email ?? '',
    apiKey,
  })
  const found = preview.data?.problems
  const marks = useMemo(
    () => ({
      source: (found ?? []).filter((one) => one.part === 'mjml' || one.part === 'html'),
      text: (found ?? []).filter((one) => one.part === 'text'),
    }),
    [found],
  )

  function show(problem: PreviewProblem & { line: number }): void {
    if (problem.part === 'subject') return
    setPart(problem.part === 'text' ? 'text' : source)
    setGoTo({ line: problem.line })
  }

  return (
    <div className="side-by-side">
      <Stack gap="sm">
        <Tabs
          value={part === 'text' ? part : source}
          onChange={(next) => setPart((next ?? source) as Part)}
          keepMounted={false}
        >
          <Tabs.List aria-label={t.parts}>
            <Tabs.Tab value={source}>{source === 'mjml' ? t.mjml : t.html}</Tabs.Tab>
            <Tabs.Tab value="text">{t.text}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value={source} pt="xs">
            {isTree(content) && (
              <Alert color="blue" mb="xs">
                {t.tree}
              </Alert>
            )}
            <CodeEditor
              key={source}
              language="html"
              label={t.editor(source === 'mjml' ? t.mjml : t.html)}
              value={content[source] ?? ''}
              onChange={(value) => setContent({ ...content, [source]: value })}
              problems={marks.source}
              isReadOnly={isReadOnly}
              height={height}
              goTo={goTo}
            />
          </Tabs.Panel>
          <Tabs.Panel value="text" pt="xs">
            <Stack gap="xs">
              <Checkbox
                label={t.makesText}
                checked={isMade}
                disabled={isReadOnly}
                onChange={({ currentTarget }) =>
                  setContent({ ...content, text: currentTarget.checked ? null : (preview.data?.text ?? '') })
                }
              />
              {isMade ? (
                <Text size="sm" c="dimmed">
                  {t.madeText}
                </Text>
              ) : (
                <CodeEditor
                  language="text"
                  label={t.editor(t.text)}
                  value={content.text ?? ''}
                  onChange={(text) => setContent({ ...content, text })}
                  problems={marks.text}
                  isReadOnly={isReadOnly}
                  height={height}
                  goTo={goTo}
                />
              )}
            </Stack>
          </Tabs.Panel>
        </Tabs>
        <Problems problems={found ?? []} onGoTo={show} />
      </Stack>
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
