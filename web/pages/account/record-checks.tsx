import { Badge, Code, Group, Paper, Stack, Text } from '@mantine/core'
import type { DnsRecord, DomainToPublish, RecordCheck } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { sendersTexts } from '../../texts/senders.ts'
import { CopyValue } from '../../ui/copy.tsx'
import { CheckIcon, CrossIcon, QuestionIcon, WarnIcon } from '../../ui/icons.tsx'
import { PublishInLab } from './publish-in-lab.tsx'

const looks = {
  ok: { color: 'teal', Icon: CheckIcon },
  advice: { color: 'yellow', Icon: WarnIcon },
  missing: { color: 'red', Icon: CrossIcon },
  error: { color: 'red', Icon: CrossIcon },
  unknown: { color: 'gray', Icon: QuestionIcon },
}

/** What DNS shows beside what it should; before the first look, what to publish. */
export function RecordChecks({
  domain,
  checks,
}: {
  domain: DomainToPublish
  checks: readonly RecordCheck[] | undefined
}) {
  const t = useTexts(sendersTexts)
  if (checks === undefined) {
    return domain.records.map((record) => (
      <Paper key={`${record.purpose} ${record.name}`} withBorder p="md">
        <Text fw={600}>{t.purposes[record.purpose]}</Text>
        <ToPublish record={record} />
      </Paper>
    ))
  }
  return checks.map((check) => {
    const { color, Icon } = looks[check.status]
    return (
      <Paper
        key={`${check.purpose} ${check.name}`}
        withBorder
        p="md"
        component="section"
        aria-label={t.purposes[check.purpose]}
      >
        <Stack gap="xs">
          <Group justify="space-between" align="flex-start">
            <div>
              <Text fw={600}>{t.purposes[check.purpose]}</Text>
              <Text size="sm" c="dimmed">
                {t.purposeHints[check.purpose]}
              </Text>
            </div>
            <Badge variant="light" color={color} tt="none" leftSection={<Icon size={12} />}>
              {t.checkStates[check.status]}
            </Badge>
          </Group>
          {check.problems.map((problem) => (
            <Text key={problem} size="sm" className="breaks-anywhere">
              {problem}
            </Text>
          ))}
          {check.status !== 'ok' && check.found.length > 0 && (
            <div>
              <Text size="sm" fw={600}>
                {t.found}
              </Text>
              {check.found.map((value) => (
                <Code key={value} block className="transcript">
                  {value}
                </Code>
              ))}
            </div>
          )}
          {check.publish !== undefined && check.status !== 'ok' && <ToPublish record={check.publish} />}
        </Stack>
      </Paper>
    )
  })
}

function ToPublish({ record }: { record: DnsRecord }) {
  const t = useTexts(sendersTexts)
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        {t.toPublish}
      </Text>
      {[
        [t.host, record.name],
        [t.type, record.type],
        [t.value, record.value],
      ].map(([label = '', value = '']) => (
        <Group key={label} gap="xs" wrap="nowrap" align="flex-start">
          <Text size="sm" c="dimmed" w={60} style={{ flexShrink: 0 }}>
            {label}
          </Text>
          <CopyValue value={value} what={`${label} ${t.purposes[record.purpose]}`} />
        </Group>
      ))}
      <Text size="sm" c="dimmed">
        {record.advice}
      </Text>
      <PublishInLab record={record} />
    </Stack>
  )
}
