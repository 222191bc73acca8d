import { Anchor, Code, List, Stack, Text, Title } from '@mantine/core'
import { useRead } from '../../api/use-api.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { messagesTexts } from '../../texts/messages.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { MailFrame } from '../../ui/mail-frame.tsx'

type ContentAnswer = {
  header: string
  text: string | null
  hasHtml: boolean
  attachments: { name: string; type: string; sizeBytes: number }[]
}

/** As its recipients see it, in a frame in which nothing runs. */
export function Content({ path }: { path: string }) {
  const t = useTexts(messagesTexts)
  const { language } = usePreferences()
  const size = new Intl.NumberFormat(language, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 1 })
  const content = useRead<ContentAnswer>(`${path}/content`)
  return (
    <Loaded from={content}>
      {({ text, hasHtml, attachments }) => (
        <Stack>
          {hasHtml && <MailFrame src={`/api${path}/html`} title={t.asSeen} />}
          {text !== null && (
            <div>
              {hasHtml && (
                <Title order={2} mb="xs">
                  {t.plainText}
                </Title>
              )}
              <Code block className="transcript">
                {text}
              </Code>
            </div>
          )}
          {attachments.length > 0 && (
            <div>
              <Title order={2} mb="xs">
                {t.attachments}
              </Title>
              <List>
                {attachments.map(({ name, type, sizeBytes }) => (
                  <List.Item key={`${name} ${type} ${sizeBytes}`}>
                    {name || type}{' '}
                    <Text span size="sm" c="dimmed">
                      {type}, {size.format(sizeBytes / 1000)}
                    </Text>
                  </List.Item>
                ))}
              </List>
            </div>
          )}
        </Stack>
      )}
    </Loaded>
  )
}

export function Source({ path }: { path: string }) {
  const t = useTexts(messagesTexts)
  const content = useRead<ContentAnswer>(`${path}/content`)
  return (
    <Loaded from={content}>
      {({ header }) => (
        <Stack>
          <Anchor href={`/api${path}/source`} download>
            {t.download}
          </Anchor>
          <Title order={2}>{t.header}</Title>
          <Code block className="transcript">
            {header}
          </Code>
        </Stack>
      )}
    </Loaded>
  )
}
