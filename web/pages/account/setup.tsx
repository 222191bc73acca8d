import { Alert, Anchor, Badge, Button, Group, Paper, Stack, Table, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMemo } from 'react'
import type { SmtpSettings } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { accountTexts } from '../../texts/account.ts'
import { Copy, CopyValue } from '../../ui/copy.tsx'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { WideTable } from '../../ui/wide-table.tsx'
import { Credentials } from './credentials.tsx'

/** "SMTP and SEND API Settings", as the mission page has it. */
export function SetupPage() {
  const t = useTexts(accountTexts)
  const settings = useRead<SmtpSettings>('/smtp-settings')
  const { key } = useKeys()
  const [isShown, { toggle }] = useDisclosure()
  return (
    <Page title={t.settings} trail={[{ label: t.title, to: '/account' }, t.sendersAndDomains]}>
      <Loaded from={settings}>
        {(smtp) => (
          <Stack gap="lg">
            <Configuration smtp={smtp} />
            <KeyPicker />
            <Group>
              <Button onClick={toggle} aria-expanded={isShown} variant={isShown ? 'default' : 'filled'}>
                {isShown ? t.hideCredentials : t.retrieve}
              </Button>
            </Group>
            {isShown && key !== undefined && <Credentials key={key.id} apiKey={key} smtp={smtp} />}
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}

function Configuration({ smtp }: { smtp: SmtpSettings }) {
  const t = useTexts(accountTexts)
  const caUrl = useMemo(
    () => (smtp.ca === null ? undefined : `data:application/x-pem-file,${encodeURIComponent(smtp.ca)}`),
    [smtp.ca],
  )
  const sendUrl = smtp.httpsUrl ?? smtp.url
  return (
    <Paper withBorder p="lg" component="section" aria-label={t.configuration}>
      <Stack>
        <Title order={2}>{t.configuration}</Title>
        <WideTable minWidth={320}>
          <Table variant="vertical" withRowBorders={false} verticalSpacing="xs">
            <Table.Tbody>
              <Table.Tr>
                <Table.Th w={{ base: 100, sm: 180 }}>{t.server}</Table.Th>
                <Table.Td>
                  <CopyValue value={smtp.smtpHost} what={t.server} />
                </Table.Td>
              </Table.Tr>
              {smtp.smtpPorts.map(({ port, security }, index) => (
                <Table.Tr key={`${port}-${security}`}>
                  <Table.Th>{index === 0 ? t.ports : ''}</Table.Th>
                  <Table.Td>
                    <Group gap="xs">
                      <CopyValue value={String(port)} what={`${t[security]} ${port}`} />
                      <Text size="sm">{t[security]}</Text>
                      {security === 'tls' && (
                        <Badge variant="light" color="teal" tt="none">
                          {t.recommended}
                        </Badge>
                      )}
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
              {sendUrl !== null && (
                <Table.Tr>
                  <Table.Th>{t.sendApi}</Table.Th>
                  <Table.Td>
                    <CopyValue value={`${sendUrl}/v3.1/send`} what={t.sendApi} />
                  </Table.Td>
                </Table.Tr>
              )}
              {smtp.ca !== null && (
                <Table.Tr>
                  <Table.Th>{t.ca}</Table.Th>
                  <Table.Td>
                    <Text size="sm" mb={4} style={{ whiteSpace: 'normal' }}>
                      {t.caHint}
                    </Text>
                    <Group gap="xs">
                      <Anchor href={caUrl} download="ca.pem" size="sm">
                        {t.caDownload}
                      </Anchor>
                      <Copy value={smtp.ca} what={t.ca} />
                    </Group>
                  </Table.Td>
                </Table.Tr>
              )}
            </Table.Tbody>
          </Table>
        </WideTable>
        <Alert color="blue" variant="light">
          <Text size="sm">
            {smtp.plainAuthOnLoopback ? t.plainAllowed : t.useTls} {t.port25}
          </Text>
        </Alert>
      </Stack>
    </Paper>
  )
}
