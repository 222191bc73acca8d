/** `/api/templates/compile`, `/preview` and `/{id}/test`: what becomes of a template, before anybody gets it. */
import { z } from 'zod'
import { contactEmail } from '../../contacts/contacts.ts'
import type { RecipientsData } from '../../contacts/recipient-data.ts'
import { gather } from '../../intake/known-recipients.ts'
import { type PreviewProblem, renderPreview, textsOfContent } from '../../intake/preview.ts'
import { fromTemplate } from '../../intake/use-template.ts'
import { normaliseAddress, parseAddress } from '../../mail/address.ts'
import type { KeyId } from '../../mail/ids.ts'
import { formatMailbox, formatMailboxList, type Mailbox } from '../../mail/mailbox.ts'
import { Refused } from '../../runtime/refused.ts'
import type { Content } from '../../templates/content.ts'
import { isMjmlText } from '../../templates/fill-parts.ts'
import { htmlToText } from '../../templates/html-to-text.ts'
import { mailDefaults } from '../../templates/mail-defaults.ts'
import { compileMjml, maxMjmlCharacters } from '../../templates/mjml.ts'
import { previewPolicy } from '../../templates/preview-html.ts'
import { putPreview, readPreview } from '../../templates/preview-pages.ts'
import type { Asker } from '../../templates/run-in-process.ts'
import type { StoredTemplate } from '../../templates/stored-templates.ts'
import { currentContent } from '../../templates/template-content.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { askerOf } from './asker.ts'
import { RawAnswer } from './raw-answer.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { acceptedShape, readMailboxes, tellAccepted } from './send.ts'
import { contentBody, key, openTemplate, openToChange, plainContent } from './template-shapes.ts'
import { whichKey } from './which-key.ts'

const problem = z.object({
  part: z.enum(['mjml', 'subject', 'html', 'text']),
  message: z.string(),
  line: z.number().optional().describe('From 1, in the source of the part; of compiled HTML, in the MJML'),
})
type Problem = z.infer<typeof problem>

const variables = z
  .record(z.string(), z.unknown())
  .optional()
  .describe('What {{var:…}} and [[var:…]] stand for')
const language = z.boolean().optional().describe('{{ }} and {% %} are evaluated; true when left out')

const maxTestRecipients = 10

/** Stands for somebody where nobody is named. */
const somebody: Mailbox = { name: '', address: { local: 'somebody', domain: 'example.com' } }

export function templatePreviewRoutes({ storage, intake, clock }: HttpDependencies): AdminRoute[] {
  function known(
    content: Content,
    { keyId, to, language: isOn }: { keyId: KeyId; to: readonly Mailbox[]; language: boolean },
  ): Promise<RecipientsData> {
    const addresses = to.map(({ address }) => address)
    const texts = [textsOfContent(content)]
    return gather(storage.db, { keyId, addresses, texts, language: isOn, now: clock.now() })
  }

  return [
    defineRoute({
      method: 'POST',
      path: '/templates/compile',
      summary: 'MJML becomes HTML',
      role: 'viewer',
      isReading: true,
      body: z.strictObject({ mjml: z.string().max(maxMjmlCharacters) }),
      answer: z.object({ html: z.string(), problems: z.array(problem) }),
      async handle(call) {
        const { html, problems } = await compileMjml(call.body.mjml, askerOf(call))
        return { html, problems: problems.map(mjmlProblem) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/templates/preview',
      summary: 'What somebody would get of these contents',
      role: 'viewer',
      isReading: true,
      body: z.strictObject({
        key,
        content: contentBody.describe('HTML is compiled where MJML is given without it'),
        variables,
        language,
        contact: z.string().max(320).optional().describe('Address: with what is known of that contact'),
        makesText: z.boolean().optional().describe('Text is made from the HTML where none is given'),
        template: z.number().int().optional().describe('What {{mj:template.…}} stands for, by its number'),
        page: z
          .string()
          .max(100)
          .optional()
          .describe('Show the HTML on this page; an empty one, or one that is gone, is made anew'),
      }),
      answer: z.object({
        from: z.string().nullable(),
        replyTo: z.string(),
        subject: z.string(),
        html: z.string().nullable(),
        text: z.string().nullable(),
        problems: z.array(problem),
        page: z.string().nullable().describe('For an hour: /api/templates/previews/{page}'),
      }),
      async handle(call) {
        const { body } = call
        const asker = askerOf(call)
        const apiKey = await whichKey(storage, body.key)
        const stored =
          body.template === undefined
            ? undefined
            : (await openTemplate(storage, { id: String(body.template), key: body.key })).template
        const { content, problems } = await compiled(plainContent(body.content), {
          makesText: body.makesText ?? false,
          asker,
        })
        const to = readContact(body.contact) ?? somebody
        const { from, replyTo } = mailDefaults(content.headers)
        const isOn = body.language ?? true
        const people = await known(content, { keyId: apiKey.id, to: [to], language: isOn })
        const rendered = renderPreview(content, {
          ...{ language: isOn, variables: body.variables ?? {}, from: from ?? somebody, to },
          ...{ data: people.get(normaliseAddress(to.address)), stored, now: clock.now() },
        })
        const page =
          body.page === undefined
            ? null
            : await putPreview(storage.db, {
                token: body.page,
                html: rendered.html ?? '',
                asker,
                now: clock.now(),
              })
        return {
          page,
          from: from === undefined ? null : formatMailbox(from),
          replyTo: formatMailboxList(replyTo),
          ...rendered,
          problems: [...problems, ...(content.textFromHtml ? once(rendered.problems) : rendered.problems)],
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/templates/previews/{page}',
      summary: 'The HTML of a preview as it will look; nothing in it runs',
      query: z.strictObject({ n: z.string().max(20).optional().describe('Any number: the page anew') }),
      answer: z.string(),
      produces: ['text/html'],
      async handle({ params }) {
        const html = await readPreview(storage.db, { token: params.page ?? '', now: clock.now() })
        if (html === undefined) throw new Refused('not-found', 'this preview is gone; ask for another')
        return new RawAnswer('text/html; charset=utf-8', html, {
          'Content-Security-Policy': previewPolicy,
          'X-Frame-Options': 'SAMEORIGIN',
        })
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/templates/{id}/test',
      summary: 'Send the template as it is saved, to look at',
      role: 'marketer',
      status: 201,
      body: z.strictObject({
        key,
        to: z.array(z.string()).min(1).max(maxTestRecipients),
        from: z.string().optional().describe('The sender of the template when left out'),
        variables,
        language,
      }),
      answer: acceptedShape,
      async handle({ params, body }) {
        const { template, apiKey } = await openToChange(storage, { id: params.id, key: body.key })
        const [stored] = (await intake.templates.find(apiKey.id, [{ id: template.id }])).values()
        if (stored === undefined) throw new Refused('not-found', `there is no template ${template.id}`)
        const from = readFrom(body.from) ?? stored.defaults.from
        if (from === undefined) throw new BadField('from', 'The template names no sender; give one')
        const to = body.to.flatMap((text, index) => readMailboxes(`to.${index}`, text))
        const how = { language: body.language ?? true, variables: body.variables ?? {} }
        await refuseFaults(template, { ...how, from, to, keyId: apiKey.id })
        const draft = fromTemplate(
          {
            ...{ keyId: apiKey.id, door: 'cli', lane: 'transactional', priority: 2, from, to },
            ...{ replyTo: [], cc: [], bcc: [], subject: '', headers: [] },
            ...{ attachments: [], inlineAttachments: [], options: {} },
            template: { ...how, deliverOnError: false },
          },
          stored,
        )
        const prepared = await intake.prepare({ ...draft, subject: draft.subject || template.name })
        await intake.store([prepared])
        return tellAccepted(storage, prepared.accepted)
      },
    }),
  ]

  /** Whoever tests wants to be told now, not by a blocked message. */
  async function refuseFaults(
    stored: StoredTemplate,
    {
      to,
      keyId,
      ...how
    }: { language: boolean; variables: Record<string, unknown>; from: Mailbox; to: Mailbox[]; keyId: KeyId },
  ): Promise<void> {
    const content = await currentContent(storage.db, stored)
    if (!content.html && !content.text) {
      throw new Refused('bad-value', 'the template has neither HTML nor text; save some first')
    }
    const people = await known(content, { keyId, to, language: how.language })
    for (const one of to) {
      const data = people.get(normaliseAddress(one.address))
      const [first] = renderPreview(content, { ...how, stored, to: one, data, now: clock.now() }).problems
      if (first === undefined) continue
      const where = first.line === undefined ? first.part : `${first.part}, line ${first.line}`
      throw new BadField('variables', `The template could not be evaluated (${where}): ${first.message}`)
    }
  }
}

/** With the parts that saving would make. */
async function compiled(
  given: Content,
  { makesText, asker }: { makesText: boolean; asker: Asker },
): Promise<{ content: Content & { textFromHtml: boolean }; problems: Problem[] }> {
  const made =
    given.html || !isMjmlText(given.mjml)
      ? { html: given.html, problems: [] }
      : await compileMjml(given.mjml, asker)
  const textFromHtml = !given.text && makesText && Boolean(made.html)
  const text = textFromHtml && made.html ? ((await htmlToText(made.html, asker)) ?? null) : given.text
  return {
    content: { ...given, html: made.html, text, textFromHtml },
    problems: made.problems.map(mjmlProblem),
  }
}

/** What was made of the HTML has its faults again. */
function once(problems: readonly PreviewProblem[]): readonly PreviewProblem[] {
  const inHtml = new Set(problems.flatMap(({ part, message }) => (part === 'html' ? [message] : [])))
  return problems.filter(({ part, message }) => part !== 'text' || !inHtml.has(message))
}

function mjmlProblem(sentence: string): Problem {
  const [, line, message] = /^line (\d+): (.*)$/s.exec(sentence) ?? []
  if (line === undefined || message === undefined) return { part: 'mjml', message: sentence }
  return { part: 'mjml', message, line: Number(line) }
}

function readContact(text: string | undefined): Mailbox | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const address = parseAddress(contactEmail(text) ?? '')
  if (address === undefined) throw new BadField('contact', `'${text.slice(0, 300)}' is not an e-mail address`)
  return { name: '', address }
}

function readFrom(text: string | undefined): Mailbox | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const [from, ...more] = readMailboxes('from', text)
  if (from === undefined || more.length > 0) throw new BadField('from', 'Give one address')
  return from
}
