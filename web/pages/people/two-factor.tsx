import {
  Alert,
  Anchor,
  Badge,
  Button,
  Code,
  Group,
  Paper,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { peopleTexts } from '../../texts/people.ts'
import { CopyTextButton, CopyValue } from '../../ui/copy.tsx'
import { Problem } from '../../ui/problem.tsx'
import { SecretInput } from '../../ui/secret-input.tsx'

type Secret = { secret: string; uri: string }

/** Turning the second factor on: password, secret into the app, first code, recovery codes. And off, with a code. */
export function TwoFactor() {
  const t = useTexts(peopleTexts)
  const { user } = useSession()
  const [secret, setSecret] = useState<Secret>()
  const [codes, setCodes] = useState<string[]>()
  const start = useChange(
    async (password: string) => setSecret(await call<Secret>('POST', '/totp', { password })),
    { touches: [] },
  )
  const confirm = useChange(
    async (code: string) => {
      const made = await call<{ recoveryCodes: string[] }>('POST', '/totp/confirm', { code })
      setSecret(undefined)
      setCodes(made.recoveryCodes)
    },
    { touches: ['session'] },
  )
  const stop = useChange(
    async (code: string) => {
      await call('DELETE', '/totp', { code })
      setCodes(undefined)
    },
    { touches: ['session'] },
  )

  return (
    <Paper withBorder p="lg">
      <Stack>
        <Group gap="sm">
          <Title order={2}>{t.twoFactorTitle}</Title>
          <Badge variant="light" color={user.hasTwoFactor ? 'teal' : 'gray'} tt="none">
            {user.hasTwoFactor ? t.isOn : t.isOff}
          </Badge>
        </Group>
        <Text c="dimmed">{t.twoFactorAbout}</Text>
        {codes !== undefined && <RecoveryCodes codes={codes} />}
        {user.hasTwoFactor ? (
          <>
            <Text size="sm">{t.recoveryLeft(user.recoveryCodesLeft)}</Text>
            <AskOne label={t.codeToStop} button={t.turnOff} change={stop} />
          </>
        ) : secret === undefined ? (
          <AskOne label={t.passwordToStart} button={t.turnOn} change={start} isPassword />
        ) : (
          <>
            <Text size="sm">{t.enterSecret}</Text>
            <CopyValue
              value={secret.secret}
              shown={secret.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}
              what={t.secret}
            />
            <Anchor href={secret.uri} size="sm">
              {t.openApp}
            </Anchor>
            <AskOne label={t.firstCode} button={t.confirm} change={confirm} />
          </>
        )}
      </Stack>
    </Paper>
  )
}

function AskOne({
  label,
  button,
  change,
  isPassword = false,
}: {
  label: string
  button: string
  change: { mutate: (text: string) => void; error: Error | null; isPending: boolean }
  isPassword?: boolean
}) {
  const [text, setText] = useState('')
  const Input = isPassword ? SecretInput : TextInput
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        change.mutate(text)
        setText('')
      }}
    >
      <Stack gap="xs">
        <Group align="flex-end">
          <Input
            label={label}
            required
            w={320}
            maw="100%"
            autoComplete={isPassword ? 'current-password' : 'one-time-code'}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
          <Button type="submit" variant="default" loading={change.isPending}>
            {button}
          </Button>
        </Group>
        <Problem error={change.error} />
      </Stack>
    </form>
  )
}

function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  const t = useTexts(peopleTexts)
  return (
    <Alert color="yellow" title={t.recoveryTitle} role="status">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{t.recoveryHint}</Text>
        <Code block>{codes.join('\n')}</Code>
        <CopyTextButton value={codes.join('\n')} label={t.recoveryTitle} />
      </Stack>
    </Alert>
  )
}
