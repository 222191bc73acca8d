import { Alert, Anchor, List } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { query } from '../../api/call.ts'
import type { ContactList, Sender } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'

/** What must be there before anything can be sent; nothing once it is. */
export function FirstSteps({ apiKey }: { apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const of = { key: apiKey }
  const senders = useRead<{ senders: Sender[] }>(apiKey && query('/senders', of))
  const lists = useRead<{ lists: ContactList[] }>(apiKey && query('/contact-lists', of))
  if (senders.data === undefined || lists.data === undefined) return null
  const needsSender = !senders.data.senders.some(({ status }) => status === 'active')
  const needsList = lists.data.lists.length === 0
  if (!needsSender && !needsList) return null
  return (
    <Alert color="blue" title={t.firstSteps}>
      <List type="ordered" size="sm" spacing={4}>
        {needsSender && (
          <List.Item>
            {t.needsSender}{' '}
            <Anchor component={Link} underline="always" to="/account/sender" search size="sm">
              {t.toSenders}
            </Anchor>
          </List.Item>
        )}
        {needsList && (
          <List.Item>
            {t.needsList}{' '}
            <Anchor component={Link} underline="always" to="/contacts" search size="sm">
              {t.toContacts}
            </Anchor>
          </List.Item>
        )}
      </List>
    </Alert>
  )
}
