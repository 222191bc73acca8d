import { Alert, Button, FileInput, Group, List, Modal, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import { suppressionsTexts } from '../../texts/suppressions.ts'
import { Problem } from '../../ui/problem.tsx'

type Outcome = { added: number; known: number; refused: { address: string; problem: string }[] }

/** As many as the server takes in one call. */
const mostInACall = 5_000

export function AddSuppressions({ apiKey, onClose }: { apiKey: string | undefined; onClose: () => void }) {
  const t = useTexts(suppressionsTexts)
  const common = useTexts(commonTexts)
  const [text, setText] = useState('')
  const add = useChange(
    async (addresses: string[]) => {
      const outcome: Outcome = { added: 0, known: 0, refused: [] }
      for (let start = 0; start < addresses.length; start += mostInACall) {
        const part = addresses.slice(start, start + mostInACall)
        const isOne = addresses.length === 1
        const entries = part.map((address) => ({ address, ...(isOne && { reason: 'manual' }) }))
        const { added, known, refused } = await call<Outcome>('POST', '/suppressions/import', {
          key: apiKey,
          entries,
        })
        outcome.added += added
        outcome.known += known
        outcome.refused.push(...refused)
      }
      return outcome
    },
    { touches: ['suppressions'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.addTitle}
      closeButtonProps={{ 'aria-label': common.close }}
      centered
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate(addressesIn(text))
        }}
      >
        <Stack>
          <Text size="sm">{t.addHint}</Text>
          <Textarea
            label={t.addresses}
            rows={6}
            required
            data-autofocus
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
          <FileInput
            label={t.addFile}
            accept="text/plain,text/csv"
            onChange={(file) => void file?.text().then(setText)}
          />
          <Problem error={add.error} />
          {add.data !== undefined && (
            <Alert color={add.data.refused.length === 0 ? 'teal' : 'yellow'} role="status">
              {t.added(add.data.added, add.data.known)}
              {add.data.refused.length > 0 && (
                <>
                  <Text size="sm">{t.refused}</Text>
                  <List size="sm" className="breaks-anywhere">
                    {add.data.refused.slice(0, 20).map(({ address, problem }) => (
                      <List.Item key={address}>
                        {address}: {problem}
                      </List.Item>
                    ))}
                  </List>
                </>
              )}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {add.isSuccess ? common.close : common.cancel}
            </Button>
            <Button type="submit" loading={add.isPending}>
              {t.add}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

function addressesIn(text: string): string[] {
  return text
    .split(/[\n,;]+/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
}
