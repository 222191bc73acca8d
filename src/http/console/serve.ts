/** Serves the web console: its page at every address of its own, its files below /assets. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendText } from '../replies.ts'

/** Stands in the built page where the nonce of each answer goes (web/vite.config.ts). */
const noncePlaceholder = '__CSP_NONCE__'

/** Paths that belong to programs: what is not found there is an error, not a page. */
const programPaths = new Set([
  'api',
  'v3',
  'v3.1',
  'v4',
  'assets',
  'activate',
  'healthz',
  'readyz',
  'metrics',
])

export type ConsolePages = {
  /** The console's page, where the request is a person's who follows a link; undefined where it is not. */
  answer(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined
}

/** `folder`: what the build of `web/` wrote; where there is none, `/` says so. */
export function registerConsole(app: FastifyInstance, { folder }: { folder: string }): ConsolePages {
  const indexFile = join(folder, 'index.html')
  const index = existsSync(indexFile) ? readFileSync(indexFile, 'utf8') : undefined

  function answerPage(reply: FastifyReply): FastifyReply {
    if (index === undefined) return sendText(reply.code(503), 'text/html; charset=utf-8', notBuilt)
    const nonce = randomBytes(18).toString('base64')
    reply.headers({
      'Content-Security-Policy': consolePolicy(nonce),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    })
    return sendText(reply, 'text/html; charset=utf-8', index.replaceAll(noncePlaceholder, nonce))
  }

  app.get('/', async (_request, reply) => answerPage(reply))
  if (index !== undefined) {
    app.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: '/assets/',
      index: false,
      preCompressed: true,
      // The names of the files change with what is in them.
      maxAge: '365d',
      immutable: true,
    })
  }

  return {
    answer: (request, reply) => (isPage(request) ? answerPage(reply) : undefined),
  }
}

function isPage(request: FastifyRequest): boolean {
  if (request.method !== 'GET' || !(request.headers.accept ?? '').includes('text/html')) return false
  const path = request.url.split('?', 1)[0] ?? ''
  return !programPaths.has((path.split('/')[1] ?? '').toLowerCase())
}

/**
 * Scripts come from our own files only. Styles too, and from the `<style>` elements that the component library writes
 * with the nonce. Mail is shown in a frame with a policy of its own.
 */
function consolePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const notBuilt = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Paravion</title></head>
<body>
<h1>Paravion</h1>
<p>This mail service runs, but its console was not built. Run <code>npm run build</code> and start it again.</p>
</body>
</html>
`
