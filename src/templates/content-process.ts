/** The process of process/main.ts, seen from outside: started, asked one thing at a time, ended. */
import { type ChildProcess, fork } from 'node:child_process'
import { dirname, extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ContentReply, ContentTask, ProcessMessage } from './process/tasks.ts'

export type ProcessAnswer =
  | ContentReply
  /** It took longer than it may, or more memory, and the process was ended with it. */
  | { kind: 'stopped'; reason: string }
  /** Not the fault of what was asked. */
  | { kind: 'not-started'; reason: string }

export type ContentProcess = {
  /** Never rejects. One at a time. The program does not end while it waits for the answer. */
  ask(task: ContentTask): Promise<ProcessAnswer>
  /** Resolves when it has ended. */
  end(): Promise<void>
  hasEnded(): boolean
}

/** What holds while a task is worked on; with what is loaded, it has room for all that mail should be. */
const maxHeapMegabytes = 256
/** Loading the compiler takes half a second; a machine under load may need many times that. */
const startMs = 60_000

const main = fileURLToPath(new URL(`./process/main${extname(import.meta.url)}`, import.meta.url))

/** `taskMs`: for one task, once what it needs is loaded. */
export function startContentProcess({
  taskMs,
  execPath,
}: {
  taskMs: number
  execPath: string
}): ContentProcess {
  const started = start(execPath)
  if ('reason' in started) {
    const answer: ProcessAnswer = { kind: 'not-started', reason: started.reason }
    return { ask: async () => answer, end: async () => {}, hasEnded: () => true }
  }
  const { child } = started
  let ended: ProcessAnswer | undefined
  const end = Promise.withResolvers<void>()
  const hasEnded = (how: ProcessAnswer) => {
    ended ??= how
    end.resolve()
  }
  child.on('exit', (code, signal) => hasEnded({ kind: 'stopped', reason: reasonOf(code, signal) }))
  child.on('error', (error) => {
    // Without a number it was never there, and no exit will be told.
    if (child.pid === undefined) hasEnded({ kind: 'not-started', reason: error.message })
  })
  keepAlive(child, false)

  async function stop(): Promise<void> {
    child.kill('SIGKILL')
    await end.promise
  }

  return {
    async ask(task) {
      const { promise, resolve } = Promise.withResolvers<ProcessAnswer>()
      let timer = setTimeout(resolve, startMs, { kind: 'not-started', reason: 'it took too long' })
      const onMessage = (message: ProcessMessage) => {
        if (message !== 'begun') return resolve(message)
        clearTimeout(timer)
        timer = setTimeout(resolve, taskMs, {
          kind: 'stopped',
          reason: `it took longer than ${taskMs / 1000} seconds`,
        })
      }
      child.on('message', onMessage)
      keepAlive(child, true)
      // A process that cannot be told anything is ending, and says so itself.
      if (child.connected) child.send(task, () => {})
      try {
        const answer = await Promise.race([promise, end.promise])
        if (answer === undefined) return ended ?? { kind: 'not-started', reason: 'it has ended' }
        if (answer.kind === 'stopped' || answer.kind === 'not-started') await stop()
        return answer
      } finally {
        clearTimeout(timer)
        child.off('message', onMessage)
        keepAlive(child, false)
      }
    },
    end: stop,
    hasEnded: () => ended !== undefined,
  }
}

function start(execPath: string): { child: ChildProcess } | { reason: string } {
  try {
    const child = fork(main, [], {
      execPath,
      execArgv: [`--max-old-space-size=${maxHeapMegabytes}`, '--max-semi-space-size=4'],
      // What it works on was written by others: it gets none of our settings, and no file that is open here.
      env: {},
      cwd: dirname(main),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    })
    return { child }
  } catch (error) {
    // The system has no room for another process.
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

function keepAlive(child: ChildProcess, isWaiting: boolean): void {
  if (isWaiting) {
    child.ref()
    child.channel?.ref()
  } else {
    child.unref()
    child.channel?.unref()
  }
}

/** V8 ends a process whose heap is full with SIGABRT, on Windows with code 134. */
function reasonOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGABRT' || code === 134) return `it asks for more than ${maxHeapMegabytes} MB of memory`
  return `its process has ended (${signal ?? `exit code ${code}`})`
}
