import { Anchor, Badge, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { AttentionId, Overview } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { overviewTexts } from '../../texts/overview.ts'
import { CheckIcon } from '../../ui/icons.tsx'

const colors = { bad: 'red', warn: 'yellow', info: 'blue' }

/** Where somebody can do something about it. */
function placeOf(id: AttentionId, subject: string): string {
  switch (id) {
    case 'domain-unproved':
      return `/account/domain/${subject}/validate`
    case 'domain-records':
      return `/account/domain/${subject}`
    case 'no-domain':
      return '/account/sender/domain'
    case 'sender-waits':
      return '/account/sender'
    case 'server-warning':
      return '/technical/outgoing-mail-servers'
    case 'queue-held':
    case 'queue-old':
      return '/queue'
    case 'webhook-failing':
    case 'webhook-dead':
      return `/account/webhooks/${subject}`
    case 'campaign-stopped':
    case 'campaign-blocked':
      return `/campaigns/${subject}`
    case 'not-ready':
      return '/go-live'
  }
}

export function Attention({ overview: { attention } }: { overview: Overview }) {
  const t = useTexts(overviewTexts)
  return (
    <Paper withBorder p="md" component="section" aria-label={t.attention}>
      <Title order={2} mb="sm">
        {t.attention}
      </Title>
      {attention.length === 0 ? (
        <Group gap="xs">
          <Text c="teal" span>
            <CheckIcon />
          </Text>
          <Text>{t.allWell}.</Text>
          <Text c="dimmed">{t.allWellHint}</Text>
        </Group>
      ) : (
        <Stack gap="sm">
          {attention.map(({ id, severity, subject, detail, name, key }) => (
            <Group key={`${id} ${subject} ${detail}`} wrap="nowrap" align="flex-start" gap="sm">
              <Badge variant="light" color={colors[severity]} tt="none" style={{ flexShrink: 0 }}>
                {t.severities[severity]}
              </Badge>
              <div style={{ minWidth: 0 }}>
                <Anchor
                  className="breaks-anywhere"
                  renderRoot={(props) => (
                    <Link
                      {...props}
                      to={placeOf(id, subject)}
                      search={(): object => (key === undefined ? {} : { key })}
                    />
                  )}
                >
                  {t.what[id](name ?? subject)}
                </Anchor>
                {detail !== '' && (
                  <Text size="sm" c="dimmed" className="breaks-anywhere">
                    {detail}
                  </Text>
                )}
              </div>
            </Group>
          ))}
        </Stack>
      )}
    </Paper>
  )
}
