import { Accordion, NumberInput, Select, SimpleGrid, Switch } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import type { OutgoingServer } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { serversTexts } from '../../texts/servers.ts'
import type { ServerValues } from './server-values.ts'

/** What few need: limits, what takes over, and the dialogue in the log. */
export function MoreFields({
  form,
  server,
}: {
  form: UseFormReturnType<ServerValues>
  server: OutgoingServer | undefined
}) {
  const t = useTexts(serversTexts)
  const all = useRead<{ servers: OutgoingServer[] }>('/outgoing-servers').data?.servers ?? []
  const others = all.filter(({ id, isActive }) => isActive && id !== server?.id)
  const limits = [
    ['maxSizeBytes', t.maxSize],
    ['maxConnections', t.maxConnections],
    ['maxMessagesPerConnection', t.maxPerConnection],
    ['maxMessagesPerMinute', t.maxPerMinute],
  ] as const
  return (
    <Accordion variant="contained">
      <Accordion.Item value="more">
        <Accordion.Control>{t.more}</Accordion.Control>
        <Accordion.Panel>
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            {limits.map(([field, label]) => (
              <NumberInput
                key={field}
                label={label}
                description={t.limitHint}
                min={0}
                allowDecimal={false}
                {...form.getInputProps(field)}
              />
            ))}
            <Select
              label={t.fallback}
              data={[
                { value: '', label: t.noFallback },
                ...others.map(({ id, name }) => ({ value: String(id), label: name })),
              ]}
              allowDeselect={false}
              {...form.getInputProps('fallbackServerId')}
            />
            <Switch label={t.debug} {...form.getInputProps('isDebug', { type: 'checkbox' })} />
          </SimpleGrid>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  )
}
