import { Anchor, Badge, Button, Group, Select, Stack, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { call, query } from '../../api/call.ts'
import {
  type Campaign,
  type CampaignProgress,
  type CampaignRecipient,
  type ExclusionReason,
  exclusionReasons,
  type RecipientState,
  recipientStates,
} from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { commonTexts } from '../../texts/common.ts'
import { DownloadIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { WideTable } from '../../ui/wide-table.tsx'
import { useFormats } from './formats.ts'

const pageSize = 50
const refreshMs = 5_000

/** Who gets it, who does not and why, and what became of each message. */
export function Recipients({
  campaign,
  progress,
  apiKey,
  isLive,
}: {
  campaign: Campaign
  progress: CampaignProgress
  apiKey: string | undefined
  isLive: boolean
}) {
  const t = useTexts(campaignsTexts)
  const common = useTexts(commonTexts)
  const { number } = useFormats()
  const [state, setState] = useState<RecipientState | ''>('')
  const [reason, setReason] = useState<ExclusionReason | ''>('')
  const path = `/campaigns/${campaign.id}`
  const read = useInfiniteQuery({
    queryKey: ['campaigns', campaign.id, 'recipients', apiKey, state, reason],
    queryFn: ({ pageParam }) =>
      call<{ recipients: CampaignRecipient[] }>(
        'GET',
        query(`${path}/recipients`, {
          ...{ key: apiKey, state, reason, limit: pageSize },
          ...(pageParam > 0 && { after: pageParam }),
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: ({ recipients }) =>
      recipients.length < pageSize ? undefined : (recipients.at(-1)?.contactId ?? undefined),
    ...(isLive && { refetchInterval: refreshMs }),
  })
  useRereads(progress, read.refetch)
  const reasons = exclusionReasons.filter((one) => (progress.excluded[one] ?? 0) > 0)
  return (
    <Stack gap="sm" component="section" aria-label={t.recipients}>
      <Group align="flex-end" justify="space-between">
        <Group align="flex-end">
          <Select
            label={t.recipientState}
            data={[
              { value: '', label: t.anyState },
              ...recipientStates.map((value) => ({ value, label: t.recipientStates[value] })),
            ]}
            value={state}
            onChange={(next) => {
              setState((next ?? '') as RecipientState | '')
              setReason('')
            }}
            allowDeselect={false}
          />
          {state === 'excluded' && (
            <Select
              label={t.reason}
              data={[
                { value: '', label: t.anyReason },
                ...reasons.map((value) => ({
                  value,
                  label: `${t.reasons[value]} (${number(progress.excluded[value] ?? 0)})`,
                })),
              ]}
              value={reason}
              onChange={(next) => setReason((next ?? '') as ExclusionReason | '')}
              allowDeselect={false}
              w={300}
            />
          )}
        </Group>
        <Button
          component="a"
          href={`/api${query(`${path}/recipients.csv`, { key: apiKey })}`}
          download
          variant="default"
          leftSection={<DownloadIcon />}
        >
          {t.csv}
        </Button>
      </Group>
      <Loaded from={read}>
        {({ pages }) => {
          const all = pages.flatMap(({ recipients }) => recipients)
          if (all.length === 0) return <Text c="dimmed">{t.noRecipients}</Text>
          return (
            <>
              <WideTable minWidth={560}>
                <Table verticalSpacing="xs">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th scope="col">{t.address}</Table.Th>
                      <Table.Th scope="col">{t.recipientState}</Table.Th>
                      <Table.Th scope="col">{t.outcome}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {all.map((recipient) => (
                      <Row key={recipient.contactId} recipient={recipient} />
                    ))}
                  </Table.Tbody>
                </Table>
              </WideTable>
              {read.hasNextPage && (
                <Button
                  variant="default"
                  onClick={() => void read.fetchNextPage()}
                  loading={read.isFetchingNextPage}
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

/** The rows must not say less than the numbers above them. */
function useRereads({ excluded, ...counts }: CampaignProgress, reread: () => Promise<unknown>): void {
  const shown = Object.values(counts).join(' ')
  const last = useRef(shown)
  useEffect(() => {
    if (last.current === shown) return
    last.current = shown
    void reread()
  }, [shown, reread])
}

function Row({ recipient }: { recipient: CampaignRecipient }) {
  const t = useTexts(campaignsTexts)
  const { address, state, reason, deliveryId, delivery, said } = recipient
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400} className="breaks-anywhere" maw={280}>
        {deliveryId === null ? (
          address
        ) : (
          <Anchor component={Link} to={`/messages/${deliveryId}`} aria-label={t.messageOf(address)}>
            {address}
          </Anchor>
        )}
      </Table.Th>
      <Table.Td>
        {delivery === null ? (
          <Badge variant="light" color={state === 'excluded' ? 'orange' : 'gray'}>
            {t.recipientStates[state]}
          </Badge>
        ) : (
          <StateBadge state={delivery} />
        )}
      </Table.Td>
      <Table.Td className="breaks-anywhere" maw={420}>
        <Text size="sm">{reason === null ? said : t.reasons[reason]}</Text>
      </Table.Td>
    </Table.Tr>
  )
}
