/** HTML that colleagues wrote, as a page to look at: see process/make-page.ts. */
import { Refused } from '../runtime/refused.ts'
import { type Asker, type ContentRunner, sharedRunner } from './run-in-process.ts'

export const maxPreviewCharacters = 2_000_000

/** Throws Refused where it is too large or asks for too much. Rejects as `run` does, too. */
export async function previewHtml(
  html: string,
  asker: Asker,
  runner: Pick<ContentRunner, 'run'> = sharedRunner,
): Promise<string> {
  if (html.length > maxPreviewCharacters) {
    throw new Refused(
      'too-large',
      `the HTML has ${html.length} characters; at most ${maxPreviewCharacters} can be looked at`,
    )
  }
  const reply = await runner.run({ kind: 'page', html }, asker)
  switch (reply.kind) {
    case 'page':
      return reply.html
    case 'stopped':
    case 'failed':
      throw new Refused('too-large', `the HTML cannot be looked at: ${reply.reason}`)
    case 'mjml':
    case 'text':
      throw new Error('the process for templates answered another question')
  }
}

/** Nothing runs, and nothing is reached but images; wherever the page is shown, it is in a sandbox. */
export const previewPolicy =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
