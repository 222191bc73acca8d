/**
 * Leaving: a page with a button, and what mail programs send by themselves (RFC 8058). Looking at the page changes
 * nothing, because mail scanners follow every link.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { escapeHtml } from '../../mail/escape-html.ts'
import type { Standing } from '../../tracking/unsubscribe.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { visitorOf } from '../visitor.ts'
import { sendPage } from './page.ts'
import { type UnsubscribeTexts, unsubscribeTexts } from './unsubscribe-texts.ts'

type Params = { Params: { '*': string } }

export function registerUnsubscribePages(
  app: FastifyInstance,
  { tracking }: Pick<HttpDependencies, 'tracking'>,
): void {
  const { tokens, unsubscribing } = tracking

  app.route<Params>({
    method: ['GET', 'HEAD'],
    url: '/u/*',
    async handler(request, reply) {
      const texts = unsubscribeTexts(request)
      const link = tokens.readUnsubscribe(request.params['*'])
      if (link === undefined) return unknown(reply, texts)
      return show(reply, { texts, address: link.address, standing: await unsubscribing.standing(link) })
    },
  })

  app.post<Params>('/u/*', { bodyLimit: 65_536 }, async (request, reply) => {
    const texts = unsubscribeTexts(request)
    const link = tokens.readUnsubscribe(request.params['*'])
    if (link === undefined) return unknown(reply, texts)
    const body = bodyOf(request)
    if (/(?:^|&)undo=1(?:&|$)/.test(body)) {
      await unsubscribing.resubscribe(link)
    } else {
      const { ip, agent } = visitorOf(request)
      const isOneClick = body.includes('One-Click')
      await unsubscribing.unsubscribe(link, {
        ip,
        agent: isOneClick ? 'List-Unsubscribe' : agent,
        how: isOneClick ? 'unsubscribed in their mail program' : 'unsubscribed on the page',
      })
    }
    return show(reply, { texts, address: link.address, standing: await unsubscribing.standing(link) })
  })
}

function bodyOf({ body }: FastifyRequest): string {
  return Buffer.isBuffer(body) ? body.toString('latin1', 0, 4_096) : ''
}

function show(
  reply: FastifyReply,
  { texts, address, standing }: { texts: UnsubscribeTexts; address: string; standing: Standing },
): FastifyReply {
  const who = `<strong>${escapeHtml(address)}</strong>`
  const button = (text: string, undo = '') =>
    `<form method="post">${undo}<button type="submit">${escapeHtml(text)}</button></form>`
  const undo = '<input type="hidden" name="undo" value="1">'
  const [title, body] =
    standing === 'subscribed'
      ? [texts.ask, `<p>${texts.explain(who)}</p>\n${button(texts.button)}`]
      : standing === 'unsubscribed'
        ? [texts.done, `<p>${texts.doneExplained(who)}</p>\n${button(texts.undo, undo)}`]
        : [texts.done, `<p>${texts.doneExplained(who)}</p>`]
  return sendPage(reply, { status: 200, title, body })
}

function unknown(reply: FastifyReply, texts: UnsubscribeTexts): FastifyReply {
  return sendPage(reply, { status: 404, title: texts.unknown, body: `<p>${texts.unknownExplained}</p>` })
}
