/** The way out, for mail whose author has put none in: a few words with the link, in the language of the mail. */

type Words = { text: string; link: string }

const words: Readonly<Record<string, Words>> = {
  en: { text: 'This mail was sent to [[EMAIL_TO]].', link: 'Unsubscribe' },
  fr: { text: 'Ce message a été envoyé à [[EMAIL_TO]].', link: 'Se désabonner' },
  de: { text: 'Diese Mail ging an [[EMAIL_TO]].', link: 'Abmelden' },
  es: { text: 'Este correo se ha enviado a [[EMAIL_TO]].', link: 'Darse de baja' },
  it: { text: 'Questo messaggio è stato inviato a [[EMAIL_TO]].', link: 'Annulla iscrizione' },
  nl: { text: 'Deze e-mail is verzonden aan [[EMAIL_TO]].', link: 'Afmelden' },
  pt: { text: 'Esta mensagem foi enviada para [[EMAIL_TO]].', link: 'Cancelar a subscrição' },
}

const tag = /\[\[UNSUB_LINK(?:_[A-Z]{2})?\]\]/i
const placeholder = /\{\{[^}]*mj:unsub_link/i

/** `usesLanguage`: else `{{ }}` is text like any other, and leads nowhere. */
export type FooterOptions = { locale: string; usesLanguage: boolean }

function hasWayOut(text: string, { usesLanguage }: FooterOptions): boolean {
  return tag.test(text) || (usesLanguage && placeholder.test(text))
}

export function withFooter(html: string, options: FooterOptions): string {
  if (hasWayOut(html, options)) return html
  const { locale } = options
  const { language, text, link } = wordsFor(locale)
  const footer = `<p style="margin:24px 0 8px;font:12px/1.5 sans-serif;color:#595959;text-align:center">${text} <a href="[[UNSUB_LINK_${language}]]" style="color:#595959">${link}</a></p>`
  const end = html.toLowerCase().lastIndexOf('</body>')
  return end === -1 ? html + footer : html.slice(0, end) + footer + html.slice(end)
}

export function withTextFooter(plain: string, options: FooterOptions): string {
  if (hasWayOut(plain, options)) return plain
  const { locale } = options
  const { language, text, link } = wordsFor(locale)
  return `${plain.trimEnd()}\n\n-- \n${text}\n${link}: [[UNSUB_LINK_${language}]]\n`
}

function wordsFor(locale: string): Words & { language: string } {
  const asked = locale.slice(0, 2).toLowerCase()
  const found = words[asked]
  if (found !== undefined) return { ...found, language: asked.toUpperCase() }
  return { text: 'This mail was sent to [[EMAIL_TO]].', link: 'Unsubscribe', language: 'EN' }
}
