/**
 * Runs the template language over the texts of one message (reference/template-language.md). Evaluation faults are not
 * the client's refusal: the message is accepted and then blocked, or sent raw, as its switches say (§5).
 */
import type { RecipientData } from '../contacts/recipient-data.ts'
import { formatAddress } from '../mail/address.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import {
  dependsOnRecipient,
  parseTemplate,
  predefinedTag,
  renderTemplate,
  replacePlaceholders,
  type Template,
  type TemplateContext,
  type TemplateError,
  type UsableTemplate,
} from '../templates/index.ts'

export type Texts = { subject: string; text?: string; html?: string }
const parts = ['subject', 'text', 'html'] as const

export type Personalisation = {
  /** Evaluate `{{ }}` and `{% %}`; `[[ ]]` is always replaced in bodies (§1: not in subjects). */
  language: boolean
  variables: Readonly<Record<string, unknown>>
  from: Mailbox
  /** For what happened within so many days. */
  now: number
  /** The stored template that the texts come from. */
  stored?: NamedTemplate | undefined
}

/** With `parse`, what was parsed before is not parsed again. */
export type NamedTemplate = Pick<UsableTemplate, 'id' | 'name' | 'copyright'> &
  Partial<Pick<UsableTemplate, 'parse'>>

export type Personalised = { texts: Texts } | TemplateError

/** True where the texts hold anything that would be replaced: most messages do not, and skip all of this. */
export function isPersonalised(texts: Texts, language: boolean): boolean {
  return parts.some((part) => {
    const text = texts[part]
    if (text === undefined) return false
    if (part !== 'subject' && text.includes('[[')) return true
    return language && (text.includes('{{') || text.includes('{%'))
  })
}

/** Parsed once; `render` is called for each recipient, or once when it `differsByRecipient` says no. */
export type PersonalTexts = {
  differsByRecipient: boolean
  /** `data`: what is known of that recipient as a contact. `senderId`: where the texts ask for it. */
  render(to: Mailbox, data?: RecipientData, senderId?: number): Personalised
}

export function personalise(
  texts: Texts,
  { language, variables, from, stored, now }: Personalisation,
): PersonalTexts {
  const parse = stored?.parse ?? parseTemplate
  const templates = new Map<(typeof parts)[number], Template>()
  let broken: TemplateError | undefined
  for (const part of parts) {
    const source = texts[part]
    if (source === undefined || !language) continue
    const template = parse(source, { placeholders: part !== 'subject' })
    if ('problem' in template) broken ??= template
    else templates.set(part, template)
  }
  if (broken !== undefined) {
    const result = broken
    return { differsByRecipient: false, render: () => result }
  }
  return {
    differsByRecipient: language
      ? [...templates.values()].some(dependsOnRecipient)
      : parts.some((part) => part !== 'subject' && /\[\[\s*data:/i.test(texts[part] ?? '')),

    render(to, data, senderId) {
      const context: TemplateContext = {
        variables,
        contactData: data?.values ?? {},
        contact: { ...partyOf(to), ...(data?.id !== undefined && { id: data.id }) },
        sender: { ...partyOf(from), ...(senderId !== undefined && { id: senderId }) },
        predefined: predefinedTag,
        ...(data !== undefined && {
          inSegment: (name: string) => data.segments.get(name),
          hasOpenedSince: (days: number) => isWithin(data.lastOpenAt, { days, now }),
          hasClickedSince: (days: number) => isWithin(data.lastClickAt, { days, now }),
        }),
        ...(stored !== undefined && { template: stored }),
      }
      const done: Texts = { ...texts }
      for (const part of parts) {
        const source = texts[part]
        if (source === undefined) continue
        const template = templates.get(part)
        if (template !== undefined) {
          const rendered = renderTemplate(template, context)
          if ('problem' in rendered) return rendered
          done[part] = rendered.text
        } else if (part !== 'subject') {
          done[part] = replacePlaceholders(source, context)
        }
      }
      // A value may hold line breaks; in a subject they would end the header.
      done.subject = done.subject.replace(/[\r\n\0]+/g, ' ')
      return { texts: done }
    },
  }
}

function isWithin(at: number | null, { days, now }: { days: number; now: number }): boolean {
  return at !== null && at >= now - days * 86_400_000
}

function partyOf({ name, address }: Mailbox) {
  return { email: formatAddress(address), localPart: address.local, domain: address.domain, name }
}
