import { Alert, Anchor, Button, Code, Stack, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import type { Sender } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { labTexts } from '../../texts/lab.ts'
import { shellTexts } from '../../texts/shell.ts'
import { Problem } from '../../ui/problem.tsx'

const domain = 'inbox.test'

/** The mailboxes that behave on purpose, each with a button that sends to it. */
export function Mailboxes() {
  const t = useTexts(labTexts)
  const shell = useTexts(shellTexts)
  const may = useSession().may('marketer')
  const senders = useRead<{ senders: Sender[] }>('/senders')
  const from = senders.data?.senders.find(
    ({ status, email }) => status === 'active' && !email.startsWith('*'),
  )
  const send = useChange(
    (name: string) =>
      call('POST', '/send', {
        from: from?.email ?? 'hello@shop.example',
        to: [`${name}@${domain}`],
        subject: `To ${name}@${domain}`,
        text: t.behaviours[name as keyof typeof t.behaviours],
      }),
    { touches: ['lab', 'messages', 'queue'] },
  )
  return (
    <Stack>
      <Text c="dimmed" maw="46rem">
        {t.mailboxesAbout}
      </Text>
      <Problem error={send.error} />
      {send.isSuccess && (
        <Alert color="teal" role="status">
          {t.sent}{' '}
          <Anchor component={Link} to="/messages" underline="always">
            {shell.messages}
          </Anchor>
        </Alert>
      )}
      <Table verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.mailbox}</Table.Th>
            <Table.Th>{t.behaviour}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.entries(t.behaviours).map(([name, words]) => (
            <Table.Tr key={name}>
              <Table.Td>
                <Code>{name}@</Code>
              </Table.Td>
              <Table.Td>{words}</Table.Td>
              <Table.Td ta="right">
                <Button
                  size="xs"
                  variant="default"
                  disabled={!may}
                  loading={send.isPending && send.variables === name}
                  aria-label={`${t.tryIt}: ${name}@${domain}`}
                  onClick={() => send.mutate(name)}
                >
                  {t.tryIt}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  )
}
