import { Anchor, Button, Group, Modal, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { CampaignAudience, CampaignSettings, ContactList, ContactSegment } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { commonTexts } from '../../texts/common.ts'
import { Problem } from '../../ui/problem.tsx'
import type { DraftState } from './draft.ts'
import { useFormats } from './formats.ts'
import { Who } from './who.tsx'

/** Whom it is for. What is chosen is saved at once, so that the count beside it is what would happen. */
export function Audience({
  state,
  apiKey,
  campaignId,
  isReadOnly,
}: {
  state: DraftState
  apiKey: string | undefined
  campaignId: number
  isReadOnly: boolean
}) {
  const t = useTexts(campaignsTexts)
  const { number } = useFormats()
  const of = { key: apiKey }
  const lists = useRead<{ lists: ContactList[] }>(apiKey && query('/contact-lists', of))
  const segments = useRead<{ segments: ContactSegment[] }>(apiKey && query('/segments', of))
  const [isMaking, setMaking] = useState(false)
  const { draft, save, setSettings } = state
  const { listId, segmentId } = draft.settings
  const audience = useRead<CampaignAudience>(
    listId === null ? undefined : query(`/campaigns/${campaignId}/audience`, { ...of }),
  )

  function choose(changes: Partial<CampaignSettings>): void {
    setSettings(changes)
    save.mutate({ ...draft, settings: { ...draft.settings, ...changes } })
  }

  if (lists.data?.lists.length === 0) {
    return (
      <Text>
        {t.noLists}{' '}
        <Anchor component={Link} underline="always" to="/contacts" search>
          {t.toContacts}
        </Anchor>
      </Text>
    )
  }
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Select
          label={t.list}
          placeholder={t.listChoice}
          data={(lists.data?.lists ?? []).map(({ id, name, memberCount, leftCount }) => ({
            value: String(id),
            label: t.members(name, number(memberCount - leftCount)),
          }))}
          value={listId === null ? null : String(listId)}
          onChange={(next) => choose({ listId: next === null ? null : Number(next) })}
          searchable
          allowDeselect={false}
          disabled={isReadOnly}
        />
        <div>
          <Select
            label={t.segment}
            data={[
              { value: '', label: t.wholeList },
              ...(segments.data?.segments ?? []).map(({ id, name }) => ({ value: String(id), label: name })),
            ]}
            value={segmentId === null ? '' : String(segmentId)}
            onChange={(next) => choose({ segmentId: next ? Number(next) : null })}
            allowDeselect={false}
            disabled={isReadOnly}
          />
          <Group justify="space-between" gap="xs" mt={4}>
            <Text size="xs" c="dimmed">
              {t.segmentHint}
            </Text>
            <Anchor
              component="button"
              underline="always"
              type="button"
              size="sm"
              disabled={isReadOnly}
              onClick={() => setMaking(true)}
            >
              {t.newSegment}
            </Anchor>
          </Group>
        </div>
      </SimpleGrid>
      {listId !== null && audience.data !== undefined && <Who audience={audience.data} />}
      {isMaking && (
        <NewSegment
          apiKey={apiKey}
          listId={listId}
          onMade={(made) => {
            setMaking(false)
            choose({ segmentId: made })
          }}
          onClose={() => setMaking(false)}
        />
      )}
    </Stack>
  )
}

function NewSegment({
  apiKey,
  listId,
  onMade,
  onClose,
}: {
  apiKey: string | undefined
  listId: number | null
  onMade: (id: number) => void
  onClose: () => void
}) {
  const t = useTexts(campaignsTexts)
  const common = useTexts(commonTexts)
  const { number } = useFormats()
  const [name, setName] = useState('')
  const [expression, setExpression] = useState('')
  const count = useChange(
    () =>
      call<{ count: number }>('POST', '/segments/preview', {
        ...{ key: apiKey, expression },
        ...(listId !== null && { listId }),
      }),
    { touches: [] },
  )
  const make = useChange(
    async () => {
      const { segment } = await call<{ segment: ContactSegment }>('POST', '/segments', {
        ...{ key: apiKey, name, expression },
      })
      onMade(segment.id)
    },
    { touches: ['segments'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.newSegment}
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
            label={t.segmentName}
            required
            data-autofocus
            maxLength={255}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <TextInput
            label={t.formula}
            description={t.formulaHint}
            required
            spellCheck={false}
            value={expression}
            onChange={({ currentTarget }) => {
              setExpression(currentTarget.value)
              count.reset()
            }}
          />
          {count.data !== undefined && <Text role="status">{t.counted(number(count.data.count))}</Text>}
          <Problem error={make.error ?? count.error} />
          <Group justify="space-between">
            <Button
              variant="default"
              disabled={expression === ''}
              loading={count.isPending}
              onClick={() => count.mutate(undefined)}
            >
              {t.count}
            </Button>
            <Group>
              <Button variant="default" onClick={onClose}>
                {common.cancel}
              </Button>
              <Button type="submit" loading={make.isPending}>
                {common.create}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
