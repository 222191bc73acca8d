import { Button, Paper, SimpleGrid, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTexts } from '../../app/preferences.tsx'
import { accountTexts } from '../../texts/account.ts'
import { sendersTexts } from '../../texts/senders.ts'
import { Page } from '../../ui/page.tsx'

/** "Add a Sender Domain or Address": the choice between the two. */
export function AddSenderPage() {
  const t = useTexts(sendersTexts)
  const account = useTexts(accountTexts)
  return (
    <Page
      title={t.choose}
      trail={[{ label: account.title, to: '/account' }, account.sendersAndDomains]}
      about={t.chooseAbout}
      actions={
        <Button component={Link} to="/account/sender" variant="default">
          {t.manage}
        </Button>
      }
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Choice to="/account/sender/domain" button={t.addDomain} words={t.chooseDomain} title={t.domain} />
        <Choice
          to="/account/sender/address"
          button={t.addAddress}
          words={t.chooseAddress}
          title={t.address}
        />
      </SimpleGrid>
    </Page>
  )
}

function Choice({ to, button, words, title }: { to: string; button: string; words: string; title: string }) {
  return (
    <Paper withBorder p="lg">
      <Stack align="flex-start" h="100%" justify="space-between">
        <div>
          <Text fw={600}>{title}</Text>
          <Text c="dimmed">{words}</Text>
        </div>
        <Button component={Link} to={to}>
          {button}
        </Button>
      </Stack>
    </Paper>
  )
}
