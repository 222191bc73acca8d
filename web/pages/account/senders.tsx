import { Button, Group, Stack, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Domain, Sender } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { accountTexts } from '../../texts/account.ts'
import { sendersTexts } from '../../texts/senders.ts'
import { Empty } from '../../ui/empty.tsx'
import { PlusIcon } from '../../ui/icons.tsx'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { AddressTable } from './address-table.tsx'
import { DomainTable } from './domain-table.tsx'
import { Recommended } from './recommended.tsx'

/** "Sender domains & addresses": what the key may send from, and what waits for its proof. */
export function SendersPage() {
  const t = useTexts(sendersTexts)
  const account = useTexts(accountTexts)
  const { key } = useKeys()
  const about = key === undefined ? '' : `?key=${key.publicKey}`
  const domains = useRead<{ domains: Domain[] }>(key && `/domains${about}`)
  const senders = useRead<{ senders: Sender[] }>(key && `/senders${about}`)
  return (
    <Page
      title={t.title}
      trail={[{ label: account.title, to: '/account' }, account.sendersAndDomains]}
      about={t.about}
      actions={
        <>
          <Button component={Link} to="/account/sender/domain" leftSection={<PlusIcon />}>
            {t.addDomain}
          </Button>
          <Button component={Link} to="/account/sender/address" variant="default" leftSection={<PlusIcon />}>
            {t.addAddress}
          </Button>
        </>
      }
    >
      <KeyPicker />
      <Loaded from={domains}>
        {(read) => (
          <Loaded from={senders}>
            {({ senders: all }) => {
              const known = all.filter(({ status }) => status !== 'deleted')
              const addresses = known.filter(({ email }) => !email.startsWith('*'))
              return (
                <Stack gap="xl">
                  <Stack gap="sm">
                    <Title order={2}>{t.domains}</Title>
                    {read.domains.length === 0 ? (
                      <Empty title={t.noDomains} hint={t.noDomainsHint}>
                        <Group>
                          <Button component={Link} to="/account/sender/domain">
                            {t.addDomain}
                          </Button>
                        </Group>
                      </Empty>
                    ) : (
                      <DomainTable domains={read.domains} />
                    )}
                  </Stack>
                  <Stack gap="sm">
                    <Title order={2}>{t.addresses}</Title>
                    {addresses.length === 0 ? (
                      <Empty title={t.noAddresses} hint={t.noAddressesHint} />
                    ) : (
                      <AddressTable senders={addresses} />
                    )}
                  </Stack>
                  {read.domains
                    .filter(({ isActive }) => isActive)
                    .map(({ name }) => (
                      <Recommended key={name} domain={name} known={addresses} apiKey={key?.publicKey ?? ''} />
                    ))}
                </Stack>
              )
            }}
          </Loaded>
        )}
      </Loaded>
    </Page>
  )
}
