import { Anchor, Button, Group, Paper, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { Link } from '@tanstack/react-router'
import { ApiError, call } from '../../api/call.ts'
import type { Sender, SenderKind } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { accountTexts } from '../../texts/account.ts'
import { commonTexts, roleNames } from '../../texts/common.ts'
import { sendersTexts } from '../../texts/senders.ts'
import { KeyPicker } from '../../ui/key-picker.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { ActivationSent, SenderActive } from './activation-sent.tsx'
import { KindChoice } from './kind-choice.tsx'

/** The form "Email Information". */
export function AddAddressPage() {
  const t = useTexts(sendersTexts)
  const account = useTexts(accountTexts)
  const common = useTexts(commonTexts)
  const role = useTexts(roleNames)
  const may = useSession().may('admin')
  const { key } = useKeys()
  const form = useForm<{ name: string; email: string; kind: SenderKind }>({
    initialValues: { name: '', email: '', kind: 'transactional' },
  })
  const add = useChange(
    async (values: { name: string; email: string; kind: SenderKind }) => {
      const added = await call<{ sender: Sender }>('POST', '/senders', { ...values, key: key?.publicKey })
      form.reset()
      return added.sender
    },
    { touches: ['senders', 'lab'] },
  )
  const emailError =
    add.error instanceof ApiError && add.error.field === 'email' ? add.error.message : undefined

  return (
    <Page
      title={t.emailInformation}
      trail={[
        { label: account.title, to: '/account' },
        { label: t.title, to: '/account/sender' },
        t.addAddress,
      ]}
      about={t.emailInformationAbout}
    >
      <KeyPicker />
      {add.data !== undefined &&
        (add.data.status === 'active' ? (
          <SenderActive email={add.data.email} />
        ) : (
          <ActivationSent email={add.data.email} />
        ))}
      <Paper
        withBorder
        p="lg"
        maw={640}
        component="form"
        onSubmit={form.onSubmit((values) => add.mutate(values))}
      >
        <Stack>
          <TextInput label={t.name} description={t.nameHint} {...form.getInputProps('name')} />
          <TextInput
            label={t.email}
            type="email"
            placeholder="notifications@shop.example"
            required
            {...form.getInputProps('email')}
            error={emailError}
          />
          <KindChoice {...form.getInputProps('kind')} />
          {emailError === undefined && <Problem error={add.error} />}
          <Group justify="space-between">
            <Anchor component={Link} to="/account/sender" size="sm">
              {t.title}
            </Anchor>
            <Button
              type="submit"
              loading={add.isPending}
              disabled={!may}
              title={may ? undefined : common.needsRole(role.admin)}
            >
              {t.addAddressButton}
            </Button>
          </Group>
        </Stack>
      </Paper>
    </Page>
  )
}
