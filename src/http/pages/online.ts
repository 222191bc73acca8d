/**
 * A mail as a page, for whoever has its link: as its recipient sees it, without anything that runs or is tracked. Its
 * HTML was written by a customer, and stands under our name: the policy takes all rights from it.
 */
import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { LRUCache } from 'lru-cache'
import { asWork, readStoredMail } from '../../campaigns/stored-mail.ts'
import { escapeHtml } from '../../mail/escape-html.ts'
import type { KeyId } from '../../mail/ids.ts'
import { readIncoming } from '../../mail/incoming-message.ts'
import { type RefusalCode, Refused } from '../../runtime/refused.ts'
import { previewHtml } from '../../templates/preview-html.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { goneSignal } from '../gone.ts'
import { sendText } from '../replies.ts'
import { visitorOf } from '../visitor.ts'
import { type Page, sendPage } from './page.ts'
import { createVisitLimit } from './visit-limit.ts'

type Params = { Params: { '*': string } }
type Parts = Pick<HttpDependencies, 'storage' | 'tracking' | 'renderer' | 'clock'>

const policy =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

export function registerOnlinePages(app: FastifyInstance, parts: Parts): void {
  const limit = createVisitLimit(parts.clock)
  const makeHarmless = createHarmlessPages()

  app.route<Params>({
    method: ['GET', 'HEAD'],
    url: '/v/*',
    async handler(request, reply) {
      const id = parts.tracking.tokens.readOnline(request.params['*'])
      if (id === undefined) return sendPage(reply, unknown)
      const waitMs = limit.waitMs(visitorOf(request).ip)
      if (waitMs > 0) {
        return sendPage(reply.header('Retry-After', Math.ceil(waitMs / 1000)), tooManyVisits)
      }
      const mail = await readMail(parts, id)
      if (mail === undefined) return sendPage(reply, gone)
      const asker = { owner: `visitors of key ${mail.keyId}`, signal: goneSignal(reply) }
      try {
        const html = mail.html === undefined ? undefined : await makeHarmless(mail.html, asker)
        return show(reply, { ...mail, html })
      } catch (error) {
        const page = error instanceof Refused ? pageOf[error.code] : undefined
        if (page === undefined) throw error
        if (page.status === 503) reply.header('Retry-After', '5')
        return sendPage(reply, page)
      }
    },
  })
}

/** Of many visits most are to the same mails; what was made harmless is known by what it was made of. */
function createHarmlessPages(): typeof previewHtml {
  const known = new LRUCache<string, string>({ max: 1_000, maxSize: 4_000_000 })
  return async (html, asker) => {
    const source = hash('sha256', html, 'base64')
    const kept = known.get(source)
    if (kept !== undefined) return kept
    const made = await previewHtml(html, asker)
    known.set(source, made, { size: made.length })
    return made
  }
}

type Mail = { keyId: KeyId; subject: string; html?: string | undefined; text?: string | undefined }

/** Of a delivery as its recipient sees it; of a campaign's message as anybody does. */
async function readMail({ storage, tracking, renderer }: Parts, id: number): Promise<Mail | undefined> {
  const mail = await readStoredMail(storage.db, id)
  if (mail === undefined) return undefined
  const { recipient } = mail
  const { keyId } = mail.message
  if (mail.message.options.mailingId !== undefined) {
    const rendered = renderer.textsFor(mail, recipient)
    return 'texts' in rendered ? { keyId, ...rendered.texts } : undefined
  }
  if (recipient === undefined) return undefined
  const { subject, html, text } = await readIncoming(tracking.personal.ofWork(asWork(mail, recipient)))
  return { keyId, subject, html, text }
}

function show(reply: FastifyReply, { subject, html, text = '' }: Omit<Mail, 'keyId'>): FastifyReply {
  const title = `<title>${escapeHtml(subject)}</title>`
  const body =
    html === undefined
      ? `<!doctype html>\n${title}<pre style="white-space:pre-wrap;font:1rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem">${escapeHtml(text)}</pre>`
      : html.replace('<!doctype html>', () => `<!doctype html>\n<meta charset="utf-8">${title}`)
  reply.header('Content-Security-Policy', policy).header('X-Robots-Tag', 'noindex')
  return sendText(reply, 'text/html; charset=utf-8', body)
}

const unknown: Page = {
  status: 404,
  title: 'This link is not known',
  body: '<p>It was cut off or changed on its way. Copy the whole link from the mail.</p>',
}

const gone: Page = {
  status: 410,
  title: 'This mail is not kept any more',
  body: '<p>It can still be read where it was received.</p>',
}

const tooManyVisits: Page = {
  status: 429,
  title: 'Too many visits',
  body: '<p>Your network has asked for many mails within a minute. Load the page again in a minute.</p>',
}

/** Why a mail cannot be shown now, or ever. */
const pageOf: Partial<Record<RefusalCode, Page>> = {
  busy: {
    status: 503,
    title: 'Too many visits at one time',
    body: '<p>Load the page again in a moment.</p>',
  },
  'too-large': {
    status: 413,
    title: 'This mail is too large for a page',
    body: '<p>It can be read where it was received.</p>',
  },
}
