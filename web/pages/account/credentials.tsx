import { ActionIcon, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { ApiKey, SmtpSettings } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { accountTexts } from '../../texts/account.ts'
import { commonTexts, roleNames } from '../../texts/common.ts'
import { ConfirmDialog } from '../../ui/confirm.tsx'
import { Copy } from '../../ui/copy.tsx'
import { EyeIcon, EyeOffIcon } from '../../ui/icons.tsx'
import { Problem } from '../../ui/problem.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { Time } from '../../ui/time.tsx'
import { Snippets } from './snippets.tsx'

/** The API key behind its eye icon, and the Secret Key, which is shown only when it is made. */
export function Credentials({ apiKey, smtp }: { apiKey: ApiKey; smtp: SmtpSettings }) {
  const t = useTexts(accountTexts)
  const common = useTexts(commonTexts)
  const role = useTexts(roleNames)
  const isOwner = useSession().may('owner')
  const [isRevealed, { toggle }] = useDisclosure()
  const [asks, { open, close }] = useDisclosure()
  const [secret, setSecret] = useState<string>()
  const generate = useChange(
    async () => setSecret((await call<{ secret: string }>('POST', `/keys/${apiKey.id}/rotate`)).secret),
    { touches: ['keys'] },
  )

  return (
    <Paper withBorder p="lg" component="section" aria-label={t.credentials}>
      <Stack>
        <Title order={2}>{t.credentials}</Title>
        <div>
          <Text fw={600}>{t.apiKey}</Text>
          <Group gap={4} wrap="nowrap">
            <Text ff="monospace" className="breaks-anywhere" data-testid="api-key">
              {isRevealed ? apiKey.publicKey : '•'.repeat(32)}
            </Text>
            <ActionIcon
              variant="subtle"
              onClick={toggle}
              aria-label={isRevealed ? common.hide(t.apiKey) : common.show(t.apiKey)}
            >
              {isRevealed ? <EyeOffIcon /> : <EyeIcon />}
            </ActionIcon>
            <Copy value={apiKey.publicKey} what={t.apiKey} />
          </Group>
          <Text size="sm" c="dimmed">
            {t.apiKeyIs}
          </Text>
        </div>
        <div>
          <Text fw={600}>{t.secretKey}</Text>
          <Text size="sm" c="dimmed" mb="xs">
            {t.secretKeyIs} {t.secretSince} <Time at={apiKey.rotatedAt ?? apiKey.createdAt} />.
          </Text>
          {secret === undefined ? (
            <Button
              variant="default"
              onClick={open}
              disabled={!isOwner}
              title={isOwner ? undefined : common.needsRole(role.owner)}
            >
              {t.generate}
            </Button>
          ) : (
            <SecretOnce title={t.newSecret} secret={secret} what={t.secretKey} />
          )}
        </div>
        <Problem error={generate.error} />
        <Snippets apiKey={apiKey} isRevealed={isRevealed} secret={secret} smtp={smtp} />
      </Stack>
      <ConfirmDialog
        title={t.generate}
        question={t.generateSure}
        isOpen={asks}
        onClose={close}
        onConfirm={() => generate.mutateAsync(undefined)}
      />
    </Paper>
  )
}
