/** For the machines that watch this one: `/healthz`, `/readyz`, `/metrics`. */
import type { FastifyInstance } from 'fastify'
import { isLoopback } from '../runtime/loopback.ts'
import { isAdmin } from './admin/authorize.ts'
import type { HttpDependencies } from './dependencies.ts'
import { sendJson, sendText } from './replies.ts'

/** A look at the storage costs a write: not more often than this. */
const askStorageEveryMs = 1_000

export function registerSystemRoutes(app: FastifyInstance, dependencies: HttpDependencies): void {
  const { metrics, adminToken } = dependencies
  const storageProblem = createStorageCheck(dependencies)

  app.get('/healthz', async (_request, reply) => sendText(reply, 'text/plain; charset=utf-8', 'ok\n'))

  app.get('/readyz', async (_request, reply) => {
    const problem = await storageProblem()
    const problems = [...(dependencies.problems?.() ?? []), ...(problem === undefined ? [] : [problem])]
    return sendJson(reply.code(problems.length === 0 ? 200 : 503), { ready: problems.length === 0, problems })
  })

  app.get('/metrics', async (request, reply) => {
    // Behind a proxy on this machine everybody comes from loopback: what came through one has to show the token.
    const isDirect =
      request.headers['x-forwarded-for'] === undefined && request.headers.forwarded === undefined
    if (!(isDirect && isLoopback(request.ip)) && !isAdmin(request, adminToken)) {
      return sendText(
        reply.code(403),
        'text/plain; charset=utf-8',
        'Only from this machine, or with the admin token.\n',
      )
    }
    return sendText(reply, metrics.registry.contentType, await metrics.registry.metrics())
  })
}

/** Why the storage takes no writes, or undefined when it does; a short while old at most. */
function createStorageCheck({ storage, clock, log }: HttpDependencies): () => Promise<string | undefined> {
  let askedAt = -Infinity
  let answer: Promise<string | undefined> = Promise.resolve(undefined)

  async function ask(): Promise<string | undefined> {
    try {
      await storage.db
        .updateTable('nodes')
        .set({ seen_at: clock.now() })
        .where('id', '=', storage.nodeId)
        .execute()
      return undefined
    } catch (error) {
      log.warn({ err: error }, 'not ready: the storage takes no writes')
      return 'the storage takes no writes'
    }
  }

  return () => {
    const now = clock.now()
    if (now - askedAt >= askStorageEveryMs) {
      askedAt = now
      answer = ask()
    }
    return answer
  }
}
