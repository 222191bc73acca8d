/** The text part of a mail that was written as HTML alone. */
import { sharedThread, type ThreadRunner } from './run-in-thread.ts'

/** Undefined where none could be made: the HTML is too large, or nested too deeply. */
export async function htmlToText(
  html: string,
  thread: Pick<ThreadRunner, 'run'> = sharedThread,
): Promise<string | undefined> {
  const reply = await thread.run({ kind: 'text', html })
  return reply.kind === 'text' ? reply.text : undefined
}
