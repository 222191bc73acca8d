import { Anchor, Button, Group, Paper, Radio, Select, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { OpenedTemplate, Template } from '../../api/types.ts'
import { useChange, useRead } from '../../api/use-api.ts'
import { useTexts } from '../../app/preferences.tsx'
import { campaignsTexts } from '../../texts/campaigns.ts'
import { commonTexts } from '../../texts/common.ts'
import { type EditedContent, headerOf, toEdited } from '../../ui/content-editor/content.ts'
import { Problem } from '../../ui/problem.tsx'

const choices = ['template', 'mjml', 'html'] as const
type Choice = (typeof choices)[number]

type Beginning = { content: EditedContent; subject: string; templateId: number | null }

const mostTemplates = 200

/** Where the content comes from; everything can be changed afterwards. */
export function Begin({
  apiKey,
  isWritten,
  onBegin,
  onCancel,
}: {
  apiKey: string | undefined
  isWritten: boolean
  onBegin: (beginning: Beginning) => void
  onCancel?: () => void
}) {
  const t = useTexts(campaignsTexts)
  const common = useTexts(commonTexts)
  const read = useRead<{ templates: Template[] }>(
    apiKey && query('/templates', { key: apiKey, limit: mostTemplates }),
  )
  const templates = read.data?.templates ?? []
  const [choice, setChoice] = useState<Choice>('template')
  const [template, setTemplate] = useState<string | null>(null)
  const take = useChange(
    async () => {
      if (choice === 'mjml') return onBegin(fromNothing({ mjml: emptyMjml }))
      if (choice === 'html') return onBegin(fromNothing({ html: emptyHtml }))
      const opened = await call<OpenedTemplate>('GET', query(`/templates/${template}`, { key: apiKey }))
      const content = toEdited(opened.content)
      onBegin({
        content: { ...content, headers: othersOf(content.headers) },
        subject: headerOf(content, 'Subject'),
        templateId: opened.template.id,
      })
    },
    { touches: [] },
  )
  const names = { template: t.beginTemplate, mjml: t.beginMjml, html: t.beginHtml }
  return (
    <Paper
      withBorder
      p="md"
      component="form"
      onSubmit={(event) => {
        event.preventDefault()
        take.mutate(undefined)
      }}
    >
      <Stack>
        <div>
          <Title order={2}>{t.begin}</Title>
          <Text c="dimmed">{isWritten ? t.beginAgainHint : t.beginHint}</Text>
        </div>
        <Radio.Group aria-label={t.begin} value={choice} onChange={(next) => setChoice(next as Choice)}>
          <Stack gap="xs">
            {choices.map((one) => (
              <Radio key={one} value={one} label={names[one]} />
            ))}
          </Stack>
        </Radio.Group>
        {choice === 'template' &&
          (read.data !== undefined && templates.length === 0 ? (
            <Text size="sm">
              {t.noTemplates}{' '}
              <Anchor component={Link} underline="always" to="/templates" search size="sm">
                {t.toTemplates}
              </Anchor>
            </Text>
          ) : (
            <Select
              label={t.chooseTemplate}
              placeholder={t.chooseHint}
              data={templates.map(({ id, name }) => ({ value: String(id), label: name }))}
              value={template}
              onChange={setTemplate}
              searchable
              maw={420}
            />
          ))}
        <Problem error={take.error ?? read.error} />
        <Group>
          <Button
            type="submit"
            loading={take.isPending}
            disabled={choice === 'template' && template === null}
          >
            {t.take}
          </Button>
          {onCancel !== undefined && (
            <Button variant="default" onClick={onCancel}>
              {common.cancel}
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  )
}

function fromNothing(parts: Partial<EditedContent>): Beginning {
  return {
    content: { mjml: null, html: null, text: null, headers: {}, ...parts },
    subject: '',
    templateId: null,
  }
}

/** A campaign says itself from whom it is and what it is about. */
const saidByCampaign = /^(?:subject|from|sender(?:email|name)|reply-?to|replyemail)$/i

function othersOf(headers: EditedContent['headers']): EditedContent['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !saidByCampaign.test(name)))
}

const emptyMjml = `<mjml>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text font-family="Helvetica, Arial, sans-serif" font-size="16px" line-height="1.5">
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
`
const emptyHtml = `<!doctype html>
<html>
  <head>
    <meta charset="utf-8">
  </head>
  <body>
    <p></p>
  </body>
</html>
`
