import { Anchor, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Domain, Sender } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { accountTexts } from '../../texts/account.ts'
import { Page } from '../../ui/page.tsx'
import { Keys } from './keys.tsx'

export function AccountPage() {
  const t = useTexts(accountTexts)
  const { key } = useKeys()
  const of = key && `?key=${key.publicKey}`
  const domains = useRead<{ domains: Domain[] }>(of && `/domains${of}`).data?.domains ?? []
  const senders = useRead<{ senders: Sender[] }>(of && `/senders${of}`).data?.senders ?? []
  const addresses = senders.filter(({ email, status }) => !email.startsWith('*') && status !== 'deleted')
  return (
    <Page title={t.title} about={t.about}>
      <Stack gap="xs">
        <Title order={2}>{t.sendersAndDomains}</Title>
        <Text c="dimmed" maw="46rem">
          {t.sendersHint}
        </Text>
      </Stack>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <Card to="/account/setup" title={t.settings} hint={t.settingsHint} />
        <Card to="/account/sender/add" title={t.addSender} hint={t.addSenderHint} />
        <Paper withBorder p="md">
          <Stack gap={4}>
            <Text fw={600}>{t.senders}</Text>
            <Group justify="space-between">
              <Text size="sm" c="dimmed">
                {t.counts(domains.length, addresses.length)}
              </Text>
              <Anchor component={Link} to="/account/sender" size="sm">
                {t.manage}
              </Anchor>
            </Group>
          </Stack>
        </Paper>
      </SimpleGrid>
      <Keys />
    </Page>
  )
}

function Card({ to, title, hint }: { to: string; title: string; hint: string }) {
  return (
    <Paper withBorder p="md">
      <Stack gap={4}>
        <Anchor component={Link} to={to} fw={600}>
          {title}
        </Anchor>
        <Text size="sm" c="dimmed">
          {hint}
        </Text>
      </Stack>
    </Paper>
  )
}
