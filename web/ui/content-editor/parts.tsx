/** The parts of a mail, each in an editor with its faults below: what is shared by all that is written here. */
import { Alert, Checkbox, Stack, Tabs, Text } from '@mantine/core'
import { type ReactNode, useMemo, useState } from 'react'
import type { PreviewProblem } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { contentEditorTexts } from '../../texts/content-editor.ts'
import { CodeEditor } from './code-editor.tsx'
import { type EditedContent, isMjml, isTree } from './content.ts'
import { Problems } from './problems.tsx'
import type { usePreview } from './use-preview.ts'

type Part = 'mjml' | 'html' | 'text'

const height = 'clamp(20rem, 55vh, 44rem)'

export function Parts({
  content,
  onChange,
  isTextMade,
  onTextMade,
  preview,
  isReadOnly = false,
  children,
}: {
  content: EditedContent
  onChange: (content: EditedContent) => void
  /** The text part is made from the HTML. */
  isTextMade: boolean
  /** `text` is what the part holds from then on. */
  onTextMade: (isMade: boolean, text: string | null) => void
  preview: ReturnType<typeof usePreview>
  isReadOnly?: boolean
  /** Below the faults. */
  children?: ReactNode
}) {
  const t = useTexts(contentEditorTexts)
  const source: Part = isMjml(content) ? 'mjml' : 'html'
  const [part, setPart] = useState<Part>(source)
  const [goTo, setGoTo] = useState<{ line: number }>()
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
    <Stack gap="sm">
      <Tabs
        // What was MJML may be HTML by now.
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
              checked={isTextMade}
              disabled={isReadOnly}
              onChange={({ currentTarget: { checked } }) =>
                onTextMade(checked, checked ? null : (preview.data?.text ?? ''))
              }
            />
            {isTextMade ? (
              <Text size="sm" c="dimmed">
                {t.madeText}
              </Text>
            ) : (
              <CodeEditor
                language="text"
                label={t.editor(t.text)}
                value={content.text ?? ''}
                onChange={(text) => onChange({ ...content, text })}
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
      {children}
    </Stack>
  )
}
