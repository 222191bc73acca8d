import { Button, Group, Modal, Radio, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import type { OpenedTemplate } from '../../api/types.ts'
import { useChange } from '../../api/use-api.ts'
import { usePreferences, useTexts } from '../../app/preferences.tsx'
import { commonTexts } from '../../texts/common.ts'
import type { Language } from '../../texts/define.ts'
import { templatesTexts } from '../../texts/templates.ts'
import { Problem } from '../../ui/problem.tsx'
import { keepSample } from './sample.ts'
import { starter, starterNames } from './starters.ts'

const choices = [...starterNames, 'mjml', 'html'] as const
type Choice = (typeof choices)[number]

/** A name and a point to begin from; the editor opens at once. */
export function NewTemplate({ apiKey, onClose }: { apiKey: string | undefined; onClose: () => void }) {
  const t = useTexts(templatesTexts)
  const common = useTexts(commonTexts)
  const { language } = usePreferences()
  const navigate = useNavigate()
  const [choice, setChoice] = useState<Choice>('welcome')
  const [name, setName] = useState('')
  const make = useChange(
    async () => {
      const { variables, ...body } = beginning(choice, language)
      const { template } = await call<OpenedTemplate>('POST', '/templates', {
        ...{ key: apiKey, name: name.trim(), locale: language === 'fr' ? 'fr_FR' : 'en_US' },
        makesText: true,
        ...body,
      })
      if (variables !== undefined) keepSample(template.id, JSON.stringify(variables, null, 2))
      await navigate({ to: `/templates/${template.id}`, search: true })
    },
    { touches: ['templates'] },
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.newTemplate}
      closeButtonProps={{ 'aria-label': common.close }}
      size="lg"
      centered
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate(undefined)
        }}
      >
        <Stack>
          <TextInput
            label={t.name}
            required
            data-autofocus
            maxLength={255}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Radio.Group label={t.beginWith} value={choice} onChange={(next) => setChoice(next as Choice)}>
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" mt={4}>
              {choices.map((one) => (
                <Radio.Card
                  key={one}
                  value={one}
                  p="sm"
                  aria-label={t.starters[one]}
                  style={{ display: 'flex', alignItems: 'flex-start' }}
                >
                  <Group wrap="nowrap" align="flex-start" gap="sm">
                    <Radio.Indicator />
                    <div>
                      <Text fw={600} size="sm">
                        {t.starters[one]}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {t.starterHints[one]}
                      </Text>
                    </div>
                  </Group>
                </Radio.Card>
              ))}
            </SimpleGrid>
          </Radio.Group>
          <Problem error={make.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={make.isPending}>
              {common.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

function beginning(choice: Choice, language: Language) {
  if (choice === 'html') {
    return { editMode: 'html', variables: undefined, content: { html: emptyHtml, headers: {} } }
  }
  if (choice === 'mjml') {
    return { editMode: 'mjml', variables: undefined, content: { mjml: emptyMjml, headers: {} } }
  }
  const { mjml, subject, variables, purpose } = starter(choice, language)
  return {
    ...{ editMode: 'mjml', variables, purposes: [purpose] },
    content: { mjml, headers: { Subject: subject } },
  }
}

const emptyMjml = `<mjml>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text font-family="Helvetica, Arial, sans-serif"></mj-text>
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
