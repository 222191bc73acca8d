import { Alert, Anchor, List, Text } from '@mantine/core'
import type { PreviewProblem } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { contentEditorTexts } from '../../texts/content-editor.ts'

/** What is wrong, with links to where. */
export function Problems({
  problems,
  onGoTo,
}: {
  problems: readonly PreviewProblem[]
  onGoTo: (problem: PreviewProblem & { line: number }) => void
}) {
  const t = useTexts(contentEditorTexts)
  const names = { mjml: t.mjml, subject: t.subject, html: t.html, text: t.text }
  if (problems.length === 0) {
    return (
      <Text size="sm" c="dimmed" role="status">
        {t.noProblems}
      </Text>
    )
  }
  return (
    <Alert color="orange" title={t.problems} role="status">
      <List size="sm" spacing={4} className="breaks-anywhere">
        {problems.map((problem) => {
          const { part, line, message } = problem
          return (
            <List.Item key={`${part} ${line} ${message}`}>
              {names[part]}
              {line !== undefined && (
                <>
                  ,{' '}
                  <Anchor
                    component="button"
                    type="button"
                    size="sm"
                    c="inherit"
                    underline="always"
                    onClick={() => onGoTo({ ...problem, line })}
                  >
                    {t.goToLine(line)}
                  </Anchor>
                </>
              )}
              : {message}
            </List.Item>
          )
        })}
      </List>
    </Alert>
  )
}
