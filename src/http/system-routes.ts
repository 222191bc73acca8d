/** For the machines that watch this one: `/healthz`, `/readyz`, `/metrics`; and a first page for people. */
import type { FastifyInstance } from 'fastify'
import { isLoopback } from '../runtime/loopback.ts'
import { isAdmin } from './admin/authorize.ts'
import type { HttpDependencies } from './dependencies.ts'
import { sendJson, sendText } from './replies.ts'

/** A look at the storage costs a write: not more often than this. */
const askStorageEveryMs = 1_000

export function registerSystemRoutes(app: FastifyInstance, dependencies: HttpDependencies): void {
  const { metrics, adminToken, version } = dependencies
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

  app.get('/', async (_request, reply) => sendText(reply, 'text/html; charset=utf-8', firstPage(version)))
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

function firstPage(version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Paravion</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color:#222}code{background:#f2f2f2;padding:.1em .3em}</style>
</head>
<body>
<h1>Paravion</h1>
<p>This is a mail service, version ${version}. It speaks the Mailjet Send API at <code>/v3.1/send</code> and
<code>/v3/send</code>, tells what became of messages at <code>/v3/REST/message</code>, and takes mail by SMTP.</p>
<p>Operators: the command <code>paravion --help</code> lists what can be done; <code>/api/openapi.json</code> describes
the admin API; <code>/healthz</code>, <code>/readyz</code> and <code>/metrics</code> are for monitoring. The manual is
in the folder <code>docs</code> of the package.</p>
</body>
</html>
`
}
