import { Code, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useState } from 'react'
import type { TemplatePreview } from '../../api/types.ts'
import { useTexts } from '../../app/preferences.tsx'
import { contentEditorTexts } from '../../texts/content-editor.ts'
import { Loaded } from '../loaded.tsx'
import { MailFrame } from '../mail-frame.tsx'
import type { usePreview } from './use-preview.ts'

const phoneWidth = 375
const desktopWidth = 720
const frameHeight = 560

type Shown = 'desktop' | 'phone' | 'text'

/** The mail as somebody would get it: its head, and its parts on screens of several sizes. */
export function Preview({ from }: { from: ReturnType<typeof usePreview> }) {
  const t = useTexts(contentEditorTexts)
  const [shown, setShown] = useState<Shown>(() => (window.innerWidth < 640 ? 'phone' : 'desktop'))
  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label={t.width}
        value={shown}
        onChange={(next) => setShown(next as Shown)}
        data={[
          { value: 'desktop', label: t.asDesktop },
          { value: 'phone', label: t.asPhone },
          { value: 'text', label: t.asText },
        ]}
      />
      <Loaded from={from}>
        {(preview) => (
          <Stack gap="xs">
            <div>
              <Text fw={600} className="breaks-anywhere" data-testid="subject">
                {preview.subject || t.emptySubject}
              </Text>
              {preview.from !== null && (
                <Text size="sm" c="dimmed" className="breaks-anywhere">
                  {t.sentFrom(preview.from)}
                </Text>
              )}
            </div>
            <Part preview={preview} shown={shown} />
          </Stack>
        )}
      </Loaded>
    </Stack>
  )
}

function Part({ preview, shown }: { preview: TemplatePreview & { src: string }; shown: Shown }) {
  const t = useTexts(contentEditorTexts)
  const { ref, width } = useElementSize()
  if (shown === 'text') {
    return preview.text === null || preview.text === '' ? (
      <Text c="dimmed">{t.noText}</Text>
    ) : (
      <Code block className="transcript">
        {preview.text}
      </Code>
    )
  }
  if (!preview.html) return <Text c="dimmed">{preview.html === '' ? t.nothing : t.noHtml}</Text>
  const pageWidth = shown === 'phone' ? phoneWidth : desktopWidth
  const scale = width === 0 ? 1 : Math.min(1, width / pageWidth)
  return (
    <Group justify="center" ref={ref} style={{ height: frameHeight, overflow: 'hidden' }}>
      <div style={{ width: pageWidth * scale, height: frameHeight }}>
        <MailFrame
          src={preview.src}
          title={t.frame}
          width={pageWidth}
          height={frameHeight / scale}
          scale={scale}
        />
      </div>
    </Group>
  )
}
