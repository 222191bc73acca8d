/**
 * Tasks that may take long or much memory, done in a process that is there only while it is needed: started by the first
 * task, ended when it has been idle for a while or when a task asks for too much. Tasks run one at a time, in turns over
 * those who ask.
 */
import { Refused } from '../runtime/refused.ts'
import { type ContentProcess, type ProcessAnswer, startContentProcess } from './content-process.ts'
import type { ContentTask } from './process/tasks.ts'
import { createTurns, type TurnLimits } from './turns.ts'

export type ContentAnswer = Exclude<ProcessAnswer, { kind: 'not-started' }>

export type Asker = {
  /** Whose turn it is: an API key, a person. */
  owner: string
  /** Aborts when nobody waits for the answer any more: then a task that has not begun is not done. */
  signal?: AbortSignal | undefined
}

export type ContentLimits = TurnLimits & {
  /** For one task, once what it needs is loaded. */
  taskMs: number
  /** How long the process stays without a task. */
  idleMs: number
}

export const usualContentLimits: ContentLimits = {
  taskMs: 5_000,
  idleMs: 30_000,
  maxWaiting: 40,
  maxOfOwner: 10,
  maxCharacters: 20_000_000,
}

type Waiting = { task: ContentTask; characters: number; resolve(answer: ProcessAnswer): void }

/** `execPath`: the Node.js to start. */
export function createContentRunner(limits: ContentLimits = usualContentLimits, execPath = process.execPath) {
  const { taskMs, idleMs } = limits
  const turns = createTurns<Waiting>(limits)
  let child: ContentProcess | undefined
  let idle: NodeJS.Timeout | undefined
  let working: Promise<void> | undefined

  async function end(): Promise<void> {
    const ending = child
    child = undefined
    await ending?.end()
  }

  /** Never rejects. */
  async function workAll(): Promise<void> {
    clearTimeout(idle)
    for (let next = turns.next(); next !== undefined; next = turns.next()) {
      if (child === undefined || child.hasEnded()) child = startContentProcess({ taskMs, execPath })
      next.resolve(await child.ask(next.task))
    }
    working = undefined
    idle = setTimeout(end, idleMs).unref()
  }

  return {
    /**
     * Rejects with Refused where too much waits, or nobody waits for the answer; and where the process cannot be
     * started: the next task tries again.
     */
    async run(task: ContentTask, { owner, signal }: Asker): Promise<ContentAnswer> {
      if (signal?.aborted) throw gone()
      const { promise, resolve, reject } = Promise.withResolvers<ProcessAnswer>()
      const waiting = { task, characters: charactersOf(task), resolve }
      if (!turns.add(owner, waiting)) {
        throw new Refused('busy', 'too many templates and pages are being worked on; try again in a moment')
      }
      const leave = () => {
        if (turns.remove(owner, waiting)) reject(gone())
      }
      signal?.addEventListener('abort', leave, { once: true })
      working ??= workAll()
      try {
        const answer = await promise
        if (answer.kind !== 'not-started') return answer
        throw new Error(`the process that works on templates could not be started: ${answer.reason}`)
      } finally {
        signal?.removeEventListener('abort', leave)
      }
    },
    isRunning: () => child !== undefined && !child.hasEnded(),
    async stop(): Promise<void> {
      await working
      clearTimeout(idle)
      await end()
    },
  }
}

function charactersOf(task: ContentTask): number {
  return task.kind === 'mjml' ? task.source.length : task.html.length
}

function gone(): Refused {
  return new Refused('busy', 'nobody waits for the answer any more')
}

export type ContentRunner = ReturnType<typeof createContentRunner>

/** Templates are made now and then: one process is enough. */
export const sharedRunner = createContentRunner()
