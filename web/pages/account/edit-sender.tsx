import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { call } from '../../api/call.ts'
import type { Sender, SenderKind } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { sendersTexts } from '../../texts/senders.ts'
import { Problem } from '../../ui/problem.tsx'
import { KindChoice } from './kind-choice.tsx'

export function EditSender({ sender, onClose }: { sender: Sender; onClose: () => void }) {
  const t = useTexts(sendersTexts)
  const common = useTexts(commonTexts)
  const form = useForm({ initialValues: { name: sender.name, kind: sender.kind } })
  const save = useChange(
    async (values: { name: string; kind: SenderKind }) => {
      await call('POST', `/senders/${sender.id}?key=${sender.keyId}`, values)
      onClose()
    },
    { touches: ['senders'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={sender.email}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput label={t.name} description={t.nameHint} data-autofocus {...form.getInputProps('name')} />
          <KindChoice {...form.getInputProps('kind')} />
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
