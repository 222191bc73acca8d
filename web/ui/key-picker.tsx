import { Select } from '@mantine/core'
import { useKeys } from '../api/use-key.ts'
import { useTexts } from '../app/preferences.tsx'
import { commonTexts } from '../texts/common.ts'

/** Shown once there is a choice. */
export function KeyPicker() {
  const t = useTexts(commonTexts)
  const { keys, key, choose } = useKeys()
  if (keys.length < 2 || key === undefined) return null
  return (
    <Select
      label={t.apiKey}
      data={keys.map(({ publicKey, name }) => ({
        value: publicKey,
        label: `${name} (${publicKey.slice(0, 8)}…)`,
      }))}
      value={key.publicKey}
      onChange={(next) => next !== null && choose(next)}
      allowDeselect={false}
      maw={360}
    />
  )
}
