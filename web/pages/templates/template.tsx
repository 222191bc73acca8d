import { Alert, Badge, Button, Group, Text } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { call, query } from '../../api/call.ts'
import type { OpenedTemplate } from '../../api/types.ts'
import { useChange, useFreshRead } from '../../api/use-api.ts'
import { useKeys } from '../../api/use-key.ts'
import { useTexts } from '../../app/preferences.tsx'
import { useSession } from '../../app/session.tsx'
import { useParam } from '../../app/use-param.ts'
import { templatesTexts } from '../../texts/templates.ts'
import { type EditedContent, isSame, readVariables, toEdited } from '../../ui/content-editor/content.ts'
import { ContentEditor } from '../../ui/content-editor/content-editor.tsx'
import { CopyValue } from '../../ui/copy.tsx'
import { LeaveQuestion } from '../../ui/leave-question.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Page } from '../../ui/page.tsx'
import { Problem } from '../../ui/problem.tsx'
import { keepSample, keptSample } from './sample.ts'
import { SendTest } from './send-test.tsx'
import { Settings } from './settings.tsx'
import { Versions } from './versions.tsx'

export function TemplatePage() {
  const t = useTexts(templatesTexts)
  const id = useParam('id')
  const { key } = useKeys()
  const opened = useFreshRead<OpenedTemplate>(key && query(`/templates/${id}`, { key: key.publicKey }))
  const trail = [{ label: t.title, to: '/templates' }]
  if (opened.data === undefined) {
    return (
      <Page title="…" trail={trail}>
        <Loaded from={opened}>{() => null}</Loaded>
      </Page>
    )
  }
  return <Editor key={id} opened={opened.data} apiKey={key?.publicKey} trail={trail} />
}

type Draft = { content: EditedContent; makesText: boolean }

function Editor({
  opened,
  apiKey,
  trail,
}: {
  opened: OpenedTemplate
  apiKey: string | undefined
  trail: { label: string; to: string }[]
}) {
  const t = useTexts(templatesTexts)
  const may = useSession().may('marketer')
  // What was read last: another reading in the background must not take away what is being written.
  const [saved, setSaved] = useState(opened)
  const { template } = saved
  const [draft, setDraft] = useState<Draft>(() => draftOf(opened))
  const [sample, setSample] = useState(() => keptSample(template.id))
  const [dialog, setDialog] = useState<'settings' | 'versions' | 'test'>()
  const isReadOnly = !may || template.isReadOnly
  const isDirty =
    !isReadOnly && (!isSame(draft.content, toEdited(saved.content)) || draft.makesText !== template.makesText)

  function take(next: OpenedTemplate): void {
    setSaved(next)
    setDraft(draftOf(next))
  }

  const save = useChange(
    async () => {
      const next = await call<OpenedTemplate>('PATCH', `/templates/${template.id}`, {
        ...{ key: apiKey, version: template.version, makesText: draft.makesText },
        content: draft.content,
      })
      setSaved(next)
      // What was typed meanwhile stays.
      setDraft((now) => (now === draft ? draftOf(next) : now))
    },
    { touches: ['templates'] },
  )
  useHotkeys([['mod+S', () => isDirty && !save.isPending && save.mutate(undefined)]], [], true)
  const blocker = useBlocker({
    shouldBlockFn: () => isDirty,
    enableBeforeUnload: () => isDirty,
    withResolver: true,
  })
  const read = readVariables(sample)
  const close = () => setDialog(undefined)

  return (
    <Page
      title={template.name}
      trail={trail}
      actions={
        <>
          <Button variant="default" onClick={() => setDialog('settings')}>
            {t.settings}
          </Button>
          <Button variant="default" onClick={() => setDialog('versions')}>
            {t.versions}
          </Button>
          <Button variant="default" disabled={isReadOnly} onClick={() => setDialog('test')}>
            {t.test}
          </Button>
          <Button disabled={!isDirty} loading={save.isPending} onClick={() => save.mutate(undefined)}>
            {t.save}
          </Button>
        </>
      }
    >
      {template.isReadOnly && <Alert color="blue">{t.readOnly}</Alert>}
      {!may && <Alert color="blue">{t.notYours}</Alert>}
      <Group gap="xs">
        <CopyValue value={String(template.id)} shown={t.id(template.id)} what="TemplateID" />
        <Text size="sm" c="dimmed">
          {t.idHint}
        </Text>
        <Badge variant="light" color={isDirty ? 'orange' : 'gray'} tt="none" role="status">
          {isDirty ? t.unsaved : template.version === 0 ? t.notSaved : t.saved}
        </Badge>
      </Group>
      <Problem error={save.error} />
      <ContentEditor
        content={draft.content}
        onChange={(content) => setDraft((now) => ({ ...now, content }))}
        makesText={draft.makesText}
        onMakesText={(makesText) => setDraft((now) => ({ ...now, makesText }))}
        sample={sample}
        onSample={(next) => {
          setSample(next)
          keepSample(template.id, next)
        }}
        apiKey={apiKey}
        template={template.id}
        isReadOnly={isReadOnly}
      />
      {dialog === 'settings' && (
        <Settings
          template={template}
          apiKey={apiKey}
          isReadOnly={isReadOnly}
          onSaved={(next) => setSaved((now) => ({ ...now, template: next }))}
          onClose={close}
        />
      )}
      {dialog === 'versions' && (
        <Versions
          template={template}
          apiKey={apiKey}
          isReadOnly={isReadOnly}
          onRestored={take}
          onClose={close}
        />
      )}
      {dialog === 'test' && (
        <SendTest
          template={template}
          headers={draft.content.headers}
          apiKey={apiKey}
          variables={'variables' in read ? read.variables : {}}
          saveFirst={isDirty ? () => save.mutateAsync(undefined) : undefined}
          onClose={close}
        />
      )}
      <LeaveQuestion blocker={blocker} />
    </Page>
  )
}

function draftOf({ content, template }: OpenedTemplate): Draft {
  return { content: toEdited(content), makesText: template.makesText }
}
