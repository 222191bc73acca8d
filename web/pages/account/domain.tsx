import { Alert, Anchor, Button, Group, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { call, query, segment } from '../../api/call.ts'
import type { DomainCheck, DomainToPublish } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { useParam } from '../../app/use-param.ts'
import { accountTexts } from '../../texts/account.ts'
import { sendersTexts } from '../../texts/senders.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import { DkimKeys } from './dkim-keys.tsx'
import { RecordChecks } from './record-checks.tsx'
import { RemoveDomain } from './remove-domain.tsx'

/** A domain: "Authenticate this domain (SPF/DKIM)", its keys, and its end. */
export function DomainPage() {
  const t = useTexts(sendersTexts)
  const account = useTexts(accountTexts)
  const session = useSession()
  const may = session.may('admin')
  const { key } = useKeys()
  const name = useParam('name')
  const path = `/domains/${segment(name)}`
  const of = { key: key?.publicKey }
  const domain = useRead<{ domain: DomainToPublish }>(key && query(path, of))
  const { mutate, ...check } = useChange(() => call<DomainCheck>('POST', query(`${path}/check`, of)), {
    touches: ['domains', 'senders'],
  })
  const isThere = domain.data !== undefined
  // Whoever opens the page wants to know how things are now.
  useEffect(() => {
    if (isThere && may) mutate(undefined)
  }, [isThere, may, mutate])

  return (
    <Page
      title={name}
      trail={[
        { label: account.title, to: '/account' },
        { label: t.title, to: '/account/sender' },
      ]}
      about={t.recordsAbout}
      actions={
        <Button onClick={() => mutate(undefined)} loading={check.isPending} disabled={!may}>
          {t.checkNow}
        </Button>
      }
    >
      <Loaded from={domain}>
        {({ domain: read }) => (
          <Stack gap="xl">
            {!read.isActive && (
              <Alert color="yellow">
                {t.waiting}{' '}
                <Anchor component={Link} to={`/account/domain/${name}/validate`} underline="always">
                  {t.validate}
                </Anchor>
              </Alert>
            )}
            <Stack gap="sm">
              <Group justify="space-between">
                <Title order={2}>{t.authenticate}</Title>
                {read.lastCheckAt !== null && (
                  <Text size="sm" c="dimmed">
                    {t.lastCheck}: <Time at={read.lastCheckAt} />
                  </Text>
                )}
              </Group>
              <Problem error={check.error} />
              <RecordChecks domain={read} checks={check.data?.checks} />
            </Stack>
            <DkimKeys domain={read} keyQuery={of} />
            <Group>
              <RemoveDomain name={name} keyQuery={of} />
            </Group>
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}
