import { Badge, Button, Code, Group, Paper, Select, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { query } from '../../api/call.ts'
import { useRead } from '../../api/use-api.ts'
import type { Webhook, WebhookCall } from '../../api/webhooks.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { webhooksTexts } from '../../texts/webhooks.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { formatFull, Time } from '../../ui/time.tsx'

const colors = { delivered: 'teal', failed: 'orange', 'given-up': 'red' }
const pageSize = 50
const mostShown = 200

/** What was sent, and what was answered. */
export function Calls({ webhook: { id } }: { webhook: Webhook }) {
  const t = useTexts(webhooksTexts)
  const common = useTexts(commonTexts)
  const [outcome, setOutcome] = useState<string>('')
  const [limit, setLimit] = useState(pageSize)
  const path = query(`/webhooks/${id}/calls`, { outcome, limit })
  const read = useRead<{ calls: WebhookCall[] }>(path, { everyMs: 3_000 })
  const outcomes = (['delivered', 'failed', 'given-up'] as const).map((value) => ({
    value,
    label: t.outcomes[value],
  }))
  return (
    <Stack component="section" gap="sm" aria-label={t.calls}>
      <Group justify="space-between">
        <Title order={2}>{t.calls}</Title>
        <Select
          aria-label={t.outcome}
          data={[{ value: '', label: common.all }, ...outcomes]}
          value={outcome}
          onChange={(next) => setOutcome(next ?? '')}
          allowDeselect={false}
          w={160}
        />
      </Group>
      <Loaded from={read}>
        {({ calls }) =>
          calls.length === 0 ? (
            <Text c="dimmed">{t.noCalls}</Text>
          ) : (
            <>
              <CallList calls={calls} />
              {calls.length === limit && limit < mostShown && (
                <Group>
                  <Button variant="default" onClick={() => setLimit(mostShown)}>
                    {common.more}
                  </Button>
                </Group>
              )}
            </>
          )
        }
      </Loaded>
    </Stack>
  )
}

function CallList({ calls }: { calls: readonly WebhookCall[] }) {
  const t = useTexts(webhooksTexts)
  const { language } = usePreferences()
  const [opened, setOpened] = useState<number>()
  return (
    <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
      {calls.map((one) => {
        const isOpen = opened === one.id
        return (
          <Paper key={one.id} withBorder p="sm" component="li">
            <Group justify="space-between" align="flex-start" wrap="nowrap">
              <Group gap="xs" style={{ minWidth: 0 }}>
                <Badge variant="light" color={colors[one.outcome]} tt="none">
                  {t.outcomes[one.outcome]}
                </Badge>
                <Text size="sm">
                  <Time at={one.at} />
                </Text>
                <Text size="sm" className="breaks-anywhere">
                  {one.status ?? one.problem}
                </Text>
                <Text size="sm" c="dimmed">
                  {one.isTest ? t.aTest : t.try(one.attempt)} · {one.durationMs} ms
                </Text>
              </Group>
              <Button
                size="xs"
                variant="default"
                style={{ flexShrink: 0 }}
                aria-expanded={isOpen}
                aria-label={t.detailsOf(formatFull(one.at, language))}
                onClick={() => setOpened(isOpen ? undefined : one.id)}
              >
                {t.details}
              </Button>
            </Group>
            {isOpen && <Bodies call={one} />}
          </Paper>
        )
      })}
    </Stack>
  )
}

function Bodies({ call: { body, answer, sizeBytes } }: { call: WebhookCall }) {
  const t = useTexts(webhooksTexts)
  const { language } = usePreferences()
  const whole = indented(body)
  return (
    <Stack gap="xs" mt="sm">
      <Text size="sm" fw={600}>
        {whole === undefined ? t.sentPart(new Intl.NumberFormat(language).format(sizeBytes)) : t.sent}
      </Text>
      <Verbatim text={whole ?? body} />
      <Text size="sm" fw={600}>
        {t.said}
      </Text>
      {answer === '' ? <Text size="sm">{t.saidNothing}</Text> : <Verbatim text={answer} />}
    </Stack>
  )
}

function Verbatim({ text }: { text: string }) {
  return (
    <Code block className="breaks-anywhere" style={{ whiteSpace: 'pre-wrap' }} mah={360} tabIndex={0}>
      {text}
    </Code>
  )
}

/** Easier to read; undefined when it is only the beginning of something. */
function indented(body: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
