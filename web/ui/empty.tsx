import { Paper, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** Nothing is here yet: why, and what to do next. */
export function Empty({ title, hint, children }: { title: string; hint?: ReactNode; children?: ReactNode }) {
  return (
    <Paper withBorder p="xl">
      <Stack align="center" gap="xs" ta="center">
        <Title order={2}>{title}</Title>
        {hint !== undefined && (
          <Text c="dimmed" maw="36rem">
            {hint}
          </Text>
        )}
        {children}
      </Stack>
    </Paper>
  )
}
