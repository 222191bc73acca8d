import { Alert, Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { sendersTexts } from '../../texts/senders.ts'

/** What happens next with an address that is not proved yet. */
export function ActivationSent({ email }: { email: string }) {
  const t = useTexts(sendersTexts)
  const { mode } = useSession()
  return (
    <Alert color="blue" role="status">
      <Text size="sm">{t.activationSent(email)}</Text>
      {mode === 'lab' && (
        <Text size="sm">
          {t.activationInLab}{' '}
          <Anchor component={Link} to="/lab" size="sm" underline="always">
            {t.openLab}
          </Anchor>
        </Text>
      )}
    </Alert>
  )
}

export function SenderActive({ email }: { email: string }) {
  const t = useTexts(sendersTexts)
  return (
    <Alert color="teal" role="status">
      {t.nowActive(email)}
    </Alert>
  )
}
