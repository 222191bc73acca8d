/**
 * The process that works on what people wrote: it may take long, or more memory than there is, and then this process
 * ends and not the one that holds the mail. It knows no secrets, answers one task after the other, and ends with its
 * parent.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ContentReply, ContentTask, ProcessMessage } from './tasks.ts'

process.on('message', async (task: ContentTask) => tell(await answer(task)))
process.on('disconnect', () => process.exit())
// A terminal and some supervisors send them to all processes of a program: whoever waits for an answer shall still get
// it. The parent ends us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// While a task is worked on, nothing of the above is heard.
new Worker(new URL(`./end-with-parent${extname(import.meta.url)}`, import.meta.url)).unref()

function tell(message: ProcessMessage): void {
  // Where nobody listens any more, `disconnect` ends us.
  process.send?.(message, undefined, undefined, () => {})
}

async function answer(task: ContentTask): Promise<ContentReply> {
  try {
    const work = await workOf(task)
    tell('begun')
    return await work()
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
  }
}

/** Loads what the task needs, and no more: the compiler alone takes twice the memory of all the others. */
async function workOf(task: ContentTask): Promise<() => ContentReply | Promise<ContentReply>> {
  switch (task.kind) {
    case 'mjml': {
      const { makeHtml } = await import('./make-html.ts')
      return () => makeHtml(task.source)
    }
    case 'text': {
      const { makeText } = await import('./make-text.ts')
      return () => makeText(task.html)
    }
    case 'page': {
      const { makePage } = await import('./make-page.ts')
      return () => makePage(task.html)
    }
  }
}
