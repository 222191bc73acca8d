import { Anchor, Badge, Button, Group, List, Paper, Stack, Text, Title } from '@mantine/core'
import { call, segment } from '../../api/call.ts'
import type { IncomingMail, Lead } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { useParam } from '../../app/use-param.ts'
import { leadsTexts } from '../../texts/leads.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { MailFrame } from '../../ui/mail-frame.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import { Verdict } from '../../ui/verdict.tsx'

export function LeadPage() {
  const t = useTexts(leadsTexts)
  const may = useSession().may('marketer')
  const id = useParam('id')
  const read = useRead<{ lead: Lead; messages: IncomingMail[] }>(`/leads/${segment(id)}`)
  const change = useChange((state: Lead['state']) => call('POST', `/leads/${segment(id)}`, { state }), {
    touches: ['leads'],
  })
  const lead = read.data?.lead
  const next = lead?.state === 'open' ? 'closed' : 'open'
  return (
    <Page
      title={lead === undefined ? '…' : lead.name || t.noSubject}
      trail={[{ label: t.title, to: '/leads' }]}
      actions={
        lead !== undefined && (
          <Button
            variant="default"
            disabled={!may}
            loading={change.isPending}
            onClick={() => change.mutate(next)}
          >
            {next === 'closed' ? t.close : t.reopen}
          </Button>
        )
      }
    >
      <Problem error={change.error} />
      <Loaded from={read}>
        {({ lead: found, messages }) => (
          <Stack>
            <Group gap="xs">
              <Badge variant="light" color={found.state === 'open' ? 'blue' : 'gray'} tt="none">
                {t.states[found.state]}
              </Badge>
              <Text className="breaks-anywhere">
                {t.contact}: {found.contact || found.sender}
              </Text>
            </Group>
            <Title order={2}>{t.mail}</Title>
            {messages.length === 0 && <Text c="dimmed">{t.noMail}</Text>}
            {messages.map((mail) => (
              <Mail key={mail.id} leadId={found.id} mail={mail} />
            ))}
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}

function Mail({ leadId, mail }: { leadId: number; mail: IncomingMail }) {
  const t = useTexts(leadsTexts)
  const base = `/api/leads/${leadId}/messages/${mail.id}`
  const details = useRead<{ attachments: { name: string; mimeType: string; sizeBytes: number }[] }>(
    `/inbox/${mail.id}`,
  )
  const attachments = details.data?.attachments ?? []
  return (
    <Paper withBorder p="md" component="section" aria-label={mail.subject || t.noSubject}>
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start">
          <div style={{ minWidth: 0 }}>
            <Text fw={600} className="breaks-anywhere">
              {mail.subject || t.noSubject}
            </Text>
            <Text size="sm" c="dimmed" className="breaks-anywhere">
              {t.sender}: {mail.sender} · {t.received} <Time at={mail.receivedAt} />
            </Text>
          </div>
          <Group gap={6}>
            <Verdict name="DKIM" result={mail.dkim} />
            <Verdict name="SPF" result={mail.spf} />
            <Verdict name="DMARC" result={mail.dmarc} />
          </Group>
        </Group>
        <MailFrame src={`${base}/html`} title={t.asSeen(mail.subject || t.noSubject)} />
        {attachments.length > 0 && (
          <div>
            <Text fw={600} size="sm">
              {t.attachments}
            </Text>
            <List size="sm">
              {attachments.map(({ name, mimeType }, index) => (
                <List.Item key={`${name} ${mimeType}`}>
                  <Anchor href={`${base}/attachments/${index}`} download>
                    {name || mimeType}
                  </Anchor>
                </List.Item>
              ))}
            </List>
          </div>
        )}
        <Anchor href={`${base}/raw`} download size="sm">
          {t.source}
        </Anchor>
      </Stack>
    </Paper>
  )
}
