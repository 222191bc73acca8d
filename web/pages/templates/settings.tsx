import { Button, Checkbox, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { call } from '../../api/call.ts'
import type { OpenedTemplate, Template } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { templatesTexts } from '../../texts/templates.ts'
import { Problem } from '../../ui/problem.tsx'

const purposes = ['transactional', 'marketing', 'automation'] as const

type Values = Pick<Template, 'name' | 'description' | 'author' | 'copyright' | 'locale' | 'purposes'>

export function Settings({
  template,
  apiKey,
  isReadOnly,
  onSaved,
  onClose,
}: {
  template: Template
  apiKey: string | undefined
  isReadOnly: boolean
  onSaved: (template: Template) => void
  onClose: () => void
}) {
  const t = useTexts(templatesTexts)
  const common = useTexts(commonTexts)
  const { name, description, author, copyright, locale } = template
  const form = useForm<Values>({
    initialValues: { name, description, author, copyright, locale, purposes: template.purposes },
  })
  const save = useChange(
    async (values: Values) => {
      const next = await call<OpenedTemplate>('PATCH', `/templates/${template.id}`, {
        key: apiKey,
        ...values,
      })
      onSaved(next.template)
      onClose()
    },
    { touches: ['templates'] },
  )
  const field = (of: 'name' | 'description' | 'author' | 'copyright' | 'locale') => ({
    label: t[of],
    readOnly: isReadOnly,
    ...form.getInputProps(of),
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.settings}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput {...field('name')} required maxLength={255} data-autofocus />
          <Textarea {...field('description')} maxLength={2_000} autosize minRows={2} />
          <Checkbox.Group label={t.purposes} {...form.getInputProps('purposes')}>
            <Group mt={4}>
              {purposes.map((one) => (
                <Checkbox key={one} value={one} label={t.purposeNames[one]} disabled={isReadOnly} />
              ))}
            </Group>
          </Checkbox.Group>
          <TextInput {...field('locale')} description={t.localeHint} maxLength={5} />
          <TextInput {...field('author')} maxLength={255} />
          <TextInput {...field('copyright')} maxLength={1_000} />
          <Problem error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" disabled={isReadOnly} loading={save.isPending}>
              {common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
