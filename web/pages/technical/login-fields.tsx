import { Select, Textarea, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import type { OutgoingServer } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { serversTexts } from '../../texts/servers.ts'
import { SecretInput } from '../../ui/secret-input.tsx'
import type { ServerValues } from './server-values.ts'

const kinds = ['login', 'xoauth2', 'certificate', 'none'] as const

/** How we log in. What is saved is never shown: an empty field keeps it. */
export function LoginFields({
  form,
  server,
}: {
  form: UseFormReturnType<ServerValues>
  server: OutgoingServer | undefined
}) {
  const t = useTexts(serversTexts)
  const { authentication } = form.values
  const keeps = server?.hasPassword === true ? t.keepSaved : undefined
  return (
    <>
      <Select
        label={t.authentication}
        data={kinds.map((value) => ({ value, label: t.authentications[value] }))}
        allowDeselect={false}
        {...form.getInputProps('authentication')}
      />
      {(authentication === 'login' || authentication === 'xoauth2') && (
        <>
          <TextInput
            label={t.user}
            description={t.userHint}
            autoComplete="off"
            spellCheck={false}
            {...form.getInputProps('user')}
          />
          <SecretInput
            label={authentication === 'login' ? t.password : t.token}
            description={keeps ?? (authentication === 'login' ? t.passwordHint : undefined)}
            autoComplete="new-password"
            {...form.getInputProps('password')}
          />
        </>
      )}
      {authentication === 'certificate' && (
        <>
          <Textarea
            label={t.certificate}
            description={server?.hasCertificate === true ? t.keepSaved : undefined}
            rows={4}
            spellCheck={false}
            {...form.getInputProps('certificate')}
          />
          <Textarea
            label={t.privateKey}
            description={server?.hasCertificate === true ? t.keepSaved : undefined}
            rows={4}
            spellCheck={false}
            {...form.getInputProps('privateKey')}
          />
        </>
      )}
    </>
  )
}
