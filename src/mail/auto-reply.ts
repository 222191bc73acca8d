/** Is a message an automatic answer (RFC 3834, and the older signs)? It is never counted as a bounce, nor answered. */
import type { IncomingMessage } from './incoming-message.ts'

const subjects =
  /^(?:auto(?:matic(?:ally generated)?)?[ -]?(?:reply|response)|out of (?:the )?office|abwesen|automatische antwort|r[ée]ponse automatique|absence|respuesta autom[áa]tica)/i

/** Which sign tells it; undefined when a person may have written it. */
export function autoReplySign({
  headers,
  autoSubmitted,
  precedence,
  subject,
}: IncomingMessage): string | undefined {
  const value = (lower: string) => headers.find(({ name }) => name.toLowerCase() === lower)?.value
  if (autoSubmitted !== undefined && autoSubmitted !== 'no' && autoSubmitted !== '') {
    return `Auto-Submitted: ${autoSubmitted}`
  }
  for (const name of ['X-Autoreply', 'X-Autorespond', 'X-Autoresponder', 'X-Auto-Response-Suppress']) {
    const given = value(name.toLowerCase())
    if (given !== undefined && !/^(?:no|none)$/i.test(given)) return name
  }
  if (precedence !== undefined && ['auto_reply', 'bulk', 'junk'].includes(precedence)) {
    return `Precedence: ${precedence}`
  }
  if (value('return-path')?.replaceAll(/\s/g, '') === '<>') return 'null return path'
  return subjects.test(subject) ? 'subject' : undefined
}
