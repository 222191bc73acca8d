/** One webhook or parse route: how it does, what was sent to it, and what can be done. */
import { Alert, Button, Group, Paper, SimpleGrid, Stack, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { call, segment } from '../../api/call.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import type { Webhook, WebhookTest } from '../../api/webhooks.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { useParam } from '../../app/use-param.ts'
import { commonTexts } from '../../texts/common.ts'
import { shellTexts } from '../../texts/shell.ts'
import { webhooksTexts } from '../../texts/webhooks.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { Time } from '../../ui/time.tsx'
import { Calls } from './calls.tsx'
import { EditWebhook } from './edit-webhook.tsx'
import { Health, useWebhookName } from './health.tsx'
import { Replay } from './replay.tsx'

const touched = ['webhooks', 'parse-routes', 'overview']

export function WebhookPage() {
  const t = useTexts(webhooksTexts)
  const shell = useTexts(shellTexts)
  const id = useParam('id')
  const read = useRead<{ webhook: Webhook }>(`/webhooks/${segment(id)}`, { everyMs: 3_000 })
  const nameOf = useWebhookName()
  const webhook = read.data?.webhook
  return (
    <Page
      title={webhook === undefined ? t.title : nameOf(webhook)}
      trail={[
        { label: shell.account, to: '/account' },
        { label: t.title, to: '/account/webhooks' },
      ]}
      {...(webhook !== undefined && { about: webhook.url })}
    >
      <Loaded from={read}>
        {({ webhook: found }) => (
          <>
            <Actions webhook={found} />
            <Facts webhook={found} />
            <Replay key={found.missedSince ?? 0} webhook={found} />
            <Calls webhook={found} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Actions({ webhook }: { webhook: Webhook }) {
  const t = useTexts(webhooksTexts)
  const common = useTexts(commonTexts)
  const may = useSession().may('admin')
  const navigate = useNavigate()
  const path = `/webhooks/${webhook.id}`
  const [isEditing, setEditing] = useState(false)
  const [secret, setSecret] = useState<string>()
  const test = useChange(() => call<WebhookTest>('POST', `${path}/test`), { touches: touched })
  const setState = useChange(
    (state: Webhook['state']) =>
      call('PATCH', webhook.kind === 'mail' ? `/parse-routes/${webhook.id}` : path, { state }),
    { touches: touched },
  )
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Button onClick={() => test.mutate(undefined)} loading={test.isPending} disabled={!may}>
          {t.test}
        </Button>
        <Button variant="default" onClick={() => setEditing(true)} disabled={!may}>
          {common.edit}
        </Button>
        {webhook.state === 'dead' ? (
          <Button variant="default" onClick={() => setState.mutate('alive')} disabled={!may}>
            {t.revive}
          </Button>
        ) : (
          <ConfirmButton
            label={t.suspend}
            question={t.suspendSure}
            disabled={!may}
            onConfirm={() => setState.mutateAsync('dead')}
          />
        )}
        <ConfirmButton
          label={t.rotate}
          question={t.rotateSure}
          disabled={!may}
          onConfirm={async () => {
            setSecret((await call<{ secret: string }>('POST', `${path}/rotate`)).secret)
          }}
        />
        <ConfirmButton
          label={common.remove}
          question={t.removeSure}
          disabled={!may}
          onConfirm={async () => {
            await call('DELETE', path)
            await navigate({ to: '/account/webhooks' })
          }}
        />
      </Group>
      <Problem error={test.error ?? setState.error} />
      {test.data !== undefined && <TestResult result={test.data} />}
      {secret !== undefined && (
        <SecretOnce title={t.rotate} secret={secret} what={t.secret} onClose={() => setSecret(undefined)} />
      )}
      {isEditing && <EditWebhook webhook={webhook} onClose={() => setEditing(false)} />}
    </Stack>
  )
}

function TestResult({ result: { isDelivered, status, problem, durationMs } }: { result: WebhookTest }) {
  const t = useTexts(webhooksTexts)
  return isDelivered && status !== null ? (
    <Alert color="teal" role="status">
      {t.testWorked(status, durationMs)}
    </Alert>
  ) : (
    <Alert color="red" role="alert" title={t.testFailed}>
      {problem}
    </Alert>
  )
}

function Facts({ webhook }: { webhook: Webhook }) {
  const t = useTexts(webhooksTexts)
  const common = useTexts(commonTexts)
  const { language } = usePreferences()
  const { failingSince, deadSince, lastSuccessAt, lastProblem, missedSince, waiting, createdAt } = webhook
  return (
    <Paper withBorder p="md">
      <Stack>
        {webhook.state === 'dead' && <Alert color="red">{t.deadHint}</Alert>}
        {webhook.state === 'alive' && missedSince !== null && (
          <Alert color="yellow">
            <Time at={missedSince} />: {t.missed}
          </Alert>
        )}
        <SimpleGrid cols={{ base: 2, md: 4 }}>
          <Fact name={t.state}>
            <Health webhook={webhook} />
          </Fact>
          <Fact name={t.owed}>{new Intl.NumberFormat(language).format(waiting)}</Fact>
          <Fact name={t.lastSuccess}>
            {lastSuccessAt === null ? common.never : <Time at={lastSuccessAt} />}
          </Fact>
          <Fact name={t.createdAt}>
            <Time at={createdAt} />
          </Fact>
          {failingSince !== null && (
            <Fact name={t.failingSince}>
              <Time at={failingSince} />
            </Fact>
          )}
          {deadSince !== null && (
            <Fact name={t.deadSince}>
              <Time at={deadSince} />
            </Fact>
          )}
          {lastProblem !== '' && <Fact name={t.lastProblem}>{lastProblem}</Fact>}
        </SimpleGrid>
      </Stack>
    </Paper>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="div" className="breaks-anywhere">
        {children}
      </Text>
    </div>
  )
}
