/** MJML becomes HTML (reference/template-language.md §7): template code passes through as it is written. */
import { type Asker, type ContentRunner, sharedRunner } from './run-in-process.ts'

export const maxMjmlCharacters = 1_000_000

export type CompiledMjml = {
  /** '' where nothing could be made of the source. */
  html: string
  /** One sentence for each fault, with its line where it has one; empty where all is well. */
  problems: string[]
}

/**
 * Reads no file and no address, whatever the source asks for. A fault in the source is a problem, and so is a source
 * that is too long, or that takes more than some seconds or more memory than it may. HTML that comes with problems is
 * for looking at. Rejects as `run` does.
 */
export async function compileMjml(
  source: string,
  asker: Asker,
  runner: Pick<ContentRunner, 'run'> = sharedRunner,
): Promise<CompiledMjml> {
  if (source.length > maxMjmlCharacters) {
    return failed(`the MJML has ${source.length} characters; at most ${maxMjmlCharacters} are compiled`)
  }
  const reply = await runner.run({ kind: 'mjml', source }, asker)
  switch (reply.kind) {
    case 'mjml':
      return { html: reply.html, problems: reply.problems }
    case 'stopped':
    case 'failed':
      return failed(`the MJML could not be compiled: ${reply.reason}`)
    case 'text':
    case 'page':
      throw new Error('the process for templates answered another question')
  }
}

function failed(problem: string): CompiledMjml {
  return { html: '', problems: [problem] }
}
