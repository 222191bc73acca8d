/** What a recipient would get of a template, by the renderer that sends: parts, and what is wrong with each of them. */
import type { RecipientData } from '../contacts/recipient-data.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import type { Content } from '../templates/content.ts'
import { lineOfFault } from '../templates/index.ts'
import { mailDefaults } from '../templates/mail-defaults.ts'
import { type NamedTemplate, personalise, type Texts } from './personalise.ts'

export type PreviewProblem = {
  part: 'subject' | 'html' | 'text'
  message: string
  /** Of the part's source, from 1; for HTML that was compiled, of the MJML. Undefined where it could not be found. */
  line?: number
}

export type Preview = {
  subject: string
  /** As it is where it could not be rendered. */
  html: string | null
  text: string | null
  problems: PreviewProblem[]
}

export function renderPreview(
  content: Content,
  {
    language,
    variables,
    from,
    to,
    data,
    stored,
    now,
  }: {
    language: boolean
    variables: Readonly<Record<string, unknown>>
    from: Mailbox
    to: Mailbox
    /** What is known of the recipient as a contact. */
    data: RecipientData | undefined
    /** The template that the content belongs to. */
    stored?: NamedTemplate | undefined
    now: number
  },
): Preview {
  const problems: PreviewProblem[] = []
  const subject = mailDefaults(content.headers).subject ?? ''
  /** Each by itself, so that one fault does not hide the next. */
  function render(part: PreviewProblem['part'], source: string): string {
    const texts: Texts = part === 'subject' ? { subject: source } : { subject: '', [part]: source }
    const result = personalise(texts, { language, variables, from, stored, now }).render(to, data)
    if (!('problem' in result)) return result.texts[part] ?? ''
    const { words, start } = result.fault
    const line = lineOfFault(start, { source, writtenAs: part === 'html' ? content.mjml : null })
    problems.push({ part, message: words, ...(line !== undefined && { line }) })
    return source
  }
  return {
    subject: render('subject', subject),
    html: content.html === null ? null : render('html', content.html),
    text: content.text === null ? null : render('text', content.text),
    problems,
  }
}

/** All of it, for what it asks to know of its recipients. */
export function textsOfContent({ headers, html, text }: Content): Texts {
  return {
    subject: mailDefaults(headers).subject ?? '',
    ...(html !== null && { html }),
    ...(text !== null && { text }),
  }
}
