/** Who is told of events, and of mail that comes for a program. */
import { Anchor, Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { query } from '../../api/call.ts'
import { hasAnswered, useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import type { Webhook } from '../../api/webhooks.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { shellTexts } from '../../texts/shell.ts'
import { webhooksTexts } from '../../texts/webhooks.ts'
import { Empty } from '../../ui/empty.tsx'
import { PlusIcon } from '../../ui/icons.tsx'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { AddParseRoute } from './add-parse-route.tsx'
import { AddWebhook } from './add-webhook.tsx'
import { Health, useWebhookName } from './health.tsx'

export function WebhooksPage() {
  const t = useTexts(webhooksTexts)
  const shell = useTexts(shellTexts)
  const may = useSession().may('admin')
  const { key } = useKeys()
  const of = { key: key?.publicKey }
  const webhooks = useRead<{ webhooks: Webhook[] }>(key && query('/webhooks', of), { everyMs: 5_000 })
  const routes = useRead<{ routes: Webhook[]; domain: string }>(key && query('/parse-routes', of), {
    everyMs: 5_000,
  })
  const [adding, setAdding] = useState<'webhook' | 'route'>()
  const [secret, setSecret] = useState<string>()
  const close = () => setAdding(undefined)
  return (
    <Page title={t.title} trail={[{ label: shell.account, to: '/account' }]} about={t.about}>
      <KeyPicker />
      {secret !== undefined && (
        <SecretOnce title={t.made} secret={secret} what={t.secret} onClose={() => setSecret(undefined)} />
      )}
      <Section
        title={t.events}
        action={
          <Button leftSection={<PlusIcon />} disabled={!may} onClick={() => setAdding('webhook')}>
            {t.add}
          </Button>
        }
      >
        <Loaded from={webhooks}>
          {({ webhooks: all }) =>
            all.length === 0 ? <Empty title={t.noWebhooks} hint={t.noWebhooksHint} /> : <List all={all} />
          }
        </Loaded>
      </Section>
      {hasAnswered(webhooks) && (
        <Section
          title={t.routes}
          action={
            <Button
              variant="default"
              leftSection={<PlusIcon />}
              disabled={!may}
              onClick={() => setAdding('route')}
            >
              {t.addRoute}
            </Button>
          }
        >
          <Loaded from={routes}>
            {({ routes: all }) =>
              all.length === 0 ? <Empty title={t.noRoutes} hint={t.noRoutesHint} /> : <List all={all} />
            }
          </Loaded>
        </Section>
      )}
      {adding === 'webhook' && <AddWebhook apiKey={key?.publicKey} onClose={close} onSecret={setSecret} />}
      {adding === 'route' && (
        <AddParseRoute
          apiKey={key?.publicKey}
          domain={routes.data?.domain ?? ''}
          onClose={close}
          onSecret={setSecret}
        />
      )}
    </Page>
  )
}

function Section({ title, action, children }: { title: string; action: ReactNode; children: ReactNode }) {
  return (
    <Stack component="section" gap="sm" aria-label={title}>
      <Group justify="space-between">
        <Title order={2}>{title}</Title>
        {action}
      </Group>
      {children}
    </Stack>
  )
}

function List({ all }: { all: readonly Webhook[] }) {
  const t = useTexts(webhooksTexts)
  const { language } = usePreferences()
  const number = new Intl.NumberFormat(language)
  const nameOf = useWebhookName()
  return (
    <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
      {all.map((webhook) => (
        <Paper key={webhook.id} withBorder p="sm" component="li">
          <Group justify="space-between" align="flex-start">
            <div style={{ minWidth: 0 }}>
              <Anchor
                component={Link}
                to={`/account/webhooks/${webhook.id}`}
                fw={600}
                className="breaks-anywhere"
              >
                {nameOf(webhook)}
              </Anchor>
              <Text size="sm" c="dimmed" className="breaks-anywhere">
                {webhook.url}
              </Text>
              {webhook.lastProblem !== '' && (
                <Text size="sm" className="breaks-anywhere">
                  {webhook.lastProblem}
                </Text>
              )}
            </div>
            <Group gap={6}>
              {webhook.isBackup && <Note text={t.backupShort} />}
              {webhook.version === 2 && <Note text={t.groupedShort} />}
              {webhook.waiting > 0 && <Note text={t.waiting(number.format(webhook.waiting))} />}
              <Health webhook={webhook} />
            </Group>
          </Group>
        </Paper>
      ))}
    </Stack>
  )
}

function Note({ text }: { text: string }) {
  return (
    <Badge variant="light" color="gray" tt="none">
      {text}
    </Badge>
  )
}
