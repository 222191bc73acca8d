/** MJML becomes HTML (reference/template-language.md §7): template code passes through as it is written. */
import { sharedThread, type ThreadRunner } from './run-in-thread.ts'

export const maxMjmlCharacters = 1_000_000

export type CompiledMjml = {
  /** '' where nothing could be made of the source. */
  html: string
  /** One sentence for each fault, with its line where it has one; empty where all is well. */
  problems: string[]
}

/**
 * Reads no file and no address, whatever the source asks for. Never rejects: a fault in the source is a problem, and so
 * is a source that is too long or that takes more than some seconds. HTML that comes with problems is for looking at.
 */
export async function compileMjml(
  source: string,
  thread: Pick<ThreadRunner, 'run'> = sharedThread,
): Promise<CompiledMjml> {
  if (source.length > maxMjmlCharacters) {
    return failed(`the MJML has ${source.length} characters; at most ${maxMjmlCharacters} are compiled`)
  }
  const reply = await thread.run({ kind: 'mjml', source })
  switch (reply.kind) {
    case 'mjml':
      return { html: reply.html, problems: reply.problems }
    case 'stopped':
    case 'failed':
      return failed(`the MJML could not be compiled: ${reply.reason}`)
    case 'text':
      throw new Error('the templates thread answered another question')
  }
}

function failed(problem: string): CompiledMjml {
  return { html: '', problems: [problem] }
}
