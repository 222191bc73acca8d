import { Button, Paper, Stack, Table, Tabs, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { segment } from '../../api/call.ts'
import type { Story } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { useParam } from '../../app/use-param.ts'
import { messagesTexts } from '../../texts/messages.ts'
import { CopyValue } from '../../ui/copy.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { Content, Source } from './content.tsx'
import { MessageActions } from './message-actions.tsx'
import { StoryShown } from './story.tsx'

export type StoryAnswer = { story: Story; sentences: string[]; others: number[] }

/** Where there is nothing more to come, there is no need to ask again. */
const endedStates = new Set(['delivered', 'failed', 'blocked', 'dropped'])

export function MessagePage() {
  const t = useTexts(messagesTexts)
  const navigate = useNavigate()
  const id = useParam('id')
  const path = `/messages/${segment(id)}`
  const first = useRead<StoryAnswer>(path)
  const isOpen = first.data?.story.deliveries.some(({ state }) => !endedStates.has(state)) ?? false
  const read = useRead<StoryAnswer>(path, isOpen ? { everyMs: 2_000 } : {})
  const subject = read.data?.story.message.subject
  return (
    <Page
      title={subject === undefined ? '…' : subject || t.noSubject}
      trail={[{ label: t.title, to: '/messages' }]}
      actions={
        <Button
          variant="default"
          onClick={() => void navigate({ to: '/technical/explain', search: { message: id } })}
        >
          {t.explain}
        </Button>
      }
    >
      <Loaded from={read}>
        {({ story, sentences }) => (
          <Stack>
            <Facts story={story} />
            <MessageActions story={story} />
            <Tabs defaultValue="story" keepMounted={false}>
              <Tabs.List mb="md">
                <Tabs.Tab value="story">{t.story}</Tabs.Tab>
                <Tabs.Tab value="message">{t.message}</Tabs.Tab>
                <Tabs.Tab value="source">{t.source}</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="story">
                <StoryShown story={story} sentences={sentences} />
              </Tabs.Panel>
              <Tabs.Panel value="message">
                <Content path={path} />
              </Tabs.Panel>
              <Tabs.Panel value="source">
                <Source path={path} />
              </Tabs.Panel>
            </Tabs>
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}

function Facts({ story: { message } }: { story: Story }) {
  const t = useTexts(messagesTexts)
  const { language } = usePreferences()
  const size = new Intl.NumberFormat(language, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 1 })
  return (
    <Paper withBorder p="md">
      <Table variant="vertical" withRowBorders={false}>
        <Table.Tbody className="breaks-anywhere">
          <Table.Tr>
            <Table.Th w={{ base: 100, sm: 150 }}>{t.from}</Table.Th>
            <Table.Td>{message.from}</Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Th>{t.envelopeFrom}</Table.Th>
            <Table.Td>{message.envelopeFrom || t.ownReturnPath}</Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Th>{t.accepted}</Table.Th>
            <Table.Td>
              <Time at={message.acceptedAt} /> {t.doors[message.door]}
              <Text span size="sm" c="dimmed">
                {' '}
                · {t.lanes[message.lane]} · {size.format(message.sizeBytes / 1000)}
              </Text>
            </Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Th>{t.messageId}</Table.Th>
            <Table.Td>
              <CopyValue value={message.messageId} what={t.messageId} />
            </Table.Td>
          </Table.Tr>
          {message.customId !== null && (
            <Table.Tr>
              <Table.Th>{t.customId}</Table.Th>
              <Table.Td>{message.customId}</Table.Td>
            </Table.Tr>
          )}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}
