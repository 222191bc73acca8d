/** Where a mail is written: its head, its parts, sample values, and beside them what would come of it. */
import { Group, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTexts } from '../../app/preferences.tsx'
import { contentEditorTexts } from '../../texts/content-editor.ts'
import { CodeEditor } from './code-editor.tsx'
import { type EditedContent, headerOf, readVariables, withHeader } from './content.ts'
import { Parts } from './parts.tsx'
import { Preview } from './preview.tsx'
import { usePreview } from './use-preview.ts'

export function ContentEditor({
  content,
  onChange,
  makesText,
  onMakesText,
  sample,
  onSample,
  apiKey,
  template,
  isReadOnly = false,
}: {
  content: EditedContent
  onChange: (content: EditedContent) => void
  makesText: boolean
  onMakesText: (makesText: boolean) => void
  /** JSON: values for the preview. */
  sample: string
  onSample: (sample: string) => void
  /** Whose contacts the preview may show. */
  apiKey: string | undefined
  template: number
  isReadOnly?: boolean
}) {
  const t = useTexts(contentEditorTexts)
  const [contact, setContact] = useState('')
  const read = useMemo(() => readVariables(sample), [sample])
  const variables = 'variables' in read ? read.variables : {}
  const preview = usePreview({ content, makesText, variables, contact: contact.trim(), apiKey, template })

  const field = (name: string) => ({
    value: headerOf(content, name),
    readOnly: isReadOnly,
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      onChange(withHeader(content, name, currentTarget.value)),
  })
  const isMade = makesText && content.text === null

  return (
    <Stack>
      <TextInput label={t.subject} {...field('Subject')} />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput label={t.from} placeholder="Shop <hello@shop.example>" {...field('From')} />
        <TextInput label={t.replyTo} {...field('Reply-to')} />
      </SimpleGrid>
      <div className="side-by-side">
        <Parts
          content={content}
          onChange={(next) => onChange({ ...next, text: next.text === '' ? null : next.text })}
          isTextMade={isMade}
          onTextMade={(isWanted, text) => {
            onMakesText(isWanted)
            onChange({ ...content, text })
          }}
          preview={preview}
          isReadOnly={isReadOnly}
        >
          <div>
            <Title order={3} size="h5">
              {t.sample}
            </Title>
            <Text size="sm" c="dimmed" mb={4}>
              {t.sampleHint}
            </Text>
            <CodeEditor language="json" label={t.sample} value={sample} onChange={onSample} height="9rem" />
            {'problem' in read && (
              <Text size="sm" c="red.9" role="alert" mt={4}>
                {t.sampleWrong(read.problem)}
              </Text>
            )}
          </div>
        </Parts>
        <Stack gap="sm" component="section" aria-label={t.preview}>
          <Group justify="space-between" align="flex-end">
            <Title order={2}>{t.preview}</Title>
          </Group>
          <Preview from={preview} />
          <TextInput
            label={t.contact}
            description={t.contactHint}
            placeholder="ana@inbox.test"
            type="email"
            value={contact}
            onChange={({ currentTarget }) => setContact(currentTarget.value)}
          />
        </Stack>
      </div>
    </Stack>
  )
}
