/** The text part of a mail that was written as HTML alone. */
import { type Asker, type ContentRunner, sharedRunner } from './run-in-process.ts'

/** Undefined where none could be made: the HTML is too large, or nested too deeply. Rejects as `run` does. */
export async function htmlToText(
  html: string,
  asker: Asker,
  runner: Pick<ContentRunner, 'run'> = sharedRunner,
): Promise<string | undefined> {
  const reply = await runner.run({ kind: 'text', html }, asker)
  return reply.kind === 'text' ? reply.text : undefined
}
