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
    if (isChecked(body, 'undo')) {
      await unsubscribing.resubscribe(link)
    } else {
      const { ip, agent } = visitorOf(request)
      const isOneClick = body.includes('One-Click')
      await unsubscribing.unsubscribe(link, {
        leaving: isChecked(body, 'everything') ? 'everything' : 'list',
        ip,
        agent: isOneClick ? 'List-Unsubscribe' : agent,
        how: isOneClick ? 'unsubscribed in their mail program' : 'unsubscribed on the page',
      })
    }
    return show(reply, { texts, address: link.address, standing: await unsubscribing.standing(link) })
  })
}

function isChecked(body: string, name: string): boolean {
  return new RegExp(`(?:^|&)${name}=1(?:&|$)`).test(body)
}

function bodyOf({ body }: FastifyRequest): string {
  return Buffer.isBuffer(body) ? body.toString('latin1', 0, 4_096) : ''
}

function show(
  reply: FastifyReply,
  { texts, address, standing }: { texts: UnsubscribeTexts; address: string; standing: Standing },
): FastifyReply {
  const who = `<strong>${escapeHtml(address)}</strong>`
  return sendPage(reply, { status: 200, language: texts.language, ...contentOf(standing, { texts, who }) })
}

function contentOf(
  standing: Standing,
  { texts, who }: { texts: UnsubscribeTexts; who: string },
): { title: string; body: string } {
  const paragraph = (html: string) => `<p>${html}</p>`
  const everything = button(texts.leaveEverything, { name: 'everything', isMinor: true })
  const undo = button(texts.undo, { name: 'undo' })
  switch (standing.kind) {
    case 'subscribed': {
      const parts = standing.hasList
        ? [paragraph(texts.explainList(who)), button(texts.leaveList), everything]
        : [paragraph(texts.explain(who)), button(texts.button)]
      return { title: texts.ask, body: parts.join('\n') }
    }
    case 'left-list':
      return { title: texts.done, body: [paragraph(texts.leftList(who)), undo, everything].join('\n') }
    case 'left-all':
      return { title: texts.done, body: [paragraph(texts.doneExplained(who)), undo].join('\n') }
    case 'held-back':
      return { title: texts.done, body: paragraph(texts.doneExplained(who)) }
  }
}

/** `name`: a field that says what the button is for. */
function button(
  text: string,
  { name, isMinor = false }: { name?: 'everything' | 'undo'; isMinor?: boolean } = {},
): string {
  const field = name === undefined ? '' : `<input type="hidden" name="${name}" value="1">`
  const kind = isMinor ? ' class="minor"' : ''
  return `<form method="post">${field}<button type="submit"${kind}>${escapeHtml(text)}</button></form>`
}

function unknown(reply: FastifyReply, texts: UnsubscribeTexts): FastifyReply {
  const { language } = texts
  return sendPage(reply, {
    status: 404,
    language,
    title: texts.unknown,
    body: `<p>${texts.unknownExplained}</p>`,
  })
}
