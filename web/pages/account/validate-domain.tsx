import { Alert, Button, Group, List, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { call, query, segment } from '../../api/call.ts'
import type { DomainCheck, DomainToPublish } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { useParam } from '../../app/use-param.ts'
import { accountTexts } from '../../texts/account.ts'
import { sendersTexts } from '../../texts/senders.ts'
import { CopyValue } from '../../ui/copy.tsx'
import { CheckIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { PublishInLab } from './publish-in-lab.tsx'

/** The two ways to prove a domain, and "Check Now". */
export function ValidateDomainPage() {
  const t = useTexts(sendersTexts)
  const account = useTexts(accountTexts)
  const may = useSession().may('admin')
  const { key } = useKeys()
  const name = useParam('name')
  const path = `/domains/${segment(name)}`
  const domain = useRead<{ domain: DomainToPublish }>(key && query(path, { key: key.publicKey }))
  const check = useChange(() => call<DomainCheck>('POST', query(`${path}/check`, { key: key?.publicKey })), {
    touches: ['domains', 'senders'],
  })
  const page = `/account/domain/${name}`

  return (
    <Page
      title={t.validateDomain(name)}
      trail={[
        { label: account.title, to: '/account' },
        { label: t.title, to: '/account/sender' },
        t.addDomain,
      ]}
      about={t.validateAbout}
    >
      <Loaded from={domain}>
        {({ domain: { isActive, ownershipToken, records } }) => {
          const record = records.find(({ purpose }) => purpose === 'ownership')
          if (isActive) {
            return (
              <Alert color="teal" title={t.success} icon={<CheckIcon />} role="status">
                <Stack align="flex-start">
                  <Text>{t.successText(name)}</Text>
                  <Group>
                    <Button component={Link} to={page}>
                      {t.authenticate}
                    </Button>
                    <Button component={Link} to="/account/sender" variant="default">
                      {t.title}
                    </Button>
                  </Group>
                </Stack>
              </Alert>
            )
          }
          return (
            <Stack>
              <SimpleGrid cols={{ base: 1, md: 2 }}>
                <Option title={t.option1} about={t.option1About}>
                  <Value label={t.fileName} value={`${ownershipToken}.txt`} />
                  <Text size="sm" c="dimmed" className="breaks-anywhere">
                    http://{name}/{ownershipToken}.txt
                  </Text>
                </Option>
                <Option title={t.option2} about={t.option2About}>
                  <Value label={t.host} value={record?.name ?? ''} />
                  <Value label={t.value} value={record?.value ?? ''} />
                  {record !== undefined && <PublishInLab record={record} />}
                </Option>
              </SimpleGrid>
              <Problem error={check.error} />
              {check.data?.validation != null && <WhatWasFound {...check.data.validation} />}
              <Group justify="space-between">
                <Text size="sm" c="dimmed">
                  {t.dnsTakesTime}
                </Text>
                <Button onClick={() => check.mutate(undefined)} loading={check.isPending} disabled={!may}>
                  {t.checkNow}
                </Button>
              </Group>
            </Stack>
          )
        }}
      </Loaded>
    </Page>
  )
}

function WhatWasFound({
  errors,
  globalError,
}: {
  errors: { dns: string; file: string }
  globalError: string
}) {
  const t = useTexts(sendersTexts)
  return (
    <Alert color="yellow" title={t.notYet} role="alert">
      {globalError !== '' && <Text size="sm">{globalError}</Text>}
      <List size="sm" className="breaks-anywhere">
        {errors.dns !== '' && (
          <List.Item>
            {t.byDns}: {errors.dns}
          </List.Item>
        )}
        {errors.file !== '' && (
          <List.Item>
            {t.byFile}: {errors.file}
          </List.Item>
        )}
      </List>
    </Alert>
  )
}

function Option({ title, about, children }: { title: string; about: string; children: React.ReactNode }) {
  return (
    <Paper withBorder p="lg" component="section" aria-label={title}>
      <Stack gap="sm">
        <Title order={2}>{title}</Title>
        <Text size="sm">{about}</Text>
        {children}
      </Stack>
    </Paper>
  )
}

function Value({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {label}
      </Text>
      <CopyValue value={value} what={label} />
    </div>
  )
}
