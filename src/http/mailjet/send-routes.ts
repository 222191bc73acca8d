/** `POST /v3.1/send` and `POST /v3/send`: credentials, body, idempotency, storing, answering, in that order. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { KeyId } from '../../mail/ids.ts'
import { baseUrlOf } from '../base-url.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { sendText } from '../replies.ts'
import { createAuthorize, type WireVersion } from './authorize.ts'
import { CallError, formatError } from './errors.ts'
import { createIdempotency, isIdempotencyKey, type Reservation } from './idempotency.ts'
import { formatRestError } from './rest-errors.ts'
import { sendV3 } from './send-v3.ts'
import { type Outcome, sendV31 } from './send-v31.ts'

const contentTypes = { 'v3.1': 'application/json; charset=UTF-8', v3: 'application/json' } as const

export function registerSendRoutes(
  app: FastifyInstance,
  dependencies: HttpDependencies,
  takeBody: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>,
): void {
  const { intake, authenticator, publicUrl, log } = dependencies
  const idempotency = createIdempotency(dependencies)

  async function work(version: WireVersion, request: FastifyRequest, keyId: KeyId): Promise<Outcome> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    if (version === 'v3') return sendV3(body, { keyId, intake })
    try {
      return await sendV31(body, { keyId, intake, baseUrl: baseUrlOf(request, publicUrl) })
    } catch (error) {
      if (!(error instanceof CallError)) throw error
      return {
        status: error.error.status,
        body: JSON.stringify(formatError(error.error)),
        prepared: [],
      }
    }
  }

  /** The answer goes out after the commit; with a reservation, the commit holds the answer too. */
  async function finish(outcome: Outcome, reservation: Reservation | undefined): Promise<void> {
    if (outcome.prepared.length > 0) {
      const alongside = reservation === undefined ? [] : [reservation.answer(outcome.status, outcome.body)]
      await intake.store(outcome.prepared, alongside)
    } else {
      await reservation?.release()
    }
  }

  async function send(
    version: WireVersion,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { keyId } = request
    if (keyId === undefined) throw new Error('a send request came past its authorization')
    const name = request.headers['idempotency-key']
    if (name === undefined) {
      const outcome = await work(version, request, keyId)
      await finish(outcome, undefined)
      return sendText(reply.code(outcome.status), contentTypes[version], outcome.body)
    }

    if (typeof name !== 'string' || !isIdempotencyKey(name)) {
      return refuse(reply, version, 400, 'The Idempotency-Key must have 1 to 255 printable ASCII characters.')
    }
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const reserved = await idempotency.reserve({ keyId, name, path: `/${version}/send`, body })
    switch (reserved.kind) {
      case 'answered':
        reply.header('Idempotent-Replayed', 'true')
        return sendText(reply.code(reserved.status), contentTypes[version], reserved.body)
      case 'running':
        reply.header('Retry-After', '1')
        return refuse(
          reply,
          version,
          409,
          'A call with this Idempotency-Key is still being processed. Try again in a moment.',
        )
      case 'other-request':
        return refuse(
          reply,
          version,
          422,
          'This Idempotency-Key was used for a different request. Use a new key for a new request.',
        )
      case 'reserved': {
        const { reservation } = reserved
        let outcome: Outcome
        try {
          outcome = await work(version, request, keyId)
          await finish(outcome, reservation)
        } catch (error) {
          await reservation.release().catch((cause: unknown) => {
            log.error({ err: cause }, 'an Idempotency-Key stays reserved for ten minutes')
          })
          throw error
        }
        return sendText(reply.code(outcome.status), contentTypes[version], outcome.body)
      }
    }
  }

  for (const version of ['v3.1', 'v3'] as const) {
    const authorize = createAuthorize(authenticator, version)
    app.route({
      method: 'POST',
      url: `/${version}/send`,
      onRequest: version === 'v3.1' ? [nameRequest, authorize, takeBody] : [authorize, takeBody],
      handler: (request, reply) => send(version, request, reply),
    })
    app.route({
      method: ['GET', 'PUT', 'DELETE', 'PATCH'],
      url: `/${version}/send`,
      onRequest: version === 'v3.1' ? [nameRequest, authorize] : [authorize],
      handler: (_request, reply) =>
        refuse(reply.header('Allow', 'POST'), version, 405, 'Method not allowed. Use POST.'),
    })
  }
}

/** On every answer of v3.1, errors too (reference/send-api.md §1). */
async function nameRequest(_request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.header('X-MJ-Request-Guid', randomUUID())
}

function refuse(reply: FastifyReply, version: WireVersion, status: number, message: string): FastifyReply {
  const text =
    version === 'v3'
      ? formatRestError({ status, message })
      : JSON.stringify({ ErrorIdentifier: randomUUID(), StatusCode: status, ErrorMessage: message })
  return sendText(reply.code(status), contentTypes[version], text)
}
