import { Group, List, Text } from '@mantine/core'
import { query } from '../../api/call.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { CopyValue } from '../../ui/copy.tsx'

/** What may be written for each recipient, to be copied. */
export function Placeholders({ apiKey }: { apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const read = useRead<{ properties: { id: number; name: string }[] }>(
    apiKey && query('/contact-properties', { key: apiKey }),
  )
  const all = [
    ...(read.data?.properties ?? []).map(({ name }) => ({
      code: `[[data:${name}:""]]`,
      what: t.ofContacts(name),
    })),
    { code: '{{mj:contact.email}}', what: t.placeholderNames.email },
    { code: '{{mj:contact.name}}', what: t.placeholderNames.name },
    { code: '[[UNSUB_LINK]]', what: t.placeholderNames.unsubscribe },
    { code: '[[PERMALINK]]', what: t.placeholderNames.online },
  ]
  return (
    <details>
      <Text component="summary" size="sm" style={{ cursor: 'pointer' }}>
        {t.placeholders}
      </Text>
      <Text size="sm" c="dimmed" my={4}>
        {t.placeholdersHint}
      </Text>
      <List listStyleType="none" size="sm" spacing={4}>
        {all.map(({ code, what }) => (
          <List.Item key={code}>
            <Group gap="xs">
              <CopyValue value={code} what={what} />
              <Text size="sm" c="dimmed" className="breaks-anywhere">
                {what}
              </Text>
            </Group>
          </List.Item>
        ))}
      </List>
    </details>
  )
}
