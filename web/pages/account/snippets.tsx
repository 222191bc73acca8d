import { Box, Code, Group, Table, Tabs, Title } from '@mantine/core'
import type { ApiKey, Sender, SmtpSettings } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { accountTexts } from '../../texts/account.ts'
import { Copy, CopyValue } from '../../ui/copy.tsx'

/** What to put where, with the values filled in. */
export function Snippets({
  apiKey,
  isRevealed,
  secret,
  smtp,
}: {
  apiKey: ApiKey
  /** Until the key was revealed, a word stands in its place. */
  isRevealed: boolean
  secret: string | undefined
  smtp: SmtpSettings
}) {
  const t = useTexts(accountTexts)
  const senders = useRead<{ senders: Sender[] }>(`/senders?key=${apiKey.publicKey}`).data?.senders ?? []
  const sender = senders.find(({ status }) => status === 'active')?.email.replace(/^\*@/, 'hello@')
  const values = {
    key: isRevealed ? apiKey.publicKey : t.keyPlaceholder,
    secret: secret ?? t.placeholder,
    from: sender ?? 'hello@shop.example',
    host: smtp.smtpHost,
    url: smtp.httpsUrl ?? smtp.url ?? `https://${smtp.smtpHost}`,
    starttls: smtp.smtpPorts.find(({ security }) => security === 'starttls')?.port ?? 587,
    tls: smtp.smtpPorts.find(({ security }) => security === 'tls')?.port ?? 465,
    insecure: smtp.ca !== null,
  }
  const snippets = snippetsOf(values)
  const odoo = t.odooFields

  return (
    <div>
      <Title order={3} mb="xs" size="h4">
        {t.paste}
      </Title>
      <Tabs defaultValue="odoo" keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="odoo">Odoo</Tabs.Tab>
          {snippets.map(({ name }) => (
            <Tabs.Tab key={name} value={name}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="odoo">
          <Table variant="vertical" withRowBorders={false}>
            <Table.Tbody>
              {[
                [odoo.smtpServer, values.host],
                [odoo.port, String(values.tls)],
                [odoo.security, t.tls],
                [odoo.username, values.key],
                [odoo.password, values.secret],
                [odoo.fromFilter, sender?.split('@')[1] ?? odoo.fromFilterHint],
              ].map(([label = '', value = '']) => (
                <Table.Tr key={label}>
                  <Table.Th w={200}>{label}</Table.Th>
                  <Table.Td>
                    <CopyValue value={value} what={label} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Tabs.Panel>
        {snippets.map(({ name, text }) => (
          <Tabs.Panel key={name} value={name}>
            <Group align="flex-start" wrap="nowrap" gap={4}>
              <Box style={{ minWidth: 0, flex: 1 }}>
                <Code block className="transcript">
                  {text}
                </Code>
              </Box>
              <Copy value={text} what={name} />
            </Group>
          </Tabs.Panel>
        ))}
      </Tabs>
    </div>
  )
}

type Values = {
  key: string
  secret: string
  from: string
  host: string
  url: string
  starttls: number
  tls: number
  /** The certificate is of our own authority, which the client may not know yet. */
  insecure: boolean
}

function snippetsOf({ key, secret, from, host, url, starttls, tls, insecure }: Values) {
  return [
    {
      name: 'curl',
      text: `curl ${insecure ? '--cacert ca.pem ' : ''}${url}/v3.1/send --user ${key}:${secret} \\
  -H 'Content-Type: application/json' \\
  -d '{"Messages":[{"From":{"Email":"${from}"},"To":[{"Email":"ok@inbox.test"}],"Subject":"Hello","TextPart":"It works."}]}'`,
    },
    {
      name: 'swaks',
      text: `swaks --server ${host} --port ${starttls} --tls --auth PLAIN --auth-user ${key} --auth-password ${secret} \\
  --from ${from} --to ok@inbox.test --header 'Subject: Hello' --body 'It works.'`,
    },
    {
      name: 'node-mailjet',
      text: `${insecure ? '// Start node with NODE_EXTRA_CA_CERTS=ca.pem\n' : ''}import { Client } from 'node-mailjet'

const mailjet = new Client({
  apiKey: '${key}',
  apiSecret: '${secret}',
  config: { host: '${new URL(url).host}' },
})
await mailjet.post('send', { version: 'v3.1' }).request({
  Messages: [
    { From: { Email: '${from}' }, To: [{ Email: 'ok@inbox.test' }], Subject: 'Hello', TextPart: 'It works.' },
  ],
})`,
    },
    { name: 'Symfony', text: `MAILER_DSN=smtps://${key}:${secret}@${host}:${tls}` },
  ]
}
