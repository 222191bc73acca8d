import { Tabs } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTexts } from '../../app/preferences.tsx'
import { labTexts } from '../../texts/lab.ts'
import { Page } from '../../ui/page.tsx'
import { DnsZone } from './dns-zone.tsx'
import { LabInbox } from './inbox.tsx'
import { Mailboxes } from './mailboxes.tsx'

const tabs = ['inbox', 'dns', 'mailboxes'] as const

export function LabPage() {
  const t = useTexts(labTexts)
  const navigate = useNavigate()
  const asked = useSearch({ strict: false, select: (search: { tab?: unknown }) => search.tab })
  const tab = tabs.find((one) => one === asked) ?? 'inbox'
  return (
    <Page title={t.title} about={t.about}>
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ to: '/lab', search: { tab: next ?? 'inbox' }, replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="inbox">
          <LabInbox />
        </Tabs.Panel>
        <Tabs.Panel value="dns">
          <DnsZone />
        </Tabs.Panel>
        <Tabs.Panel value="mailboxes">
          <Mailboxes />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}
