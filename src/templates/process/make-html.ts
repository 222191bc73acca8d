/** HTML from MJML. */
import mjml2html from 'mjml'
import { structureProblems } from '../mjml-structure.ts'
import { type ContentReply, maxHtmlCharacters } from './tasks.ts'

const maxProblems = 20
/** Some sentences quote the source. */
const maxProblemCharacters = 500

export async function makeHtml(source: string): Promise<ContentReply> {
  const { html, problems } = await compile(source)
  const shown = problems.slice(0, maxProblems).map((text) => text.slice(0, maxProblemCharacters))
  return { kind: 'mjml', html, problems: shown }
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
    return { html, problems: [...structure, ...found] }
  } catch (error) {
    if (error instanceof RangeError) return { html: '', problems: ['elements are nested too deeply'] }
    if (structure.length > 0) return { html: '', problems: structure }
    return { html: '', problems: [`line 1: ${error instanceof Error ? error.message : String(error)}`] }
  }
}
