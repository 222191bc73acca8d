import { Radio, Stack } from '@mantine/core'
import { roles } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { roleNames } from '../../texts/common.ts'
import { peopleTexts } from '../../texts/people.ts'

export function RoleChoice(props: { value?: string; onChange?: (value: string) => void }) {
  const t = useTexts(peopleTexts)
  const name = useTexts(roleNames)
  return (
    <Radio.Group label={t.role} {...props}>
      <Stack gap="xs" mt="xs">
        {roles.map((role) => (
          <Radio key={role} value={role} label={name[role]} description={t.roleHints[role]} />
        ))}
      </Stack>
    </Radio.Group>
  )
}
