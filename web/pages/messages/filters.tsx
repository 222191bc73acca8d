import { Button, Group, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { type DeliveryState, deliveryStates } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { messagesTexts, stateNames } from '../../texts/messages.ts'
import { SearchIcon } from '../../ui/icons.tsx'

const names = ['search', 'state', 'from', 'recipient', 'domain'] as const
type Name = (typeof names)[number]
export type MessageFilters = Partial<Record<Name, string>>

/** They stand in the address: a list can be sent to a colleague, and survives a reload. */
export function useFilters() {
  const navigate = useNavigate()
  const search: Record<string, unknown> = useSearch({ strict: false })
  const filters: MessageFilters = {}
  for (const name of names) {
    const value = search[name]
    if (value !== undefined && value !== '') filters[name] = String(value)
  }
  const set = (changes: MessageFilters) => {
    const next = Object.fromEntries(Object.entries({ ...filters, ...changes }).filter(([, value]) => value))
    void navigate({ to: '/messages', search: next, replace: true })
  }
  return {
    filters,
    isFiltered: Object.keys(filters).length > 0,
    set,
    clear: () => void navigate({ to: '/messages', search: {}, replace: true }),
  }
}

export function Filters() {
  const t = useTexts(messagesTexts)
  const states = useTexts(stateNames)
  const { filters, set, clear, isFiltered } = useFilters()
  const [showsMore, setShowsMore] = useState(
    filters.from !== undefined || filters.recipient !== undefined || filters.domain !== undefined,
  )
  const more = [
    ['from', t.from, t.fromHint],
    ['recipient', t.recipient, t.fromHint],
    ['domain', t.domain, 'inbox.test'],
  ] as const
  return (
    <Group gap="xs" align="flex-end">
      <Typed
        key={`search ${isFiltered}`}
        label={t.search}
        hidesLabel
        value={filters.search ?? ''}
        onChange={(search) => set({ search })}
      />
      <Select
        aria-label={t.state}
        data={[
          { value: '', label: t.anyState },
          ...deliveryStates.map((value: DeliveryState) => ({ value, label: states[value] })),
        ]}
        value={filters.state ?? ''}
        onChange={(state) => set({ state: state ?? '' })}
        allowDeselect={false}
        w={150}
      />
      {showsMore ? (
        more.map(([name, label, placeholder]) => (
          <Typed
            key={`${name} ${isFiltered}`}
            label={label}
            placeholder={placeholder}
            value={filters[name] ?? ''}
            onChange={(value) => set({ [name]: value })}
          />
        ))
      ) : (
        <Button variant="subtle" onClick={() => setShowsMore(true)}>
          {t.moreFilters}
        </Button>
      )}
      {isFiltered && (
        <Button variant="subtle" onClick={clear}>
          {t.clearFilters}
        </Button>
      )}
    </Group>
  )
}

/** What is typed counts a moment after the last key. */
function Typed({
  label,
  placeholder = label,
  hidesLabel = false,
  value,
  onChange,
}: {
  label: string
  placeholder?: string
  hidesLabel?: boolean
  value: string
  onChange: (value: string) => void
}) {
  const [text, setText] = useState(value)
  const change = useDebouncedCallback((next: string) => onChange(next.trim()), 300)
  return (
    <TextInput
      {...(hidesLabel ? { 'aria-label': label, leftSection: <SearchIcon /> } : { label })}
      placeholder={placeholder}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        change(currentTarget.value)
      }}
      w={220}
    />
  )
}
