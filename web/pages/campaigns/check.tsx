import { Alert, Anchor, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { query } from '../../api/call.ts'
import type {
  Campaign,
  CampaignAudience,
  CampaignCheck,
  CampaignProblem,
  OpenedCampaign,
} from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { CheckIcon, CrossIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Problem } from '../../ui/problem.tsx'
import type { Step } from './editor.tsx'
import { SavedPreview } from './saved-preview.tsx'
import { ScheduleDialog } from './schedule-dialog.tsx'
import { SendDialog } from './send-dialog.tsx'
import { TestDialog } from './test-dialog.tsx'
import { Who } from './who.tsx'

const refreshMs = 10_000

type Subject = 'sender' | 'subject' | 'content' | 'audience'

const subjectOf = {
  'key-suspended': 'sender',
  'no-sender': 'sender',
  'sender-not-active': 'sender',
  'no-subject': 'subject',
  'no-content': 'content',
  'template-error': 'content',
  'unknown-property': 'content',
  'nobody-made': 'content',
  'no-list': 'audience',
  'segment-error': 'audience',
  'empty-list': 'audience',
  'empty-segment': 'audience',
  'no-recipients': 'audience',
  'date-past': 'audience',
  'date-far': 'audience',
} as const satisfies Record<CampaignProblem['code'], Subject>

/** The last look before it is sent: what is missing, who gets it, what they see. All of it as the server has it. */
export function Check({
  campaign,
  apiKey,
  isSaved,
  onGoTo,
}: {
  campaign: Campaign
  apiKey: string | undefined
  /** Otherwise there is more than would be sent, and nothing is. */
  isSaved: boolean
  onGoTo: (step: Step) => void
}) {
  const t = useTexts(campaignsTexts)
  const may = useSession().may('marketer') && isSaved
  const [dialog, setDialog] = useState<'test' | 'schedule' | 'send'>()
  const read = useRead<CampaignCheck>(query(`/campaigns/${campaign.id}/check`, { key: apiKey }), {
    everyMs: refreshMs,
  })
  // The page reads the same; here it follows what somebody else saves.
  useRead<OpenedCampaign>(query(`/campaigns/${campaign.id}`, { key: apiKey }), { everyMs: refreshMs })
  const audience = useRead<CampaignAudience>(query(`/campaigns/${campaign.id}/audience`, { key: apiKey }))
  const close = () => setDialog(undefined)
  return (
    <Stack>
      <Loaded from={read}>
        {(check) => {
          const recipients = audience.data?.recipients
          const isReady = check.problems.length === 0 && recipients !== undefined
          const mayTest = check.problems.every(({ code }) => subjectOf[code] === 'audience')
          return (
            <>
              <CheckList check={check} audience={audience.data} campaign={campaign} onGoTo={onGoTo} />
              <Problem error={audience.error} onRetry={audience.refetch} />
              <Group>
                <Button variant="default" disabled={!may || !mayTest} onClick={() => setDialog('test')}>
                  {t.test}
                </Button>
                <Button variant="default" disabled={!may || !isReady} onClick={() => setDialog('schedule')}>
                  {t.schedule}
                </Button>
                <Button disabled={!may || !isReady} onClick={() => setDialog('send')}>
                  {t.sendNow}
                </Button>
              </Group>
              {dialog === 'schedule' && recipients !== undefined && (
                <ScheduleDialog campaign={campaign} recipients={recipients} apiKey={apiKey} onClose={close} />
              )}
              {dialog === 'send' && recipients !== undefined && (
                <SendDialog campaign={campaign} recipients={recipients} apiKey={apiKey} onClose={close} />
              )}
            </>
          )
        }}
      </Loaded>
      {dialog === 'test' && <TestDialog campaign={campaign} apiKey={apiKey} onClose={close} />}
      <SavedPreview campaign={campaign} apiKey={apiKey} />
    </Stack>
  )
}

function CheckList({
  check,
  audience,
  campaign,
  onGoTo,
}: {
  check: CampaignCheck
  audience: CampaignAudience | undefined
  campaign: Campaign
  onGoTo: (step: Step) => void
}) {
  const t = useTexts(campaignsTexts)
  const { senderName, senderEmail, subject } = campaign
  const { problems, warnings } = check
  const good = {
    sender: senderName === '' ? senderEmail : `${senderName} <${senderEmail}>`,
    subject,
    content: t.contentIsThere,
  }
  return (
    <Paper withBorder p="md" component="section" aria-label={t.check}>
      <Stack>
        <Title order={2}>{t.check}</Title>
        <Alert color={problems.length + warnings.length === 0 ? 'teal' : 'yellow'} role="status">
          {problems.length > 0
            ? t.missing(problems.length)
            : warnings.length > 0
              ? t.readyBut(warnings.length)
              : t.ready}
        </Alert>
        <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
          {(['sender', 'subject', 'content', 'audience'] as const).map((name) => {
            const found = problems.filter(({ code }) => subjectOf[code] === name)
            const isRight = found.length === 0
            return (
              <Group key={name} component="li" wrap="nowrap" align="flex-start" gap="sm">
                <Text c={isRight ? 'teal.7' : 'red.7'} component="span" mt={2}>
                  {isRight ? <CheckIcon /> : <CrossIcon />}
                </Text>
                <div style={{ minWidth: 0 }}>
                  <Text fw={600}>{t.checks[name]}</Text>
                  {found.map((problem) => (
                    <Missing key={problem.code + problem.message} problem={problem} onGoTo={onGoTo} />
                  ))}
                  {name === 'audience' && campaign.listId !== null && audience !== undefined && (
                    <Who audience={audience} />
                  )}
                  {name !== 'audience' && isRight && (
                    <Text size="sm" className="breaks-anywhere">
                      {good[name]}
                    </Text>
                  )}
                  {name === 'content' &&
                    warnings.map(({ code, message }) => (
                      <Text key={code + message} size="sm" component="div" className="breaks-anywhere" mt={4}>
                        {t.warnings[code]}
                        <Text size="sm">{message}</Text>
                      </Text>
                    ))}
                </div>
              </Group>
            )
          })}
        </Stack>
      </Stack>
    </Paper>
  )
}

/** Only the server knows what is wrong there. */
const inServerWords: ReadonlySet<CampaignProblem['code']> = new Set([
  'template-error',
  'unknown-property',
  'nobody-made',
  'segment-error',
])

/** In words of the console, and where only the server knows what it is, in its words too. */
function Missing({ problem, onGoTo }: { problem: CampaignProblem; onGoTo: (step: Step) => void }) {
  const t = useTexts(campaignsTexts)
  const { code, message } = problem
  const subject = subjectOf[code]
  return (
    <Text size="sm" component="div" className="breaks-anywhere">
      {t.problems[code]}{' '}
      {code === 'sender-not-active' && (
        <Anchor component={Link} underline="always" to="/account/sender" search size="sm" me="xs">
          {t.mend.senders}
        </Anchor>
      )}
      {(code === 'no-recipients' || code === 'empty-list') && (
        <Anchor component={Link} underline="always" to="/contacts" search size="sm" me="xs">
          {t.mend.contacts}
        </Anchor>
      )}
      <Anchor
        component="button"
        underline="always"
        type="button"
        size="sm"
        onClick={() => onGoTo(subject === 'content' ? 'content' : 'settings')}
      >
        {subject === 'content' || subject === 'subject' ? t.mend.content : t.mend.settings}
      </Anchor>
      {inServerWords.has(code) && <Text size="sm">{message}</Text>}
    </Text>
  )
}
