import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { Campaign, ContactList, Sender } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { commonTexts } from '../../texts/common.ts'
import { Problem } from '../../ui/problem.tsx'

/** A title; its editor opens at once. Where there is only one sender or list, it is chosen already. */
export function NewCampaign({ apiKey, onClose }: { apiKey: string | undefined; onClose: () => void }) {
  const t = useTexts(campaignsTexts)
  const common = useTexts(commonTexts)
  const { language } = usePreferences()
  const navigate = useNavigate()
  const [title, setTitle] = useState('')
  const of = { key: apiKey }
  const senders = useRead<{ senders: Sender[] }>(apiKey && query('/senders', of))
  const lists = useRead<{ lists: ContactList[] }>(apiKey && query('/contact-lists', of))
  const make = useChange(
    async () => {
      const active = senders.data?.senders.filter(
        ({ status, email }) => status === 'active' && !email.startsWith('*'),
      )
      const sender = active?.find(({ isDefault }) => isDefault) ?? active?.[0]
      const [list, ...others] = lists.data?.lists ?? []
      const { campaign } = await call<{ campaign: Campaign }>('POST', '/campaigns', {
        ...{ key: apiKey, title: title.trim(), locale: language === 'fr' ? 'fr_FR' : 'en_US' },
        ...(sender !== undefined && { senderEmail: sender.email, senderName: sender.name }),
        ...(list !== undefined && others.length === 0 && { listId: list.id }),
      })
      await navigate({ to: `/campaigns/${campaign.id}`, search: true })
    },
    { touches: ['campaigns'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.newCampaign}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate(undefined)
        }}
      >
        <Stack>
          <TextInput
            label={t.name}
            description={t.nameHint}
            required
            data-autofocus
            maxLength={255}
            value={title}
            onChange={({ currentTarget }) => setTitle(currentTarget.value)}
          />
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
