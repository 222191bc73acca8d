import { Code, Group, Paper, Stack, Table, Tabs } from '@mantine/core'
import { segment } from '../../api/call.ts'
import type { LabMessageContent } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useParam } from '../../app/use-param.ts'
import { labTexts } from '../../texts/lab.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { MailFrame } from '../../ui/mail-frame.tsx'
import { Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { Verdict } from '../../ui/verdict.tsx'

export function LabMessagePage() {
  const t = useTexts(labTexts)
  const id = useParam('id')
  const path = `/lab/inbox/${segment(id)}`
  const read = useRead<{ message: LabMessageContent }>(path)
  return (
    <Page title={read.data?.message.subject || t.noSubject} trail={[{ label: t.title, to: '/lab' }]}>
      <Loaded from={read}>
        {({ message }) => (
          <Stack>
            <Paper withBorder p="md">
              <Group gap={6} mb="sm">
                <Verdict name="DKIM" result={message.dkim} />
                <Verdict name="SPF" result={message.spf} />
                <Verdict name="DMARC" result={message.dmarc} />
              </Group>
              <Table variant="vertical" layout="auto" withRowBorders={false}>
                <Table.Tbody>
                  {[
                    [t.from, message.from],
                    [t.to, message.to],
                    [t.envelopeFrom, message.envelopeFrom],
                    [t.received, <Time key="time" at={message.receivedAt} />],
                    [t.tls, message.tls || '—'],
                    [t.results, message.authenticationResults],
                  ].map(([label, value]) => (
                    <Table.Tr key={String(label)}>
                      <Table.Th w={{ base: 110, sm: 190 }}>{label}</Table.Th>
                      <Table.Td className="breaks-anywhere">{value}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Paper>
            <Tabs defaultValue="message" keepMounted={false}>
              <Tabs.List mb="sm">
                <Tabs.Tab value="message">{t.message}</Tabs.Tab>
                <Tabs.Tab value="source">{t.source}</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="message">
                <MailFrame src={`/api${path}/html`} title={t.shown} />
              </Tabs.Panel>
              <Tabs.Panel value="source">
                <Code block className="transcript">
                  {message.content}
                </Code>
              </Tabs.Panel>
            </Tabs>
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}
