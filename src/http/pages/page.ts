/** A small page: no scripts, nothing loaded. */
import type { FastifyReply } from 'fastify'
import { escapeHtml } from '../../mail/escape-html.ts'
import { sendText } from '../replies.ts'

/** `body` is HTML, its texts escaped. */
export type Page = {
  status: number
  title: string
  body: string
  /** Of its texts; left out, English. */
  language?: string
}

export function sendPage(reply: FastifyReply, { status, ...page }: Page): FastifyReply {
  reply.header(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  )
  return sendText(reply.code(status), 'text/html; charset=utf-8', frame(page))
}

function frame({ title, body, language = 'en' }: Omit<Page, 'status'>): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff; max-width: 34rem; margin: 4rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; line-height: 1.25 }
button { font: inherit; color: #fff; background: #1f4e8c; border: 0; border-radius: 0.25rem; padding: 0.6rem 1.2rem; cursor: pointer }
button.minor { color: #1f4e8c; background: none; padding: 0.6rem 0; text-decoration: underline }
button:focus-visible { outline: 3px solid #f2a900; outline-offset: 2px }
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`
}
