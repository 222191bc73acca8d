/**
 * HTML that colleagues wrote, to be looked at as it will be: its styles stay, and what runs, submits or frames goes. The
 * policy would stop all of that as well; without it, no browser has to complain.
 */
import sanitize from 'sanitize-html'
import { type ContentReply, maxHtmlCharacters } from './tasks.ts'

const dropped = new Set(['script', 'noscript', 'iframe', 'frame', 'frameset', 'object', 'embed', 'applet'])
const droppedAlone = new Set(['link', 'meta', 'base'])
const droppedAttributes = new Set(['srcdoc', 'srcset', 'ping', 'action', 'formaction', 'target'])
/** Relative addresses mean nothing in a mail. */
const harmlessUrl = /^\s*(?:https?:|mailto:|tel:|#|data:image\/(?:png|gif|jpeg|webp);)/i
const urlAttributes = new Set(['href', 'src', 'background', 'poster', 'xlink:href'])

export function makePage(html: string): ContentReply {
  const page = `<!doctype html>\n<base target="_blank">${withoutImports(clean(html))}`
  // Each character that is escaped becomes several.
  return page.length > maxHtmlCharacters
    ? { kind: 'failed', reason: `its page would be longer than ${maxHtmlCharacters} characters` }
    : { kind: 'page', html: page }
}

function clean(html: string): string {
  return sanitize(html, {
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
}

/** Fonts from elsewhere would be refused, as a mail reader refuses them. Each character is looked at once. */
function withoutImports(html: string): string {
  return html.replaceAll(/@import\b[^;<]*(;?)/gi, (whole, end) => (end === ';' ? '' : whole))
}

function isHarmless(name: string, value: string): boolean {
  const lower = name.toLowerCase()
  if (lower.startsWith('on') || droppedAttributes.has(lower)) return false
  return !urlAttributes.has(lower) || harmlessUrl.test(value)
}
