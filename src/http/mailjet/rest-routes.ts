import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { baseUrlOf } from '../base-url.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { goneSignal } from '../gone.ts'
import { sendText } from '../replies.ts'
import { createAuthorize } from './authorize.ts'
import type { RestParts } from './resource.ts'
import { resources } from './resources/index.ts'
import { createRest } from './rest.ts'
import { RestError } from './rest-errors.ts'

export function registerRestRoutes(
  app: FastifyInstance,
  parts: RestParts & Pick<HttpDependencies, 'publicUrl'>,
  takeBody: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>,
): void {
  const { authenticator, publicUrl } = parts
  const rest = createRest({ resources, ...parts })
  for (const url of ['/v3/REST/:resource', '/v3/REST/:resource/*']) {
    app.route({
      method: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'],
      url,
      onRequest: [
        createAuthorize(authenticator, 'v3'),
        async (request, reply) => (hasBody(request) ? takeBody(request, reply) : undefined),
      ],
      handler: answer,
    })
  }

  async function answer(request: FastifyRequest, reply: FastifyReply) {
    const { apiKey, method, url, body } = request
    if (apiKey === undefined) throw new Error('a REST request came past its authorization')
    const [resource = '', ...segments] = readPath(url)
    try {
      const result = await rest({
        method: method === 'HEAD' ? 'GET' : method,
        resource,
        segments,
        url,
        baseUrl: baseUrlOf(request, publicUrl),
        body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
        apiKey,
        signal: goneSignal(reply),
      })
      reply.code(result.status)
      if (result.isNewer) reply.header(newerHeader, randomUUID())
      if ('body' in result) return sendText(reply, 'application/json', JSON.stringify(result.body))
      // The words of the real service: some clients show them (reference/rest-conventions.md §9).
      reply.raw.statusMessage = result.status === 304 ? 'Content not changed' : 'No content'
      return reply.send()
    } catch (error) {
      if (error instanceof RestError) {
        if (error.allow !== undefined) reply.header('Allow', error.allow.join(', '))
        if (error.isNewer) reply.header(newerHeader, randomUUID())
      }
      throw error
    }
  }
}

/** On every answer of the newer services. */
const newerHeader = 'X-Mj-Request-Guid'

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

/** What follows `/v3/REST`, each segment decoded by itself: unique keys may hold slashes. */
function readPath(url: string): string[] {
  const path = url.replace(/^https?:\/\/[^/]*/i, '').split(/[?#]/, 1)[0] ?? ''
  return path
    .split('/')
    .slice(3)
    .filter((segment) => segment !== '')
    .map(decodeURIComponent)
}
