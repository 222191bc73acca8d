/** The thread that makes HTML from MJML and text from HTML: both take a while, and neither may hold up mail. */
import { parentPort } from 'node:worker_threads'
import { convert } from 'html-to-text'
import mjml2html from 'mjml'
import { structureProblems } from './mjml-structure.ts'
import type { ThreadReply, ThreadTask } from './run-in-thread.ts'

const maxProblems = 20
const maxHtmlCharacters = 5_000_000

parentPort?.on('message', async (task: ThreadTask) => {
  parentPort?.postMessage(await answer(task))
})
parentPort?.postMessage('ready')

async function answer(task: ThreadTask): Promise<ThreadReply> {
  try {
    return task.kind === 'mjml'
      ? { kind: 'mjml', ...(await compile(task.source)) }
      : { kind: 'text', text: toText(task.html) }
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
  }
}

async function compile(source: string): Promise<{ html: string; problems: string[] }> {
  const structure = structureProblems(source)
  try {
    const { html, errors } = await mjml2html(source, { ignoreIncludes: true, validationLevel: 'soft' })
    if (html.length > maxHtmlCharacters) {
      return { html: '', problems: [`the HTML is longer than ${maxHtmlCharacters} characters`] }
    }
    const found = errors
      // What the template language will put there is not known yet.
      .filter(({ message }) => !/has invalid value: .*(?:\{\{|\{%|\[\[)/s.test(message))
      .map(({ line, tagName, message }) => `line ${line}: ${tagName}: ${message}`)
    return { html, problems: [...structure, ...found].slice(0, maxProblems) }
  } catch (error) {
    if (error instanceof RangeError) return { html: '', problems: ['elements are nested too deeply'] }
    if (structure.length > 0) return { html: '', problems: structure }
    return { html: '', problems: [`line 1: ${error instanceof Error ? error.message : String(error)}`] }
  }
}

function toText(html: string): string {
  return convert(html, {
    wordwrap: 78,
    limits: { maxInputLength: maxHtmlCharacters },
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
      // Layout tables: their cells are paragraphs, one after the other.
      { selector: 'table', format: 'block' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
        selector,
        options: { uppercase: false },
      })),
    ],
  }).trim()
}
