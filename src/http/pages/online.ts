/**
 * A mail as a page, for whoever has its link: as its recipient sees it, without anything that runs or is tracked. Its
 * HTML was written by a customer, and stands under our name: the policy takes all rights from it.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { asWork, readStoredMail } from '../../campaigns/stored-mail.ts'
import { escapeHtml } from '../../mail/escape-html.ts'
import { readIncoming } from '../../mail/incoming-message.ts'
import { previewHtml } from '../../templates/preview-html.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { sendText } from '../replies.ts'
import { sendPage } from './page.ts'

type Params = { Params: { '*': string } }
type Parts = Pick<HttpDependencies, 'storage' | 'tracking' | 'renderer'>

const policy =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

export function registerOnlinePages(app: FastifyInstance, parts: Parts): void {
  app.route<Params>({
    method: ['GET', 'HEAD'],
    url: '/v/*',
    async handler(request, reply) {
      const id = parts.tracking.tokens.readOnline(request.params['*'])
      if (id === undefined) {
        return sendPage(reply, {
          status: 404,
          title: 'This link is not known',
          body: '<p>It was cut off or changed on its way. Copy the whole link from the mail.</p>',
        })
      }
      const shown = await readMail(parts, id)
      return shown === undefined ? gone(reply) : show(reply, shown)
    },
  })
}

type Shown = { subject: string; html?: string; text?: string }

/** Of a delivery as its recipient sees it; of a campaign's message as anybody does. */
async function readMail({ storage, tracking, renderer }: Parts, id: number): Promise<Shown | undefined> {
  const mail = await readStoredMail(storage.db, id)
  if (mail === undefined) return undefined
  const { recipient } = mail
  if (mail.message.options.mailingId !== undefined) {
    const rendered = renderer.textsFor(mail, recipient)
    return 'texts' in rendered ? rendered.texts : undefined
  }
  if (recipient === undefined) return undefined
  const { subject, html, text } = await readIncoming(tracking.personal.ofWork(asWork(mail, recipient)))
  return { subject, ...(html !== undefined && { html }), ...(text !== undefined && { text }) }
}

async function show(reply: FastifyReply, { subject, html, text = '' }: Shown): Promise<FastifyReply> {
  const title = `<title>${escapeHtml(subject)}</title>`
  const body =
    html === undefined
      ? `<!doctype html>\n${title}<pre style="white-space:pre-wrap;font:1rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem">${escapeHtml(text)}</pre>`
      : (await previewHtml(html, { owner: 'visitors' })).replace(
          '<!doctype html>',
          `<!doctype html>\n<meta charset="utf-8">${title}`,
        )
  reply.header('Content-Security-Policy', policy).header('X-Robots-Tag', 'noindex')
  return sendText(reply, 'text/html; charset=utf-8', body)
}

function gone(reply: FastifyReply): FastifyReply {
  return sendPage(reply, {
    status: 410,
    title: 'This mail is not kept any more',
    body: '<p>It can still be read where it was received.</p>',
  })
}
