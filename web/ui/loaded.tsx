import { Skeleton, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Reading } from '../api/use-api.ts'
import { useTexts } from '../app/preferences.tsx'
import { commonTexts } from '../texts/common.ts'
import { Problem } from './problem.tsx'

/** What was read, once it is there; until then its outline, and if it does not come, why. */
export function Loaded<Answer>({
  from,
  children,
}: {
  from: Reading<Answer>
  children: (answer: Answer) => ReactNode
}) {
  if (from.data !== undefined) return children(from.data)
  if (from.error !== null) return <Problem error={from.error} onRetry={from.refetch} />
  return <Waiting />
}

/** The outline of what is still being read. */
export function Waiting() {
  const t = useTexts(commonTexts)
  return (
    <Stack gap="xs" role="status" aria-label={t.loading}>
      {['a', 'b', 'c', 'd'].map((line) => (
        <Skeleton key={line} height={36} />
      ))}
    </Stack>
  )
}
