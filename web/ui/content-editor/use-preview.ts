import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { call } from '../../api/call.ts'
import type { TemplatePreview } from '../../api/types.ts'
import type { EditedContent } from './content.ts'

const pauseMs = 350

export type PreviewWish = {
  content: EditedContent
  makesText: boolean
  variables: Record<string, unknown>
  contact: string
  apiKey: string | undefined
  /** The template that the content belongs to. */
  template?: number | undefined
}

/** What would be sent, asked for when the typing pauses. The frame has one page for as long as the editor is open. */
export function usePreview({ content, makesText, variables, contact, apiKey, template }: PreviewWish) {
  const page = useRef('')
  const shown = useRef(0)
  const { mjml, html, text, headers } = content
  const [wish] = useDebouncedValue(
    JSON.stringify({
      key: apiKey,
      content: { mjml, html, text, headers },
      makesText,
      variables,
      template,
      ...(contact.includes('@') && { contact }),
    }),
    pauseMs,
  )
  return useQuery({
    queryKey: ['template-preview', wish],
    async queryFn() {
      const asked = { ...(JSON.parse(wish) as object), page: page.current }
      const preview = await call<TemplatePreview>('POST', '/templates/preview', asked)
      page.current = preview.page ?? ''
      shown.current += 1
      return { ...preview, src: `/api/templates/previews/${page.current}?n=${shown.current}` }
    },
    enabled: apiKey !== undefined,
    placeholderData: keepPreviousData,
    // The page holds what was asked for last.
    staleTime: 0,
    gcTime: 0,
  })
}
