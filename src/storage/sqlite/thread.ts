/** A worker thread that answers requests one after the other: both of its ends. */
import { extname } from 'node:path'
import { parentPort, type TransferListItem, Worker, workerData } from 'node:worker_threads'
import { StorageUnavailable } from '../storage.ts'
import { type ThreadFailure, toError, toFailure } from './failures.ts'

type Reply = { ok: true; value: unknown } | { ok: false; failure: ThreadFailure }

export type Thread<Request> = {
  /** Replies come in the order of the requests. The caller knows which reply belongs to which request. */
  request(request: Request, transfer?: readonly TransferListItem[]): Promise<unknown>
  /** Requests not yet answered. */
  pending(): number
  /** Lets it answer what it has, then ends it. */
  stop(): Promise<void>
}

/** Starts `name` beside this file (as .ts or .js, whichever this one is) and waits until it is ready. */
export async function startThread<Request>(
  name: string,
  { data, onDeath }: { data: unknown; onDeath(error: Error): void },
): Promise<{ thread: Thread<Request>; greeting: unknown }> {
  const worker = new Worker(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url), {
    workerData: data,
    name: `storage-${name}`,
  })
  const waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = []
  let head = 0
  let death: Error | undefined
  let stopping = false

  worker.on('message', (reply: Reply) => {
    const entry = waiting[head++]
    if (head > 1024) waiting.splice(0, head)
    if (head > 1024) head = 0
    if (reply.ok) entry?.resolve(reply.value)
    else entry?.reject(toError(reply.failure))
  })
  const die = (reason: Error) => {
    if (death !== undefined) return
    death = new StorageUnavailable(`The ${name} thread of the storage has ended.`, { cause: reason })
    for (const entry of waiting.splice(0).slice(head)) entry.reject(death)
    head = 0
    if (!stopping) onDeath(death)
  }
  worker.on('error', die)
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      die(new Error(`exit code ${code}`))
      resolve()
    })
  })

  const thread: Thread<Request> = {
    request: (request, transfer = []) =>
      new Promise((resolve, reject) => {
        if (death !== undefined) return reject(death)
        waiting.push({ resolve, reject })
        worker.postMessage(request, transfer)
      }),
    pending: () => waiting.length - head,
    async stop() {
      stopping = true
      if (death === undefined) worker.postMessage(null)
      await exited
    },
  }

  // The first reply is sent unasked: it says whether the thread could open the database.
  try {
    const greeting = await new Promise<unknown>((resolve, reject) => waiting.push({ resolve, reject }))
    return { thread, greeting }
  } catch (error) {
    stopping = true
    await worker.terminate()
    throw error
  }
}

export type Answer = { value: unknown; transfer?: readonly TransferListItem[] }

/** The worker's end: `open` makes what answers; null from the other end stops it. */
export function serveThread<Data, Request>(
  open: (data: Data) => { greeting?: unknown; answer(request: Request): Answer; close(): void },
) {
  const port = parentPort
  if (port === null) throw new Error('This file is started as a thread by the storage, not by hand.')
  const refuse = (error: unknown) =>
    port.postMessage({ ok: false, failure: toFailure(error) } satisfies Reply)

  let server: ReturnType<typeof open>
  try {
    server = open(workerData as Data)
  } catch (error) {
    refuse(error)
    return
  }
  port.on('message', (request: Request | null) => {
    if (request === null) {
      server.close()
      port.close()
      return
    }
    try {
      const { value, transfer = [] } = server.answer(request)
      port.postMessage({ ok: true, value } satisfies Reply, transfer)
    } catch (error) {
      refuse(error)
    }
  })
  port.postMessage({ ok: true, value: server.greeting } satisfies Reply)
}
