import { Text } from '@mantine/core'
import { query } from '../../api/call.ts'
import type { OutgoingServer, SystemParameter } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'

/** Names the outgoing server that mass mail is bound to; nothing where there is none. */
export function MassServer({ apiKey }: { apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const parameters = useRead<{ parameters: SystemParameter[] }>(query('/system-parameters', { key: apiKey }))
  const parameter = (name: string) => parameters.data?.parameters.find((one) => one.name === name)?.value
  const id = parameter('mass_mailing.mail_server_id') ?? undefined
  const isOn = id !== undefined && parameter('mass_mailing.outgoing_mail_server') !== 'False'
  const servers = useRead<{ servers: OutgoingServer[] }>(
    isOn ? query('/outgoing-servers', { key: apiKey }) : undefined,
  )
  const server = servers.data?.servers.find((one) => String(one.id) === id)
  if (!isOn || server === undefined) return null
  return <Text>{t.throughServer(server.name)}</Text>
}
