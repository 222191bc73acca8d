import { ActionIcon, Button, Code, CopyButton, Group, Text, Tooltip } from '@mantine/core'
import { useTexts } from '../app/preferences.tsx'
import { commonTexts } from '../texts/common.ts'
import { CheckIcon, CopyIcon } from './icons.tsx'

/** A button that puts the value on the clipboard. `what` names it for those who cannot see where it stands. */
export function Copy({ value, what }: { value: string; what: string }) {
  const t = useTexts(commonTexts)
  return (
    <CopyButton value={value} timeout={2_000}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t.copied : t.copy} withArrow>
          <ActionIcon
            variant="subtle"
            color={copied ? 'teal' : 'gray'}
            onClick={copy}
            aria-label={copied ? t.copied : t.copyOf(what)}
          >
            {copied ? <CheckIcon /> : <CopyIcon />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}

/** A value to be pasted elsewhere, whole, with its button. `shown`: how it is easier to read. */
export function CopyValue({ value, shown = value, what }: { value: string; shown?: string; what: string }) {
  return (
    <Group gap={4} wrap="nowrap" align="flex-start">
      <Code className="breaks-anywhere">{shown}</Code>
      <Copy value={value} what={what} />
    </Group>
  )
}

/** A labelled value, for blocks of settings. */
export function CopyLine({ label, value }: { label: string; value: string }) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <CopyValue value={value} what={label} />
    </Group>
  )
}

export function CopyTextButton({ value, label }: { value: string; label: string }) {
  const t = useTexts(commonTexts)
  return (
    <CopyButton value={value} timeout={2_000}>
      {({ copied, copy }) => (
        <Button variant="default" onClick={copy} leftSection={copied ? <CheckIcon /> : <CopyIcon />}>
          {copied ? t.copied : label}
        </Button>
      )}
    </CopyButton>
  )
}
