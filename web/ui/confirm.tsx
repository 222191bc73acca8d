import { Button, type ButtonProps, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import { useTexts } from '../app/preferences.tsx'
import { commonTexts } from '../texts/common.ts'
import { Problem } from './problem.tsx'

/** A button for what cannot be undone: it says what will happen, and asks. */
export function ConfirmButton({
  label,
  question,
  onConfirm,
  ...button
}: ButtonProps & {
  label: string
  question: string
  onConfirm: () => Promise<unknown>
  'aria-label'?: string
}) {
  const [isOpen, { open, close }] = useDisclosure()
  return (
    <>
      <Button variant="default" {...button} onClick={open}>
        {label}
      </Button>
      <ConfirmDialog
        title={label}
        question={question}
        isOpen={isOpen}
        onClose={close}
        onConfirm={onConfirm}
      />
    </>
  )
}

export function ConfirmDialog({
  title,
  question,
  isOpen,
  onClose,
  onConfirm,
}: {
  title: string
  question: string
  isOpen: boolean
  onClose: () => void
  onConfirm: () => Promise<unknown>
}) {
  const t = useTexts(commonTexts)
  const [state, setState] = useState<{ isBusy: boolean; error: Error | null }>({ isBusy: false, error: null })

  async function confirm(): Promise<void> {
    setState({ isBusy: true, error: null })
    try {
      await onConfirm()
      setState({ isBusy: false, error: null })
      onClose()
    } catch (error) {
      setState({ isBusy: false, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': t.close }}
      centered
    >
      <Stack>
        <Text>{question}</Text>
        <Problem error={state.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t.cancel}
          </Button>
          <Button color="red.9" onClick={() => void confirm()} loading={state.isBusy}>
            {title}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
