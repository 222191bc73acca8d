/** Where a mail is written: its head, its parts, sample values, and beside them what would come of it. */
import { Alert, Checkbox, Group, SimpleGrid, Stack, Tabs, Text, TextInput, Title } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { PreviewProblem } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { contentEditorTexts } from '../../texts/content-editor.ts'
import { CodeEditor } from './code-editor.tsx'
import { type EditedContent, headerOf, isMjml, isTree, readVariables, withHeader } from './content.ts'
import { Preview } from './preview.tsx'
import { Problems } from './problems.tsx'
import { usePreview } from './use-preview.ts'

type Part = 'mjml' | 'html' | 'text'

const height = 'clamp(20rem, 55vh, 44rem)'

export function ContentEditor({
  content,
  onChange,
  makesText,
  onMakesText,
  sample,
  onSample,
  apiKey,
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
  isReadOnly?: boolean
}) {
  const t = useTexts(contentEditorTexts)
  const source: Part = isMjml(content) ? 'mjml' : 'html'
  const [part, setPart] = useState<Part>(source)
  const [goTo, setGoTo] = useState<{ line: number }>()
  const [contact, setContact] = useState('')
  const read = useMemo(() => readVariables(sample), [sample])
  const variables = 'variables' in read ? read.variables : {}
  const preview = usePreview({ content, makesText, variables, contact: contact.trim(), apiKey })
  const problems = preview.data?.problems ?? []
  const marks = useMemo(
    () => ({
      source: (preview.data?.problems ?? []).filter((one) => one.part === 'mjml' || one.part === 'html'),
      text: (preview.data?.problems ?? []).filter((one) => one.part === 'text'),
    }),
    [preview.data?.problems],
  )

  function show(problem: PreviewProblem & { line: number }): void {
    if (problem.part === 'subject') return
    setPart(problem.part === 'text' ? 'text' : source)
    setGoTo({ line: problem.line })
  }

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
        <Stack gap="sm">
          <Tabs value={part} onChange={(next) => setPart((next ?? source) as Part)} keepMounted={false}>
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
                onChange={(value) => onChange({ ...content, [source]: value })}
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
                  onChange={({ currentTarget }) => {
                    onMakesText(currentTarget.checked)
                    onChange({
                      ...content,
                      text: currentTarget.checked ? null : (preview.data?.text ?? ''),
                    })
                  }}
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
                    onChange={(text) => onChange({ ...content, text: text === '' ? null : text })}
                    problems={marks.text}
                    isReadOnly={isReadOnly}
                    height={height}
                    goTo={goTo}
                  />
                )}
              </Stack>
            </Tabs.Panel>
          </Tabs>
          <Problems problems={problems} onGoTo={show} />
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
        </Stack>
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
