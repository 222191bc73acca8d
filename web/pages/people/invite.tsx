import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ApiError, call } from '../../api/call.ts'
import type { Role } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { peopleTexts } from '../../texts/people.ts'
import { Problem } from '../../ui/problem.tsx'
import { RoleChoice } from './role-choice.tsx'

export function Invite({
  onClose,
  onLink,
}: {
  onClose: () => void
  onLink: (link: { email: string; url: string }) => void
}) {
  const t = useTexts(peopleTexts)
  const common = useTexts(commonTexts)
  const form = useForm<{ email: string; name: string; role: Role }>({
    initialValues: { email: '', name: '', role: 'viewer' },
  })
  const invite = useChange(
    async (values: { email: string; name: string; role: Role }) => {
      const { link } = await call<{ link: { url: string } }>('POST', '/users', values)
      onLink({ email: values.email, url: link.url })
      onClose()
    },
    { touches: ['users'] },
  )
  const emailError =
    invite.error instanceof ApiError && invite.error.field === 'email' ? invite.error.message : undefined
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.invite}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form onSubmit={form.onSubmit((values) => invite.mutate(values))}>
        <Stack>
          <TextInput
            label={t.email}
            type="email"
            required
            data-autofocus
            {...form.getInputProps('email')}
            error={emailError}
          />
          <TextInput label={t.name} {...form.getInputProps('name')} />
          <RoleChoice {...form.getInputProps('role')} />
          {emailError === undefined && <Problem error={invite.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={invite.isPending}>
              {t.inviteButton}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
