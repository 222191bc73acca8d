/**
 * A mail as a page, for whoever has its link: as its recipient sees it, without anything that runs or is tracked. Its
 * HTML was written by a customer, and stands under our name: the policy takes all rights from it.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { contactEmail } from '../../contacts/contacts.ts'
import { personsByEmail } from '../../contacts/persons.ts'
import type { MessageOptions } from '../../intake/submission.ts'
import { escapeHtml } from '../../mail/escape-html.ts'
import type { DeliveryId, MessageId, WorkId } from '../../mail/ids.ts'
import { readIncoming } from '../../mail/incoming-message.ts'
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
async function readMail(
  { storage: { db }, tracking, renderer }: Parts,
  id: number,
): Promise<Shown | undefined> {
  const delivery = await db
    .selectFrom('deliveries')
    .select(['message_id as messageId', 'recipient', 'attempts'])
    .where('id', '=', id as DeliveryId)
    .executeTakeFirst()
  const row = await db
    .selectFrom('messages')
    .innerJoin('bodies', 'bodies.message_id', 'messages.id')
    .selectAll('messages')
    .select('bodies.content')
    .where('messages.id', '=', delivery?.messageId ?? (id as MessageId))
    .executeTakeFirst()
  if (row === undefined) return undefined
  const options = JSON.parse(row.options) as MessageOptions
  const content = Buffer.from(row.content.buffer, row.content.byteOffset, row.content.byteLength)
  const message = {
    id: row.id,
    keyId: row.key_id,
    lane: row.lane,
    priority: row.priority,
    acceptedAt: row.accepted_at,
    expiresAt: row.expires_at,
    envelopeFrom: row.envelope_from,
    fromAddress: row.from_address,
    sizeBytes: row.size_bytes,
    options: { ...options, trackOpens: 'disabled', trackClicks: 'disabled' } satisfies MessageOptions,
  }
  const { recipient: address = '', attempts = 0 } = delivery ?? {}
  const recipient = { deliveryId: id as DeliveryId, address, attempts }
  if (options.mailingId === undefined) {
    if (delivery === undefined) return undefined
    const own = tracking.personal.ofWork({ id: 0 as WorkId, message, recipients: [recipient], content })
    const { subject, html, text } = await readIncoming(own)
    return { subject, ...(html !== undefined && { html }), ...(text !== undefined && { text }) }
  }
  const email = contactEmail(address) ?? address
  const person = (await personsByEmail(db, { keyId: row.key_id, emails: [email] })).get(email)
  const rendered = renderer.textsFor(
    { message, content },
    delivery && { ...recipient, ...(person !== undefined && { person }) },
  )
  return 'texts' in rendered ? rendered.texts : undefined
}

async function show(reply: FastifyReply, { subject, html, text = '' }: Shown): Promise<FastifyReply> {
  // Loaded when somebody looks: cleaning HTML takes much code, which most processes never need.
  const { previewHtml } = await import('../../templates/preview-html.ts')
  const title = `<title>${escapeHtml(subject)}</title>`
  const body =
    html === undefined
      ? `<!doctype html>\n${title}<pre style="white-space:pre-wrap;font:1rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem">${escapeHtml(text)}</pre>`
      : previewHtml(html).replace('<!doctype html>', `<!doctype html>\n<meta charset="utf-8">${title}`)
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
