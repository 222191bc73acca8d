/** What is no JSON: the safe page of a lead's mail, its attachments, and the mail as it came. */
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { z } from 'zod'
import { findIncoming } from '../../inbound/inbox.ts'
import type { InboxId, LeadId } from '../../mail/ids.ts'
import { readIncoming } from '../../mail/incoming-message.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { sendText } from '../replies.ts'
import { readId } from './messages.ts'
import { safePageAnswer } from './safe-page-answer.ts'
import { whichKey } from './which-key.ts'

type Params = { Params: { id: string; mid: string; number?: string } }

const queryShape = z.strictObject({
  key: z.string().optional(),
  images: z.enum(['none', 'remote']).default('none'),
})

export function registerLeadFiles(
  app: FastifyInstance,
  { storage }: Pick<HttpDependencies, 'storage'>,
  onRequest: onRequestHookHandler,
): void {
  async function open(request: FastifyRequest<Params>) {
    const parsed = queryShape.safeParse(request.query)
    if (!parsed.success) throw new BadField('images', 'the query takes key, and images=none or images=remote')
    const { accountId } = await whichKey(storage, parsed.data.key)
    const { content } = await findIncoming(storage, {
      accountId,
      inboxId: readId(request.params.mid) as InboxId,
      leadId: readId(request.params.id) as LeadId,
    })
    if (content === undefined) throw new Refused('not-found', 'the body of this mail is not kept any more')
    return { content, message: await readIncoming(content), images: parsed.data.images }
  }

  const base = '/api/leads/:id/messages/:mid'

  app.get<Params>(`${base}/html`, { onRequest }, async (request, reply) => {
    const { message, images } = await open(request)
    const { html, headers } = await safePageAnswer(message, { images })
    return sendText(reply.headers(headers), 'text/html; charset=utf-8', html)
  })

  app.get<Params>(`${base}/raw`, { onRequest }, async (request, reply) => {
    const { content } = await open(request)
    return sendFile(reply, { name: 'message.eml', content })
  })

  app.get<Params>(`${base}/attachments/:number`, { onRequest }, async (request, reply) => {
    const { message } = await open(request)
    const number = /^\d{1,4}$/.test(request.params.number ?? '') ? Number(request.params.number) : -1
    const attachment = message.attachments[number]
    if (attachment === undefined) throw new Refused('not-found', 'this mail has no such attachment')
    return sendFile(reply, { name: attachment.name ?? 'attachment', content: attachment.content })
  })
}

/** Saved, never shown: whatever the sender called its type, no browser may run it in our name. */
function sendFile(
  reply: FastifyReply,
  { name, content }: { name: string; content: Uint8Array },
): FastifyReply {
  const plain = name.replaceAll(/[^A-Za-z0-9._ -]/g, '_').slice(0, 150)
  const coded = encodeURIComponent(name.toWellFormed().slice(0, 150)).replaceAll(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return reply
    .headers({
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="${plain}"; filename*=UTF-8''${coded}`,
      'Content-Security-Policy': "sandbox; default-src 'none'",
    })
    .send(Buffer.from(content))
}
