/** The words of the mail that asks for the second yes. */
import { escapeHtml } from '../mail/escape-html.ts'

export function signUpMail({ email, listName, link }: { email: string; listName: string; link: string }): {
  subject: string
  text: string
  html: string
} {
  const name = listName.replaceAll(/\s+/g, ' ').trim()
  const asked = `Somebody wants ${email} to get the mails of "${name}".`
  const what = 'If that is you, open this page and confirm it there. The link works for seven days.'
  const otherwise = 'If it is not, do nothing: without your confirmation you get none of them.'
  return {
    subject: `Please confirm: ${name}`,
    text: `${asked}\n\n${what}\n\n${link}\n\n${otherwise}\n`,
    html: `<!doctype html>
<html lang="en">
<body style="font-family: sans-serif; font-size: 16px; line-height: 1.5; color: #1c1c1c">
<p>${escaped(asked)}</p>
<p>${escaped(what)}</p>
<p><a href="${escaped(link)}">Look at it and confirm</a></p>
<p>${escaped(otherwise)}</p>
</body>
</html>
`,
  }
}

/** Brackets too: the sender's variables are written in them. */
function escaped(text: string): string {
  return escapeHtml(text).replace(/[[\]{}]/g, (character) => `&#${character.charCodeAt(0)};`)
}
