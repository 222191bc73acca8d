import { Alert, Anchor, List } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { query } from '../../api/call.ts'
import type { ContactList, Sender } from '../../api/types.ts'
import { hasAnswered, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { Waiting } from '../../ui/loaded.tsx'

/** What must be there before anything can be sent, above `children`; nothing once it is. */
export function FirstSteps({ apiKey, children }: { apiKey: string | undefined; children: ReactNode }) {
  const of = { key: apiKey }
  const senders = useRead<{ senders: Sender[] }>(apiKey && query('/senders', of))
  const lists = useRead<{ lists: ContactList[] }>(apiKey && query('/contact-lists', of))
  if (!hasAnswered(senders) || !hasAnswered(lists)) return <Waiting />
  const needsSender = senders.data?.senders.every(({ status }) => status !== 'active') === true
  const needsList = lists.data?.lists.length === 0
  return (
    <>
      {(needsSender || needsList) && <Needs {...{ needsSender, needsList }} />}
      {children}
    </>
  )
}

function Needs({ needsSender, needsList }: { needsSender: boolean; needsList: boolean }) {
  const t = useTexts(campaignsTexts)
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
