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
  const footer = htmlFooter(wordsFor(options.locale))
  const end = html.toLowerCase().lastIndexOf('</body>')
  return end === -1 ? html + footer : html.slice(0, end) + footer + html.slice(end)
}

export function withTextFooter(plain: string, options: FooterOptions): string {
  if (hasWayOut(plain, options)) return plain
  return plain.trimEnd() + textFooter(wordsFor(options.locale))
}

/** Without the words that were put in, which say nothing to anybody else. */
export function withoutFooters<Texts extends { html?: string; text?: string }>(texts: Texts): Texts {
  const { html, text } = texts
  return {
    ...texts,
    ...(html !== undefined && { html: without(html, htmlFooter) }),
    ...(text !== undefined && { text: without(text.replaceAll('\r\n', '\n'), textFooter) }),
  }
}

function without(source: string, footerOf: (words: FooterWords) => string): string {
  const footer = Object.keys(words)
    .map((language) => footerOf(wordsFor(language)).trimEnd())
    .find((one) => source.includes(one))
  if (footer === undefined) return source
  const at = source.lastIndexOf(footer)
  return source.slice(0, at) + source.slice(at + footer.length)
}

type FooterWords = ReturnType<typeof wordsFor>

function htmlFooter({ language, text, link }: FooterWords): string {
  return `<p style="margin:24px 0 8px;font:12px/1.5 sans-serif;color:#595959;text-align:center">${text} <a href="[[UNSUB_LINK_${language}]]" style="color:#595959">${link}</a></p>`
}

function textFooter({ language, text, link }: FooterWords): string {
  return `\n\n-- \n${text}\n${link}: [[UNSUB_LINK_${language}]]\n`
}

function wordsFor(locale: string): Words & { language: string } {
  const asked = locale.slice(0, 2).toLowerCase()
  const found = words[asked]
  if (found !== undefined) return { ...found, language: asked.toUpperCase() }
  return { text: 'This mail was sent to [[EMAIL_TO]].', link: 'Unsubscribe', language: 'EN' }
}
