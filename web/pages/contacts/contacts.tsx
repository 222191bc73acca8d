import { Anchor, Button, Group, Modal, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { ContactList } from '../../api/types.ts'
import { hasAnswered, useChange, useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { contactsTexts } from '../../texts/contacts.ts'
import { Empty } from '../../ui/empty.tsx'
import { PlusIcon } from '../../ui/icons.tsx'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Import } from './import.tsx'
import { Jobs } from './jobs.tsx'

export function ContactsPage() {
  const t = useTexts(contactsTexts)
  const { language } = usePreferences()
  const number = new Intl.NumberFormat(language)
  const may = useSession().may('marketer')
  const { key } = useKeys()
  const of = { key: key?.publicKey }
  const lists = useRead<{ lists: ContactList[] }>(key && query('/contact-lists', of))
  const [isMaking, setMaking] = useState(false)
  const [target, setTarget] = useState<ContactList>()
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <Button leftSection={<PlusIcon />} disabled={!may} onClick={() => setMaking(true)}>
          {t.newList}
        </Button>
      }
    >
      <KeyPicker />
      <Title order={2}>{t.lists}</Title>
      <Loaded from={lists}>
        {({ lists: all }) =>
          all.length === 0 ? (
            <Empty title={t.noLists} hint={t.noListsHint} />
          ) : (
            <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
              {all.map((list) => (
                <Paper key={list.id} withBorder p="sm" component="li">
                  <Group justify="space-between">
                    <div>
                      <Anchor
                        component={Link}
                        to={`/contacts/${list.id}`}
                        fw={600}
                        className="breaks-anywhere"
                      >
                        {list.name}
                      </Anchor>
                      <Text size="sm" c="dimmed">
                        {t.members(number.format(list.memberCount - list.leftCount))}
                        {list.leftCount > 0 && ` · ${t.haveLeft(number.format(list.leftCount))}`}
                      </Text>
                    </div>
                    <Button size="xs" variant="default" disabled={!may} onClick={() => setTarget(list)}>
                      {t.import}
                    </Button>
                  </Group>
                </Paper>
              ))}
            </Stack>
          )
        }
      </Loaded>
      {hasAnswered(lists) && <Jobs apiKey={key?.publicKey} lists={lists.data?.lists ?? []} />}
      {isMaking && <NewList apiKey={key?.publicKey} onClose={() => setMaking(false)} />}
      {target !== undefined && (
        <Import list={target} apiKey={key?.publicKey} onClose={() => setTarget(undefined)} />
      )}
    </Page>
  )
}

function NewList({ apiKey, onClose }: { apiKey: string | undefined; onClose: () => void }) {
  const t = useTexts(contactsTexts)
  const common = useTexts(commonTexts)
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: '' } })
  const make = useChange(
    async ({ name }: { name: string }) => {
      await call('POST', '/contact-lists', { key: apiKey, name })
      onClose()
    },
    { touches: ['contact-lists'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.newList}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form onSubmit={form.onSubmit((values) => make.mutate(values))}>
        <Stack>
          <TextInput label={t.name} required data-autofocus {...form.getInputProps('name')} />
          <Problem error={make.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={make.isPending}>
              {common.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
