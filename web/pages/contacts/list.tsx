import { Badge, Button, Group, List, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { ContactList, ListedContact } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { useParam } from '../../app/use-param.ts'
import { commonTexts } from '../../texts/common.ts'
import { contactsTexts } from '../../texts/contacts.ts'
import { Empty } from '../../ui/empty.tsx'
import { SearchIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Time } from '../../ui/time.tsx'

const pageSize = 50

export function ContactListPage() {
  const t = useTexts(contactsTexts)
  const id = useParam('id')
  const { key } = useKeys()
  const of = { key: key?.publicKey }
  const lists = useRead<{ lists: ContactList[] }>(key && query('/contact-lists', of))
  const list = lists.data?.lists.find((one) => String(one.id) === id)
  return (
    <Page
      title={list?.name ?? '…'}
      trail={[{ label: t.title, to: '/contacts' }]}
      actions={
        <Button
          component="a"
          href={`/api${query(`/contact-lists/${id}/export`, of)}`}
          download={`${list?.name ?? 'contacts'}.csv`}
          variant="default"
        >
          {t.export}
        </Button>
      }
    >
      <SegmentPreview listId={Number(id)} apiKey={key?.publicKey} />
      <Members listId={id} apiKey={key?.publicKey} />
    </Page>
  )
}

function Members({ listId, apiKey }: { listId: string; apiKey: string | undefined }) {
  const t = useTexts(contactsTexts)
  const common = useTexts(commonTexts)
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 250)
  const members = useInfiniteQuery({
    queryKey: ['contacts', listId, search],
    queryFn: ({ pageParam }) =>
      call<{ contacts: ListedContact[] }>(
        'GET',
        query('/contacts', {
          ...{ key: apiKey, list: listId, search, limit: pageSize },
          ...(pageParam > 0 && { after: pageParam }),
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: ({ contacts }) =>
      contacts.length < pageSize ? undefined : (contacts.at(-1)?.id ?? undefined),
    enabled: apiKey !== undefined,
  })
  return (
    <Stack gap="sm">
      <Title order={2}>{t.people}</Title>
      <TextInput
        aria-label={t.search}
        placeholder={t.search}
        leftSection={<SearchIcon />}
        value={typed}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        maw={320}
      />
      <Loaded from={members}>
        {({ pages }) => {
          const contacts = pages.flatMap((page) => page.contacts)
          if (contacts.length === 0) return <Empty title={t.noPeople} />
          return (
            <>
              {contacts.map(({ id, email, name, isExcluded, blockedBecause, isOptInPending, leftListAt }) => (
                <Group key={id} gap="xs">
                  <Text fw={600} className="breaks-anywhere">
                    {email}
                  </Text>
                  <Text c="dimmed" className="breaks-anywhere">
                    {name}
                  </Text>
                  {leftListAt !== null && (
                    <>
                      <Badge variant="light" color="gray">
                        {t.hasLeft}
                      </Badge>
                      <Text size="sm" c="dimmed">
                        <Time at={leftListAt} />
                      </Text>
                    </>
                  )}
                  {blockedBecause !== null && (
                    <Badge variant="light" color="red">
                      {t.blocked}
                    </Badge>
                  )}
                  {isExcluded && (
                    <Badge variant="light" color="orange">
                      {t.excluded}
                    </Badge>
                  )}
                  {isOptInPending && (
                    <Badge variant="light" color="yellow">
                      {t.pending}
                    </Badge>
                  )}
                </Group>
              ))}
              {members.hasNextPage && (
                <Button
                  variant="default"
                  onClick={() => void members.fetchNextPage()}
                  loading={members.isFetchingNextPage}
                >
                  {common.more}
                </Button>
              )}
            </>
          )
        }}
      </Loaded>
    </Stack>
  )
}

function SegmentPreview({ listId, apiKey }: { listId: number; apiKey: string | undefined }) {
  const t = useTexts(contactsTexts)
  const { language } = usePreferences()
  const [formula, setFormula] = useState('')
  const preview = useChange(
    (expression: string) =>
      call<{ count: number; contacts: { id: number; email: string }[] }>('POST', '/segments/preview', {
        ...{ key: apiKey, expression, listId },
      }),
    { touches: [] },
  )
  return (
    <Paper
      withBorder
      p="md"
      component="form"
      onSubmit={(event) => {
        event.preventDefault()
        preview.mutate(formula)
      }}
    >
      <Stack gap="xs">
        <Title order={2}>{t.segment}</Title>
        <Group align="flex-end">
          <TextInput
            label={t.formula}
            description={t.formulaHint}
            required
            spellCheck={false}
            value={formula}
            onChange={({ currentTarget }) => setFormula(currentTarget.value)}
            style={{ flex: 1, minWidth: 220 }}
          />
          <Button type="submit" variant="default" loading={preview.isPending}>
            {t.count}
          </Button>
        </Group>
        <Problem error={preview.error} />
        {preview.data !== undefined && (
          <div role="status">
            <Text size="sm">{t.chosen(new Intl.NumberFormat(language).format(preview.data.count))}</Text>
            <List size="sm" className="breaks-anywhere">
              {preview.data.contacts.map(({ id, email }) => (
                <List.Item key={id}>{email}</List.Item>
              ))}
            </List>
          </div>
        )}
      </Stack>
    </Paper>
  )
}
