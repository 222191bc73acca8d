/** A draft that is made from a stored template: its parts are the template's; what the caller said besides wins. */
import { breaksHeader } from '../mail/header-names.ts'
import type { UsableTemplate } from '../templates/index.ts'
import type { Draft } from './draft.ts'

export function fromTemplate(draft: Draft, stored: UsableTemplate): Draft {
  const { defaults } = stored
  const { text: _text, html: _html, ...others } = draft
  const named = new Set(draft.headers.map(([name]) => name.toLowerCase()))
  return {
    ...others,
    ...partsOf(stored),
    subject: draft.subject || (defaults.subject ?? ''),
    replyTo: draft.replyTo.length > 0 ? draft.replyTo : defaults.replyTo,
    headers: [
      ...draft.headers,
      ...defaults.others.filter(([name, value]) => !named.has(name.toLowerCase()) && !breaksHeader(value)),
    ],
    template: { ...draft.template, stored },
  }
}

/** Why nothing can be sent of it; undefined when something can. */
export function emptyTemplate({ id, name, content }: UsableTemplate): string | undefined {
  if (content.html || content.text) return undefined
  return `the stored template ${id} (${name}) has neither an HTML nor a text part`
}

/** Parts that hold something. */
export function partsOf({ content: { text, html } }: UsableTemplate): { text?: string; html?: string } {
  return { ...(text && { text }), ...(html && { html }) }
}
