import { Button, Switch } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { OutgoingServer } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { serversTexts } from '../../texts/servers.ts'
import { shellTexts } from '../../texts/shell.ts'
import { Empty } from '../../ui/empty.tsx'
import { PlusIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { ServerList } from './server-list.tsx'

export function ServersPage() {
  const t = useTexts(serversTexts)
  const shell = useTexts(shellTexts)
  const may = useSession().may('admin')
  const servers = useRead<{ servers: OutgoingServer[] }>('/outgoing-servers')
  const [showsArchived, setShowsArchived] = useState(false)
  const hasArchived = servers.data?.servers.some(({ isActive }) => !isActive) ?? false
  return (
    <Page
      title={t.title}
      trail={[shell.settings, shell.technical, shell.email]}
      about={t.about}
      actions={
        may && (
          <Button component={Link} to="/technical/outgoing-mail-servers/new" leftSection={<PlusIcon />}>
            {t.create}
          </Button>
        )
      }
    >
      <Loaded from={servers}>
        {({ servers: all }) => {
          const shown = all.filter(({ isActive }) => isActive || showsArchived)
          return shown.length === 0 ? (
            <Empty title={t.none} hint={t.noneHint} />
          ) : (
            <ServerList servers={shown} mayMove={may && !showsArchived} />
          )
        }}
      </Loaded>
      {hasArchived && (
        <Switch
          label={t.showArchived}
          checked={showsArchived}
          onChange={({ currentTarget }) => setShowsArchived(currentTarget.checked)}
        />
      )}
    </Page>
  )
}
