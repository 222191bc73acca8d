import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'

/** A page of the console: where it stands, what it is, what can be done on it. */
export function Page({
  title,
  trail = [],
  about,
  actions,
  children,
}: {
  title: string
  /**
   * What stands above it, as the menu names it; the last is the nearest. `keepsSearch`: with what the address says of the
   * key and of what is shown.
   */
  trail?: readonly (string | { label: string; to: string; keepsSearch?: true })[]
  about?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Paravion`
  }, [title])
  return (
    <Stack gap="lg">
      <Stack gap={6}>
        {trail.length > 0 && (
          <Breadcrumbs separatorMargin={6}>
            {trail.map((step) =>
              typeof step === 'string' ? (
                <Text key={step} size="sm" c="dimmed">
                  {step}
                </Text>
              ) : (
                <Anchor
                  key={step.to}
                  component={Link}
                  to={step.to}
                  {...(step.keepsSearch && { search: true })}
                  size="sm"
                >
                  {step.label}
                </Anchor>
              ),
            )}
          </Breadcrumbs>
        )}
        <Group justify="space-between" align="center" gap="xs">
          <Title order={1} className="breaks-anywhere">
            {title}
          </Title>
          <Group gap="xs">{actions}</Group>
        </Group>
        {about !== undefined && (
          <Text c="dimmed" maw="46rem">
            {about}
          </Text>
        )}
      </Stack>
      {children}
    </Stack>
  )
}
