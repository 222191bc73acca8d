import { Button, Group } from '@mantine/core'
import { call } from '../../api/call.ts'
import type { DnsRecord } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { sendersTexts } from '../../texts/senders.ts'
import { CheckIcon, LabIcon } from '../../ui/icons.tsx'
import { Problem } from '../../ui/problem.tsx'

/** In the lab nobody has to copy a record to a provider: this plays it. Nothing outside of the lab. */
export function PublishInLab({ record }: { record: Pick<DnsRecord, 'name' | 'type' | 'value'> }) {
  const t = useTexts(sendersTexts)
  const session = useSession()
  const { name, type, value } = record
  const publish = useChange(() => call('POST', '/lab/records', { name, type, value }), { touches: ['lab'] })
  if (session.mode !== 'lab') return null
  return (
    <>
      <Group>
        <Button
          size="xs"
          variant="light"
          leftSection={publish.isSuccess ? <CheckIcon size={14} /> : <LabIcon size={14} />}
          disabled={!session.may('admin') || publish.isSuccess}
          loading={publish.isPending}
          onClick={() => publish.mutate(undefined)}
        >
          {publish.isSuccess ? t.publishedInLab : t.publishInLab}
        </Button>
      </Group>
      <Problem error={publish.error} />
    </>
  )
}
