/** What is written: the parts of a template or of a campaign, before anything is made from them. */
import type { TemplateContent } from '../../api/types.ts'

/** HTML that is compiled from MJML is null here, and so is text that is made from HTML: saving makes them anew. */
export type EditedContent = {
  mjml: string | null
  html: string | null
  text: string | null
  headers: Readonly<Record<string, string>>
}

export function toEdited({
  mjml,
  html,
  text,
  headers,
  htmlFromMjml,
  textFromHtml,
}: TemplateContent): EditedContent {
  return { mjml, html: htmlFromMjml ? null : html, text: textFromHtml ? null : text, headers }
}

export function isSame(a: EditedContent, b: EditedContent): boolean {
  return JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b))
}

function inOrder({ mjml, html, text, headers }: EditedContent) {
  return [mjml, html, text, Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1))]
}

/** MJML is what is edited; the tree of a visual editor is not. */
export function isMjml({ mjml, html }: EditedContent): boolean {
  return mjml !== null && html === null && !/^\s*[{[]/.test(mjml)
}

export function isTree({ mjml }: EditedContent): boolean {
  return mjml !== null && /^\s*[{[]/.test(mjml)
}

export function headerOf({ headers }: EditedContent, name: string): string {
  const found = Object.entries(headers).find(([one]) => one.toLowerCase() === name.toLowerCase())
  return found?.[1] ?? ''
}

/** In the place that it has; an empty value takes the field away. */
export function withHeader(content: EditedContent, name: string, value: string): EditedContent {
  const lower = name.toLowerCase()
  const kept = Object.entries(content.headers).filter(([one]) => one.toLowerCase() !== lower)
  const spelled = Object.keys(content.headers).find((one) => one.toLowerCase() === lower) ?? name
  const headers = Object.fromEntries(value === '' ? kept : [...kept, [spelled, value]])
  return { ...content, headers }
}

/** Undefined with the reason where it is no JSON object. */
export function readVariables(text: string): { variables: Record<string, unknown> } | { problem: string } {
  if (text.trim() === '') return { variables: {} }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { variables: value as Record<string, unknown> }
    }
    return { problem: '{ "name": "Ana" }' }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { problem: error.message }
  }
}
