import { Skeleton } from '@mantine/core'
import { lazy, Suspense } from 'react'

export type CodeEditorProps = {
  value: string
  onChange: (value: string) => void
  language: 'html' | 'json' | 'text'
  /** What it is, for those who do not see it. */
  label: string
  /** Marked at their lines. */
  problems?: readonly { line?: number; message: string }[]
  isReadOnly?: boolean
  /** As in a style. */
  height: string
  /** A new object goes to its line. */
  goTo?: { line: number } | undefined
}

const CodeMirror = lazy(async () => ({ default: (await import('./code-mirror.tsx')).CodeMirror }))

/** An editor with highlighting; its outline while it is loaded. Another `key` begins anew. */
export function CodeEditor(props: CodeEditorProps) {
  return (
    <Suspense fallback={<Skeleton style={{ height: props.height }} />}>
      <CodeMirror {...props} />
    </Suspense>
  )
}
