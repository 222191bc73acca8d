/** The pixel, and links that lead on. Nobody is ever led anywhere but where a link of ours says, under our seal. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { HttpDependencies } from '../dependencies.ts'
import { sendText } from '../replies.ts'
import { visitorOf } from '../visitor.ts'
import { sendPage } from './page.ts'

type Params = { Params: { '*': string } }

/** A GIF of one transparent point. */
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

export function registerTrackingPages(
  app: FastifyInstance,
  { tracking }: Pick<HttpDependencies, 'tracking'>,
): void {
  const { tokens, recorder } = tracking

  app.route<Params>({
    method: ['GET', 'HEAD'],
    url: '/o/*',
    async handler(request, reply) {
      const read = tokens.readOpen(request.params['*'])
      if (read.kind === 'link') recorder.opened(read.link.deliveryId, visitorOf(request))
      // A picture in any case: a mail with a broken one looks broken.
      return reply
        .header('Content-Type', 'image/gif')
        .header('Cache-Control', 'no-store, max-age=0')
        .send(pixel)
    },
  })

  app.route<Params>({
    method: ['GET', 'HEAD'],
    url: '/c/*',
    async handler(request, reply) {
      const read = tokens.readClick(request.params['*'])
      if (read.kind !== 'link') return noSuchLink(reply, read.kind)
      recorder.clicked(read.link, visitorOf(request))
      return sendText(
        // Byte for byte as it was written; what a header cannot hold is percent-encoded.
        reply.code(302).header('Location', inHeader(read.link.url)),
        'text/plain; charset=utf-8',
        '',
      )
    },
  })
}

function inHeader(url: string): string {
  return url.replace(/[^!-~]+/g, (text) => encodeURI(text.toWellFormed()))
}

function noSuchLink(reply: FastifyReply, kind: 'unknown' | 'expired'): FastifyReply {
  return kind === 'expired'
    ? sendPage(reply, {
        status: 410,
        title: 'This link has expired',
        body: '<p>The mail that it stands in is too old.</p>',
      })
    : sendPage(reply, {
        status: 404,
        title: 'This link is not known',
        body: '<p>It was cut off or changed on its way. Copy the whole link from the mail.</p>',
      })
}
