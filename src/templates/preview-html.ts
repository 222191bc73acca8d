/**
 * HTML that colleagues wrote, to be looked at as it will be: its styles stay, and what runs, submits or frames goes. The
 * policy would stop all of that as well; without it, no browser has to complain.
 */
import sanitize from 'sanitize-html'

const dropped = new Set(['script', 'noscript', 'iframe', 'frame', 'frameset', 'object', 'embed', 'applet'])
const droppedAlone = new Set(['link', 'meta', 'base'])
const droppedAttributes = new Set(['srcdoc', 'srcset', 'ping', 'action', 'formaction', 'target'])
/** Relative addresses mean nothing in a mail. */
const harmlessUrl = /^\s*(?:https?:|mailto:|tel:|#|data:image\/(?:png|gif|jpeg|webp);)/i
const urlAttributes = new Set(['href', 'src', 'background', 'poster', 'xlink:href'])

export function previewHtml(html: string): string {
  const clean = sanitize(html, {
    allowedTags: false,
    allowedAttributes: false,
    allowVulnerableTags: true,
    parseStyleAttributes: false,
    nestingLimit: 500,
    exclusiveFilter: ({ tag }) => dropped.has(tag) || droppedAlone.has(tag),
    transformTags: {
      '*': (tagName, attributes) => ({
        tagName: tagName === 'form' ? 'div' : tagName,
        attribs: Object.fromEntries(
          Object.entries(attributes).filter(([name, value]) => isHarmless(name, value)),
        ),
      }),
    },
  })
  // Fonts from elsewhere would be refused, as a mail reader refuses them.
  return `<!doctype html>\n<base target="_blank">${clean.replaceAll(/@import\b[^;<]{0,2000};/gi, '')}`
}

function isHarmless(name: string, value: string): boolean {
  const lower = name.toLowerCase()
  if (lower.startsWith('on') || droppedAttributes.has(lower)) return false
  return !urlAttributes.has(lower) || harmlessUrl.test(value)
}

/** Nothing runs, and nothing is reached but images; wherever the page is shown, it is in a sandbox. */
export const previewPolicy =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
