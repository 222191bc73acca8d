import { Alert, Code, Paper, SegmentedControl, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { query } from '../../api/call.ts'
import type { Campaign, CampaignPreview } from '../../api/types.ts'
import { useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { contentEditorTexts } from '../../texts/content-editor.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { MailFrame } from '../../ui/mail-frame.tsx'
import { ContactPicker, type PickedContact } from './contact-picker.tsx'

const refreshMs = 10_000

/** What is saved, as one contact will get it: what was added at the end too. */
export function SavedPreview({ campaign, apiKey }: { campaign: Campaign; apiKey: string | undefined }) {
  const t = useTexts(campaignsTexts)
  const editor = useTexts(contentEditorTexts)
  const [contact, setContact] = useState<PickedContact | null>(null)
  const [shown, setShown] = useState<'html' | 'text'>('html')
  const of = { key: apiKey, contact: contact?.id }
  const path = `/campaigns/${campaign.id}/preview`
  // What may still be written may be so by somebody else.
  const read = useRead<CampaignPreview>(query(path, of), {
    version: campaign.modifiedAt,
    ...(campaign.state === 'draft' && { everyMs: refreshMs }),
  })
  const { senderName, senderEmail } = campaign
  return (
    <Paper withBorder p="md" component="section" aria-label={t.preview}>
      <Stack>
        <Title order={2}>{t.preview}</Title>
        <ContactPicker listId={campaign.listId} apiKey={apiKey} value={contact} onChange={setContact} />
        <Loaded from={read}>
          {({ to, subject, hasHtml, text, problem }) => {
            if (problem !== '') return <Alert color="red">{t.previewProblem(problem)}</Alert>
            const part = hasHtml ? shown : 'text'
            return (
              <Stack gap="xs">
                <div>
                  <Text fw={600} className="breaks-anywhere" data-testid="subject">
                    {subject || t.emptySubject}
                  </Text>
                  <Text size="sm" c="dimmed" className="breaks-anywhere">
                    {senderEmail !== '' && `${t.from(senderName || senderEmail)} · `}
                    {t.to(to)}
                  </Text>
                </div>
                {hasHtml && (
                  <SegmentedControl
                    aria-label={editor.width}
                    value={part}
                    onChange={(next) => setShown(next as 'html' | 'text')}
                    data={[
                      { value: 'html', label: editor.html },
                      { value: 'text', label: editor.text },
                    ]}
                    style={{ alignSelf: 'flex-start' }}
                  />
                )}
                {part === 'html' && (
                  <MailFrame
                    // A changed mail is another page.
                    key={`${campaign.modifiedAt}`}
                    src={`/api${query(`${path}/html`, of)}`}
                    title={t.previewFrame}
                  />
                )}
                {part === 'text' &&
                  (text === null || text === '' ? (
                    <Text c="dimmed">{t.noContent}</Text>
                  ) : (
                    <Code block className="transcript">
                      {text}
                    </Code>
                  ))}
              </Stack>
            )
          }}
        </Loaded>
      </Stack>
    </Paper>
  )
}
