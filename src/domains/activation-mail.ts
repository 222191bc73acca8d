/**
 * The words of an activation mail. Nothing in it was written by who asked for it (no names, no texts): otherwise it
 * would be a way to have our good name under anybody's words.
 */
import { type Address, formatAddress } from '../mail/address.ts'
import { escapeHtml } from '../mail/escape-html.ts'
import type { SystemMail } from './context.ts'

export function activationMail({
  to,
  link,
  instance,
}: {
  to: Address
  link: string
  instance: string
}): SystemMail {
  const email = formatAddress(to)
  const asked = `Somebody wants to send mail from ${email} through ${instance}.`
  const what =
    'If that is you, or somebody you know, open this page and confirm it there. The link works for 48 hours.'
  const otherwise =
    'If you do not know of this, do nothing: without your confirmation nobody can send from your address here.'
  return {
    to,
    subject: `Confirm ${email} as a sender`,
    text: `${asked}\n\n${what}\n\n${link}\n\n${otherwise}\n`,
    html: `<!doctype html>
<html lang="en">
<body style="font-family: sans-serif; font-size: 16px; line-height: 1.5; color: #1c1c1c">
<p>${escapeHtml(asked)}</p>
<p>${escapeHtml(what)}</p>
<p><a href="${escapeHtml(link)}">Look at it and confirm</a></p>
<p>${escapeHtml(otherwise)}</p>
</body>
</html>
`,
  }
}
