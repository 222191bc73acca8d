import {
  ActionIcon,
  Button,
  Group,
  NumberInput,
  Paper,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { ApiError, call } from '../../api/call.ts'
import type { LabRecord } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { labTexts } from '../../texts/lab.ts'
import { Empty } from '../../ui/empty.tsx'
import { CrossIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'
import { WideTable } from '../../ui/wide-table.tsx'

const types = ['TXT', 'CNAME', 'A', 'AAAA', 'MX', 'PTR']

/** Plays the DNS provider. */
export function DnsZone() {
  const t = useTexts(labTexts)
  const may = useSession().may('admin')
  const records = useRead<{ records: LabRecord[] }>('/lab/records')
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', type: 'TXT', value: '', ttl: 300 },
  })
  const add = useChange(
    async (record: { name: string; type: string; value: string; ttl: number }) => {
      await call('POST', '/lab/records', record)
      form.reset()
    },
    { touches: ['lab', 'domains'] },
  )
  const remove = useChange((id: number) => call('DELETE', `/lab/records/${id}`), {
    touches: ['lab', 'domains'],
  })
  const fieldError = (field: string) =>
    add.error instanceof ApiError && add.error.field === field ? add.error.message : undefined

  return (
    <Stack>
      <Text c="dimmed" maw="46rem">
        {t.dnsAbout}
      </Text>
      <Paper withBorder p="md" component="form" onSubmit={form.onSubmit((record) => add.mutate(record))}>
        <Stack>
          <Group align="flex-start" grow preventGrowOverflow={false}>
            <TextInput
              label={t.host}
              placeholder="mailjet._domainkey.shop.example"
              required
              miw={240}
              key={form.key('name')}
              {...form.getInputProps('name')}
              error={fieldError('name')}
            />
            <Select
              label={t.type}
              data={types}
              allowDeselect={false}
              maw={120}
              key={form.key('type')}
              {...form.getInputProps('type')}
            />
            <NumberInput
              label={t.ttl}
              min={0}
              max={86_400}
              allowDecimal={false}
              maw={150}
              key={form.key('ttl')}
              {...form.getInputProps('ttl')}
            />
          </Group>
          <TextInput
            label={t.value}
            required
            key={form.key('value')}
            {...form.getInputProps('value')}
            error={fieldError('value')}
          />
          {fieldError('name') === undefined && fieldError('value') === undefined && (
            <Problem error={add.error} />
          )}
          <Group justify="flex-end">
            <Button type="submit" loading={add.isPending} disabled={!may}>
              {t.addRecord}
            </Button>
          </Group>
        </Stack>
      </Paper>
      <Problem error={remove.error} />
      <Loaded from={records}>
        {({ records: rows }) =>
          rows.length === 0 ? (
            <Empty title={t.emptyDns} hint={t.emptyDnsHint} />
          ) : (
            <WideTable minWidth={560}>
              <Table verticalSpacing="xs">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th w="34%">{t.host}</Table.Th>
                    <Table.Th>{t.type}</Table.Th>
                    <Table.Th>{t.value}</Table.Th>
                    <Table.Th>{t.ttl}</Table.Th>
                    <Table.Th />
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {rows.map((record) => (
                    <Table.Tr key={record.id}>
                      <Table.Td className="breaks-anywhere" ff="monospace" fz="sm">
                        {record.name}
                      </Table.Td>
                      <Table.Td>{record.type}</Table.Td>
                      <Table.Td className="breaks-anywhere" ff="monospace" fz="sm">
                        {record.value}
                      </Table.Td>
                      <Table.Td>{record.ttl}</Table.Td>
                      <Table.Td>
                        <ActionIcon
                          variant="subtle"
                          color="red"
                          disabled={!may}
                          aria-label={t.removeRecord(`${record.name} ${record.type}`)}
                          onClick={() => remove.mutate(record.id)}
                        >
                          <CrossIcon />
                        </ActionIcon>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </WideTable>
          )
        }
      </Loaded>
    </Stack>
  )
}
