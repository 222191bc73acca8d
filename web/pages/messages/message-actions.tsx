import { Alert, Anchor, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { QueueAction, Story } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { messagesTexts } from '../../texts/messages.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Problem } from '../../ui/problem.tsx'

/** What can be done with a message: what waits may be hurried, held or dropped; all may be sent again. */
export function MessageActions({ story }: { story: Story }) {
  const t = useTexts(messagesTexts)
  const session = useSession()
  const mayOperate = session.may('admin')
  const [isResending, setResending] = useState(false)
  const states = new Set(story.deliveries.map(({ state }) => state))
  const change = useChange(
    (action: QueueAction) => call('POST', `/queue/${action}`, { ids: [story.message.id] }),
    { touches: ['messages', 'queue', 'overview'] },
  )
  const waits = states.has('queued') || states.has('deferred')
  const shown: QueueAction[] = [
    ...(waits ? (['retry', 'hold'] as const) : []),
    ...(states.has('held') ? (['release'] as const) : []),
  ]
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {session.may('marketer') && (
          <Button variant="default" onClick={() => setResending(true)}>
            {t.resend}
          </Button>
        )}
        {shown.map((action) => (
          <Button
            key={action}
            variant="default"
            disabled={!mayOperate}
            loading={change.isPending && change.variables === action}
            onClick={() => change.mutate(action)}
          >
            {t.actions[action]}
          </Button>
        ))}
        {(waits || states.has('held')) && (
          <ConfirmButton
            label={t.actions.drop}
            question={t.dropSure}
            disabled={!mayOperate}
            onConfirm={() => change.mutateAsync('drop')}
          />
        )}
      </Group>
      <Problem error={change.error} />
      {isResending && <Resend story={story} onClose={() => setResending(false)} />}
    </Stack>
  )
}

function Resend({ story, onClose }: { story: Story; onClose: () => void }) {
  const t = useTexts(messagesTexts)
  const common = useTexts(commonTexts)
  const [text, setText] = useState(story.deliveries.map(({ recipient }) => recipient).join('\n'))
  const resend = useChange(
    () =>
      call<{ messageId: number }>('POST', `/messages/${story.message.id}/resend`, {
        to: text.split('\n').filter((line) => line.trim() !== ''),
      }),
    { touches: ['messages', 'queue', 'overview'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.resend}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      {resend.data === undefined ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            resend.mutate(undefined)
          }}
        >
          <Stack>
            <Text size="sm">{t.resendHint}</Text>
            <Textarea
              label={t.recipients}
              rows={5}
              required
              data-autofocus
              value={text}
              onChange={({ currentTarget }) => setText(currentTarget.value)}
            />
            <Problem error={resend.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {common.cancel}
              </Button>
              <Button type="submit" loading={resend.isPending}>
                {t.send}
              </Button>
            </Group>
          </Stack>
        </form>
      ) : (
        <Alert color="teal" role="status">
          {t.resent}{' '}
          <Anchor component={Link} to={`/messages/${resend.data.messageId}`} onClick={onClose}>
            {t.toNew}
          </Anchor>
        </Alert>
      )}
    </Modal>
  )
}
