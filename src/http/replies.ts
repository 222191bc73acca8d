import type { FastifyReply } from 'fastify'

/** A finished text with exactly this Content-Type. */
export function sendText(reply: FastifyReply, contentType: string, text: string): FastifyReply {
  // A Buffer goes out as it is; for a string fastify would add a charset of its own.
  return reply.header('Content-Type', contentType).send(Buffer.from(text))
}

export function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return sendText(reply, 'application/json; charset=utf-8', JSON.stringify(value))
}
