import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { query } from '../../api/call.ts'
import type { ListedContact } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'

const shown = 20

export type PickedContact = Pick<ListedContact, 'id' | 'email'>

/** A contact of the list, or of all lists where none is chosen yet; null is somebody of whom nothing is known. */
export function ContactPicker({
  listId,
  apiKey,
  value,
  onChange,
}: {
  listId: number | null
  apiKey: string | undefined
  value: PickedContact | null
  onChange: (contact: PickedContact | null) => void
}) {
  const t = useTexts(campaignsTexts)
  const [typed, setTyped] = useState('')
  const isChosen = typed === value?.email || typed === t.anybody
  const [search] = useDebouncedValue(isChosen ? '' : typed.trim(), 250)
  const read = useRead<{ contacts: ListedContact[] }>(
    apiKey && query('/contacts', { key: apiKey, list: listId ?? undefined, search, limit: shown }),
  )
  const found = read.data?.contacts ?? []
  const all: PickedContact[] = [
    ...(value !== null && !found.some(({ id }) => id === value.id) ? [value] : []),
    ...found,
  ]
  return (
    <Select
      label={t.asContact}
      description={t.asContactHint}
      data={[
        { value: '', label: t.anybody },
        ...all.map(({ id, email }) => ({ value: String(id), label: email })),
      ]}
      value={value === null ? '' : String(value.id)}
      onChange={(next) => onChange(all.find(({ id }) => String(id) === next) ?? null)}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      // The server has searched.
      filter={({ options }) => options}
      allowDeselect={false}
      maw={420}
    />
  )
}
