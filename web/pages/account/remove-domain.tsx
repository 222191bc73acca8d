import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query, segment } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { sendersTexts } from '../../texts/senders.ts'
import { Problem } from '../../ui/problem.tsx'

/** Asks for the name: everything that sends from the domain stops. */
export function RemoveDomain({ name, keyQuery }: { name: string; keyQuery: { key: string | undefined } }) {
  const t = useTexts(sendersTexts)
  const common = useTexts(commonTexts)
  const may = useSession().may('admin')
  const navigate = useNavigate()
  const [isOpen, { open, close }] = useDisclosure()
  const [typed, setTyped] = useState('')
  const remove = useChange(
    async () => {
      await call('DELETE', query(`/domains/${segment(name)}`, keyQuery))
      await navigate({ to: '/account/sender' })
    },
    { touches: ['domains', 'senders'] },
  )
  return (
    <>
      <Button variant="default" onClick={open} disabled={!may}>
        {t.removeDomain}
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        title={t.removeDomain}
        closeButtonProps={{ 'aria-label': common.close }}
        centered
      >
        <Stack>
          <Text>{t.removeDomainSure(name)}</Text>
          <TextInput
            label={t.domainName}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
            data-autofocus
          />
          <Problem error={remove.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {common.cancel}
            </Button>
            <Button
              color="red.9"
              disabled={typed.trim() !== name}
              loading={remove.isPending}
              onClick={() => remove.mutate(undefined)}
            >
              {t.removeDomain}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
