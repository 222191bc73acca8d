import { segment } from '../../api/call.ts'
import type { OutgoingServer } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useParam } from '../../app/use-param.ts'
import { serversTexts } from '../../texts/servers.ts'
import { shellTexts } from '../../texts/shell.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { ServerForm } from './server-form.tsx'

/** The form of an outgoing server: a new one, or one that is there. */
export function ServerPage() {
  const t = useTexts(serversTexts)
  const shell = useTexts(shellTexts)
  const id = useParam('id')
  const read = useRead<{ server: OutgoingServer }>(id === '' ? undefined : `/outgoing-servers/${segment(id)}`)
  const title = id === '' ? t.newServer : (read.data?.server.name ?? '…')
  return (
    <Page title={title} trail={[shell.technical, { label: t.title, to: '/technical/outgoing-mail-servers' }]}>
      {id === '' ? (
        <ServerForm server={undefined} />
      ) : (
        <Loaded from={read}>{({ server }) => <ServerForm key={server.id} server={server} />}</Loaded>
      )}
    </Page>
  )
}
