import { Accordion, Code, Group, List, Paper, Stack, Text, Timeline, Title } from '@mantine/core'
import type { Story, StoryAttempt, StoryEvent } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { messagesTexts } from '../../texts/messages.ts'
import { StateBadge } from '../../ui/state-badge.tsx'
import { Time } from '../../ui/time.tsx'

/** What became of it for each recipient, in words and step by step, with every word that the servers said. */
export function StoryShown({ story, sentences }: { story: Story; sentences: readonly string[] }) {
  const t = useTexts(messagesTexts)
  return (
    <Stack>
      <Paper withBorder p="md" component="section" aria-label={t.recipients}>
        <Title order={2} mb="sm">
          {t.recipients}
        </Title>
        <Stack gap="xs">
          {story.deliveries.map(({ id, recipient, state, replyCode, replyText, nextAttemptAt }) => (
            <div key={id}>
              <Group gap="xs">
                <Text fw={600} className="breaks-anywhere">
                  {recipient}
                </Text>
                <StateBadge state={state} />
                {nextAttemptAt !== null && state === 'deferred' && (
                  <Text size="sm" c="dimmed">
                    {t.nextAttempt} <Time at={nextAttemptAt} />
                  </Text>
                )}
              </Group>
              {replyText !== null && (
                <Text size="sm" c="dimmed" className="breaks-anywhere">
                  {t.lastReply}: {replyCode} {replyText}
                </Text>
              )}
            </div>
          ))}
        </Stack>
      </Paper>
      <Paper withBorder p="md" component="section" aria-label={t.inWords} lang="en">
        <Title order={2} mb="sm">
          {t.inWords}
        </Title>
        <List spacing={4} className="breaks-anywhere">
          {sentences.map((sentence) => (
            <List.Item key={sentence}>{sentence}</List.Item>
          ))}
        </List>
      </Paper>
      <Paper withBorder p="md" component="section" aria-label={t.events}>
        <Title order={2} mb="md">
          {t.events}
        </Title>
        <Events events={story.events} story={story} />
      </Paper>
      <Paper withBorder p="md" component="section" aria-label={t.attemptsTitle}>
        <Title order={2} mb="sm">
          {t.attemptsTitle}
        </Title>
        {story.attempts.length === 0 ? (
          <Text c="dimmed">{t.noAttempts}</Text>
        ) : (
          <Attempts attempts={story.attempts} />
        )}
      </Paper>
    </Stack>
  )
}

const colors: Record<string, string> = {
  delivered: 'teal',
  'delivery-reported': 'teal',
  deferred: 'yellow',
  bounced: 'red',
  expired: 'red',
  blocked: 'orange',
  complained: 'red',
}

function Events({ events, story }: { events: readonly StoryEvent[]; story: Story }) {
  const t = useTexts(messagesTexts)
  const recipientOf = new Map(story.deliveries.map(({ id, recipient }) => [id, recipient]))
  return (
    <Timeline active={events.length} bulletSize={14} lineWidth={2}>
      {events.map(({ id, kind, at, class: outcome, detail, deliveryId }) => (
        <Timeline.Item
          key={id}
          color={colors[kind] ?? 'airmail'}
          title={
            <>
              {t.eventNames[kind] ?? kind}
              <Text span size="sm" c="dimmed">
                {' '}
                <Time at={at} />
              </Text>
            </>
          }
        >
          {deliveryId !== null && story.deliveries.length > 1 && (
            <Text size="sm" className="breaks-anywhere">
              {recipientOf.get(deliveryId)}
            </Text>
          )}
          {(detail !== null || outcome !== null) && (
            <Text size="sm" c="dimmed" className="breaks-anywhere">
              {[outcome, detail].filter((words) => words !== null && words !== '').join(': ')}
            </Text>
          )}
        </Timeline.Item>
      ))}
    </Timeline>
  )
}

function Attempts({ attempts }: { attempts: readonly StoryAttempt[] }) {
  const t = useTexts(messagesTexts)
  return (
    <Accordion variant="contained" multiple>
      {attempts.map(({ id, at, durationMs, host, address, tls, transcript }) => (
        <Accordion.Item key={id} value={String(id)}>
          <Accordion.Control>
            <Group gap="xs">
              <Text span fw={600} className="breaks-anywhere">
                {host || address}
              </Text>
              <Text span size="sm" c="dimmed">
                <Time at={at} /> ·{' '}
                {[address, tls, t.took(durationMs)].filter((word) => word !== '').join(' · ')}
              </Text>
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            <Text size="sm" c="dimmed" mb={4}>
              {t.transcript}
            </Text>
            <Code block className="transcript">
              {transcript}
            </Code>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  )
}
