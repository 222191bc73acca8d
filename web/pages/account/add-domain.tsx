import { Button, Group, Paper, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useNavigate } from '@tanstack/react-router'
import { ApiError, call } from '../../api/call.ts'
import type { DomainToPublish } from '../../api/types.ts'
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

/** "Add a new Domain". */
export function AddDomainPage() {
  const t = useTexts(sendersTexts)
  const account = useTexts(accountTexts)
  const common = useTexts(commonTexts)
  const role = useTexts(roleNames)
  const may = useSession().may('admin')
  const navigate = useNavigate()
  const { key } = useKeys()
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: '' } })
  const add = useChange(
    async ({ name }: { name: string }) => {
      const { domain } = await call<{ domain: DomainToPublish }>('POST', '/domains', {
        name: name.trim(),
        key: key?.publicKey,
      })
      await navigate({
        to: `/account/domain/${domain.name}${domain.isActive ? '' : '/validate'}`,
        search: { key: key?.publicKey },
      })
    },
    { touches: ['domains', 'senders'] },
  )
  const nameError =
    add.error instanceof ApiError && add.error.field === 'name' ? add.error.message : undefined

  return (
    <Page
      title={t.newDomain}
      trail={[
        { label: account.title, to: '/account' },
        { label: t.title, to: '/account/sender' },
        t.addDomain,
      ]}
      about={t.newDomainAbout}
    >
      <KeyPicker />
      <Paper
        withBorder
        p="lg"
        maw={640}
        component="form"
        onSubmit={form.onSubmit((values) => add.mutate(values))}
      >
        <Stack>
          <TextInput
            label={t.domainName}
            placeholder="shop.example"
            required
            autoFocus
            autoCapitalize="off"
            spellCheck={false}
            {...form.getInputProps('name')}
            error={nameError}
          />
          {nameError === undefined && <Problem error={add.error} />}
          <Group justify="flex-end">
            <Button
              type="submit"
              loading={add.isPending}
              disabled={!may}
              title={may ? undefined : common.needsRole(role.admin)}
            >
              {t.continue}
            </Button>
          </Group>
        </Stack>
      </Paper>
    </Page>
  )
}
