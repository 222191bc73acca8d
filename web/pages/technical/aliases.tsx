import {
  Anchor,
  Button,
  Group,
  NumberInput,
  Paper,
  Select,
  SimpleGrid,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { Link } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import type { Alias } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { commonTexts } from '../../texts/common.ts'
import { shellTexts } from '../../texts/shell.ts'
import { technicalTexts } from '../../texts/technical.ts'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'
import { WideTable } from '../../ui/wide-table.tsx'

const day = 86_400_000

export function AliasesPage() {
  const t = useTexts(technicalTexts)
  const shell = useTexts(shellTexts)
  const common = useTexts(commonTexts)
  const may = useSession().may('admin')
  const aliases = useRead<{ aliases: Alias[] }>('/aliases')
  const remove = useChange((id: number) => call('DELETE', `/aliases/${id}`), { touches: ['aliases'] })
  return (
    <Page
      title={t.aliases}
      trail={[shell.settings, shell.technical, shell.email]}
      about={t.aliasesAbout}
      actions={
        <Anchor component={Link} to="/leads">
          {t.seeLeads}
        </Anchor>
      }
    >
      {may && <AddAlias />}
      <Loaded from={aliases}>
        {({ aliases: all }) =>
          all.length === 0 ? (
            <Empty title={t.noAliases} hint={t.noAliasesHint} />
          ) : (
            <WideTable minWidth={520}>
              <Table verticalSpacing="sm">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t.aliases}</Table.Th>
                    <Table.Th>{t.policy}</Table.Th>
                    <Table.Th>{t.endsAt}</Table.Th>
                    <Table.Th />
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.map(({ id, address, policy, endsAt }) => (
                    <Table.Tr key={id}>
                      <Table.Td className="breaks-anywhere">
                        <Text fw={600}>{address}</Text>
                      </Table.Td>
                      <Table.Td>{t.policies[policy]}</Table.Td>
                      <Table.Td>{endsAt === null ? t.stays : <Time at={endsAt} />}</Table.Td>
                      <Table.Td ta="right">
                        <ConfirmButton
                          size="xs"
                          label={common.remove}
                          aria-label={t.removeAlias(address)}
                          question={t.removeAliasSure}
                          disabled={!may}
                          onConfirm={() => remove.mutateAsync(id)}
                        />
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </WideTable>
          )
        }
      </Loaded>
    </Page>
  )
}

type Values = { name: string; domain: string; days: number | ''; policy: Alias['policy'] }

function AddAlias() {
  const t = useTexts(technicalTexts)
  const form = useForm<Values>({ initialValues: { name: '', domain: '', days: '', policy: 'everyone' } })
  const add = useChange(
    async ({ name, domain, days, policy }: Values) => {
      await call('POST', '/aliases', {
        name: name.trim(),
        policy,
        ...(domain.trim() !== '' && { domain: domain.trim() }),
        ...(days !== '' && { endsAt: Date.now() + days * day }),
      })
      form.reset()
    },
    { touches: ['aliases'] },
  )
  return (
    <Paper withBorder p="md" component="form" onSubmit={form.onSubmit((values) => add.mutate(values))}>
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
          <TextInput
            label={t.aliasName}
            description={t.aliasNameHint}
            placeholder="sales"
            required
            {...form.getInputProps('name')}
          />
          <TextInput label={t.domain} description={t.domainHint} {...form.getInputProps('domain')} />
          <Select
            label={t.policy}
            description={' '}
            data={(['everyone', 'known'] as const).map((value) => ({ value, label: t.policies[value] }))}
            allowDeselect={false}
            {...form.getInputProps('policy')}
          />
          <NumberInput
            label={t.days}
            description={t.daysHint}
            min={1}
            max={3650}
            allowDecimal={false}
            {...form.getInputProps('days')}
          />
        </SimpleGrid>
        <Problem error={add.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={add.isPending}>
            {t.addAlias}
          </Button>
        </Group>
      </Stack>
    </Paper>
  )
}
