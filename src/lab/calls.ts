/** Calls between the lab's thread and the main one, over the port that Node gives them. */
import type { Transferable } from 'node:worker_threads'

/** What one side offers the other. Arguments and results must survive structured cloning. */
type Procedures = { readonly [name: string]: (argument: never) => unknown }

type Endpoint = {
  postMessage(value: unknown, transfer?: readonly Transferable[]): void
  on(event: 'message', listener: (value: unknown) => void): unknown
}

type Message =
  | { kind: 'call'; id: number; name: string; argument: unknown }
  | { kind: 'result'; id: number; result: unknown }
  | { kind: 'error'; id: number; error: unknown }

export type Calls<Theirs extends Procedures> = {
  call<Name extends keyof Theirs & string>(
    name: Name,
    argument: Parameters<Theirs[Name]>[0],
    transfer?: readonly Transferable[],
  ): Promise<Awaited<ReturnType<Theirs[Name]>>>
  /** Rejects what is still waiting for an answer, and everything from now on. */
  fail(error: Error): void
}

export function createCalls<Theirs extends Procedures>(endpoint: Endpoint, ours: Procedures): Calls<Theirs> {
  const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: unknown) => void }>()
  let nextId = 0
  let failure: Error | undefined

  async function answer({ id, name, argument }: Extract<Message, { kind: 'call' }>): Promise<void> {
    try {
      const procedure = ours[name]
      if (procedure === undefined) throw new Error(`The other side called ${name}, which does not exist`)
      const result: unknown = await procedure(argument as never)
      endpoint.postMessage({ kind: 'result', id, result } satisfies Message)
    } catch (error) {
      endpoint.postMessage({ kind: 'error', id, error } satisfies Message)
    }
  }

  endpoint.on('message', (value) => {
    const message = value as Message
    if (message.kind === 'call') return void answer(message)
    const waiter = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.kind === 'result') waiter?.resolve(message.result as never)
    else waiter?.reject(message.error)
  })

  return {
    call(name, argument, transfer = []) {
      return new Promise((resolve, reject) => {
        if (failure) return reject(failure)
        const id = nextId++
        waiting.set(id, { resolve, reject })
        endpoint.postMessage({ kind: 'call', id, name, argument } satisfies Message, transfer)
      })
    },
    fail(error) {
      failure = error
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    },
  }
}
