/**
 * A thread that is there only while it is needed: started by the first task, ended when it has been idle for a while
 * or when a task takes too long. Tasks run one after the other.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

export type ThreadTask = { kind: 'mjml'; source: string } | { kind: 'text'; html: string }

export type ThreadReply =
  | { kind: 'mjml'; html: string; problems: string[] }
  | { kind: 'text'; text: string }
  | { kind: 'failed'; reason: string }
  /** The task took longer than it may, or more memory, and the thread was ended with it. */
  | { kind: 'stopped'; reason: string }

export type ThreadLimits = {
  /** For one task, once the thread is ready. */
  taskMs: number
  /** How long the thread stays without a task. */
  idleMs: number
}

export const usualThreadLimits: ThreadLimits = { taskMs: 5_000, idleMs: 30_000 }

/** Loading the compilers takes half a second; a machine under load may need many times that. */
const startMs = 60_000

export function createThreadRunner({ taskMs, idleMs }: ThreadLimits = usualThreadLimits) {
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  function start(): Worker {
    const started = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), {
      name: 'templates',
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 },
    })
    // What it dies of is told to the task that it was at; between tasks nobody needs it.
    started.on('error', () => {})
    started.once('exit', () => {
      if (worker === started) worker = undefined
    })
    return started
  }

  async function end(): Promise<void> {
    const ended = worker
    worker = undefined
    await ended?.terminate()
  }

  async function runOne(task: ThreadTask): Promise<ThreadReply> {
    clearTimeout(idle)
    const isNew = worker === undefined
    worker ??= start()
    worker.ref()
    const one = worker
    const { promise, resolve } = Promise.withResolvers<ThreadReply>()
    const stop = (reason: string) => resolve({ kind: 'stopped', reason })
    let timer = setTimeout(stop, isNew ? startMs : taskMs, isNew ? 'it did not start' : tooLong)
    const onMessage = (message: ThreadReply | 'ready') => {
      if (message !== 'ready') return resolve(message)
      clearTimeout(timer)
      timer = setTimeout(stop, taskMs, tooLong)
    }
    const onError = (error: unknown) => stop(error instanceof Error ? error.message : String(error))
    const onExit = () => stop('the thread has ended')
    one.on('message', onMessage).on('error', onError).on('exit', onExit)
    one.postMessage(task)
    try {
      const reply = await promise
      if (reply.kind === 'stopped') await end()
      return reply
    } finally {
      clearTimeout(timer)
      one.off('message', onMessage).off('error', onError).off('exit', onExit)
      one.unref()
    }
  }

  const tooLong = `it took longer than ${taskMs / 1000} seconds`

  return {
    /** Never rejects. */
    run(task: ThreadTask): Promise<ThreadReply> {
      waiting++
      const reply = last.then(async () => {
        try {
          return await runOne(task)
        } finally {
          waiting--
          if (waiting === 0) idle = setTimeout(end, idleMs).unref()
        }
      })
      last = reply
      return reply
    },
    isRunning: () => worker !== undefined,
    async stop(): Promise<void> {
      await last
      clearTimeout(idle)
      await end()
    },
  }
}

export type ThreadRunner = ReturnType<typeof createThreadRunner>

/** Templates are made now and then: one thread is enough for the process. */
export const sharedThread = createThreadRunner()
