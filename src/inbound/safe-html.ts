/**
 * A stranger's HTML as it may be looked at: no scripts, forms, frames or styles that reach out; images only those that
 * came with the mail, unless asked for; every link says where it goes.
 */
import sanitize from 'sanitize-html'
import { escapeHtml } from '../mail/escape-html.ts'
import type { IncomingMessage } from '../mail/incoming-message.ts'

export type SafePage = { html: string; contentSecurityPolicy: string; remoteImages: number }

const inlineTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const maxInlineBytes = 2 * 1024 * 1024
const maxInlineBytesTotal = 8 * 1024 * 1024
const maxHtmlLength = 2 * 1024 * 1024

export function safePage(message: IncomingMessage, { images }: { images: 'none' | 'remote' }): SafePage {
  const inline = inlineImages(message)
  let remoteImages = 0
  const source =
    message.html === undefined
      ? `<pre>${escapeHtml(message.text ?? '')}</pre>`
      : message.html.slice(0, maxHtmlLength)
  const body = sanitize(source, {
    allowedTags: [...sanitize.defaults.allowedTags, 'img', 'center', 'font', 'del', 'ins'],
    allowedAttributes: {
      a: ['href', 'title', 'target', 'rel'],
      img: ['src', 'alt', 'title', 'width', 'height'],
      font: ['color', 'size'],
      table: ['width', 'border', 'cellpadding', 'cellspacing', 'align', 'bgcolor'],
      td: ['width', 'height', 'align', 'valign', 'colspan', 'rowspan', 'bgcolor'],
      th: ['width', 'height', 'align', 'valign', 'colspan', 'rowspan', 'bgcolor'],
      '*': ['dir', 'lang', 'align', 'style'],
    },
    allowedStyles: { '*': harmlessStyles },
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    allowedSchemesByTag: { img: images === 'remote' ? ['data', 'https', 'http'] : ['data'] },
    allowProtocolRelative: false,
    nestingLimit: 200,
    transformTags: {
      a: (tagName, { href = '', title }) => ({
        tagName,
        attribs: {
          ...(/^(?:https?|mailto|tel):/i.test(href.trim()) && { href }),
          title: href.slice(0, 2_000) || (title ?? ''),
          target: '_blank',
          rel: 'noopener noreferrer nofollow',
        },
      }),
      img(tagName, { src = '', ...attributes }) {
        const contentId = /^cid:(.+)$/is.exec(src.trim())?.[1]
        const found = contentId === undefined ? undefined : inline.get(decodeContentId(contentId))
        if (found !== undefined) return { tagName, attribs: { ...attributes, src: found } }
        const isRemote = /^https?:/i.test(src.trim())
        if (isRemote) remoteImages += 1
        return {
          tagName,
          attribs: isRemote && images === 'remote' ? { ...attributes, src } : attributes,
        }
      },
    },
  })
  return {
    html: page(linksVisible(body)),
    contentSecurityPolicy: policy(images),
    remoteImages,
  }
}

const colour = /^(?:#[0-9a-f]{3,8}|[a-z]{3,20}|rgba?\([\d\s,.%]{1,40}\))$/i
const length = /^-?[\d.]{1,8}(?:px|em|rem|%|pt)?$/i
const harmlessStyles = {
  color: [colour],
  'background-color': [colour],
  'text-align': [/^(?:left|right|center|justify)$/i],
  'font-weight': [/^(?:bold|normal|[1-9]00)$/i],
  'font-style': [/^(?:italic|normal)$/i],
  'font-size': [length],
  'text-decoration': [/^(?:underline|line-through|none)$/i],
  padding: [length],
  margin: [length],
  width: [length],
  'max-width': [length],
}

/** The frame is sandboxed by the page that shows it, and by this, wherever it is shown. */
function policy(images: 'none' | 'remote'): string {
  const sources = images === 'remote' ? 'data: https: http:' : 'data:'
  return `sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src ${sources}; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'`
}

/** Behind each link the address it leads to, where its own words do not say it. */
function linksVisible(html: string): string {
  return html.replaceAll(/<a ([^>]*)>(.*?)<\/a>/gs, (whole, attributes: string, inner: string) => {
    const href = /\bhref="([^"]*)"/.exec(attributes)?.[1]
    if (href === undefined || href === '') return whole
    const words = inner.replaceAll(/<[^>]*>/g, '').trim()
    return words === href ? whole : `${whole} <span class="target">[${href}]</span>`
  })
}

function inlineImages({ attachments }: IncomingMessage): Map<string, string> {
  const found = new Map<string, string>()
  let total = 0
  for (const { contentId, mimeType, content } of attachments) {
    if (contentId === undefined || !inlineTypes.includes(mimeType)) continue
    total += content.length
    if (content.length > maxInlineBytes || total > maxInlineBytesTotal) continue
    found.set(contentId, `data:${mimeType};base64,${Buffer.from(content).toString('base64')}`)
  }
  return found
}

function decodeContentId(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function page(body: string): string {
  return `<!doctype html>
<html><head><meta charset="utf-8"><title>Message</title>
<style>body{font:15px/1.5 sans-serif;color:#1c1c1c;background:#fff;margin:16px;overflow-wrap:anywhere}pre{white-space:pre-wrap;font:inherit}img{max-width:100%;height:auto}.target{color:#666;font-size:85%}</style>
</head><body>
${body}
</body></html>
`
}
