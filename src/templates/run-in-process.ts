/**
 * Tasks that may take long or much memory, done in a process that is there only while it is needed: started by the first
 * task, ended when it has been idle for a while or when a task asks for too much. Tasks run one after the other.
 */
import { type ContentProcess, type ProcessAnswer, startContentProcess } from './content-process.ts'
import type { ContentTask } from './process/tasks.ts'

export type ContentAnswer = Exclude<ProcessAnswer, { kind: 'not-started' }>

export type ContentLimits = {
  /** For one task, once what it needs is loaded. */
  taskMs: number
  /** How long the process stays without a task. */
  idleMs: number
}

export const usualContentLimits: ContentLimits = { taskMs: 5_000, idleMs: 30_000 }

/** `execPath`: the Node.js to start. */
export function createContentRunner(
  { taskMs, idleMs }: ContentLimits = usualContentLimits,
  execPath = process.execPath,
) {
  let child: ContentProcess | undefined
  let idle: NodeJS.Timeout | undefined
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function end(): Promise<void> {
    const ending = child
    child = undefined
    await ending?.end()
  }

  /** Never rejects. */
  async function runOne(task: ContentTask): Promise<ProcessAnswer> {
    clearTimeout(idle)
    if (child === undefined || child.hasEnded()) child = startContentProcess({ taskMs, execPath })
    const answer = await child.ask(task)
    waiting--
    if (waiting === 0) idle = setTimeout(end, idleMs).unref()
    return answer
  }

  return {
    /** Rejects where the process cannot be started; the next task tries again. */
    async run(task: ContentTask): Promise<ContentAnswer> {
      waiting++
      const turn = last.then(() => runOne(task))
      last = turn
      const answer = await turn
      if (answer.kind !== 'not-started') return answer
      throw new Error(`the process that works on templates could not be started: ${answer.reason}`)
    },
    isRunning: () => child !== undefined && !child.hasEnded(),
    async stop(): Promise<void> {
      await last
      clearTimeout(idle)
      await end()
    },
  }
}

export type ContentRunner = ReturnType<typeof createContentRunner>

/** Templates are made now and then: one process is enough. */
export const sharedRunner = createContentRunner()
