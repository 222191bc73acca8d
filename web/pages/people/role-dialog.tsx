import { Button, Group, Modal, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { call } from '../../api/call.ts'
import type { ListedUser, Role } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { peopleTexts } from '../../texts/people.ts'
import { Problem } from '../../ui/problem.tsx'
import { RoleChoice } from './role-choice.tsx'

export function RoleDialog({ user, onClose }: { user: ListedUser; onClose: () => void }) {
  const t = useTexts(peopleTexts)
  const common = useTexts(commonTexts)
  const form = useForm({ initialValues: { role: user.role } })
  const save = useChange(
    async ({ role }: { role: Role }) => {
      await call('PATCH', `/users/${user.id}`, { role })
      onClose()
    },
    { touches: ['users', 'session'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={`${t.changeRole}: ${user.email}`}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <RoleChoice {...form.getInputProps('role')} />
          <Problem error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
