import { Radio, Stack } from '@mantine/core'
import { useTexts } from '../../app/preferences.tsx'
import { sendersTexts } from '../../texts/senders.ts'

/** The e-mail type: mass mail goes out behind transactional mail. */
export function KindChoice(props: { value?: string; onChange?: (value: string) => void }) {
  const t = useTexts(sendersTexts)
  return (
    <Radio.Group label={t.kind} {...props}>
      <Stack gap="xs" mt="xs">
        <Radio value="transactional" label={t.kindTransactional} description={t.kindTransactionalHint} />
        <Radio value="bulk" label={t.kindBulk} description={t.kindBulkHint} />
        <Radio value="unknown" label={t.kindUnknown} />
      </Stack>
    </Radio.Group>
  )
}
