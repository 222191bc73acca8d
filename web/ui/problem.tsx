import { Alert, Button, Group, Text } from '@mantine/core'
import { ApiError } from '../api/call.ts'
import { useTexts } from '../app/preferences.tsx'
import { commonTexts } from '../texts/common.ts'

/** What went wrong, in the words of the server, beside what it is about. Nothing while nothing did. */
export function Problem({ error, onRetry }: { error: Error | null | undefined; onRetry?: () => unknown }) {
  const t = useTexts(commonTexts)
  if (error === null || error === undefined) return null
  const words = error instanceof ApiError ? error.message : t.serverUnreachable
  return (
    <Alert color="red" title={t.failed} role="alert">
      <Group justify="space-between" align="flex-start">
        <Text size="sm" className="breaks-anywhere">
          {words}
        </Text>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={() => void onRetry()}>
            {t.retry}
          </Button>
        )}
      </Group>
    </Alert>
  )
}
