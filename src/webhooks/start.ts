/** Webhooks, alive: events become calls a moment after they happened, and calls are made as they are due. */
import type { WebhookId } from '../mail/ids.ts'
import { createLaneWorker } from '../queue/lane-worker.ts'
import type { Queue } from '../queue/queue.ts'
import type { Work } from '../queue/work.ts'
import { guardReschedule } from '../queue/writes.ts'
import { SealBroken } from '../runtime/seal.ts'
import { createByteRoom } from './byte-room.ts'
import { callLane } from './calls.ts'
import type { WebhooksContext } from './context.ts'
import { openHook } from './post-body.ts'
import { runCalls } from './run-calls.ts'
import { settleRun, type Tally } from './settle-run.ts'
import { tellEvents } from './tell-events.ts'
import { selectWebhooks } from './webhooks.ts'

export type RunningWebhooks = {
  wake(): void
  /** Events that have happened are calls when it resolves. */
  catchUp(): Promise<void>
  /** Waits so long for calls that are on their way. */
  stop(options: { graceMs: number }): Promise<void>
}

/** So that events of about a second go out together. */
const everyMs = 1_000
const webhooksAtOnce = 32
/** A receiver that is slow keeps no more of our time than this many. */
const webhooksAtOnceByHost = 4
const hostBusyMs = 1_000
/** With all that is made of it (make-call.ts). */
const mailBytesAtOnce = 192 * 1024 * 1024

export function startWebhooks(
  ctx: WebhooksContext,
  { queue }: { queue: Pick<Queue, 'claim' | 'nextDueAt'> },
): RunningWebhooks {
  const { storage, clock, log } = ctx
  const stopping = new AbortController()
  const interrupting = new AbortController()
  const byHost = new Map<string, number>()
  const takeRoom = createByteRoom(mailBytesAtOnce)
  const worker = createLaneWorker({
    ...{ storage, queue, clock, log, lane: callLane },
    atOnce: webhooksAtOnce,
    maxPerKey: 1,
    handle: run,
  })

  async function run(work: Work): Promise<void> {
    try {
      const [row] = await selectWebhooks(storage.db, { id: work.ref as WebhookId }).execute()
      const hook = row && openHook(ctx, row)
      if (hook !== undefined && (byHost.get(hook.host) ?? 0) >= webhooksAtOnceByHost) {
        return await putOff(work, hostBusyMs)
      }
      await countingHost(hook?.host ?? '', () =>
        runCalls({ ...ctx, takeRoom }, { work, hook, signal: interrupting.signal }),
      )
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error
      // Nobody can call it: as if it did not answer, so that it is shown, has its rests, and is given up in the end.
      await settleRun(ctx, work, failedRun(error.message))
      log.error({ err: error, webhookId: work.ref }, 'a webhook could not be called; it will be')
    }
  }

  function failedRun(problem: string): Tally {
    return { delivered: 0, failed: 1, problem, failedAt: clock.now() }
  }

  async function countingHost(host: string, use: () => Promise<void>): Promise<void> {
    byHost.set(host, (byHost.get(host) ?? 0) + 1)
    try {
      await use()
    } finally {
      const left = (byHost.get(host) ?? 1) - 1
      if (left > 0) byHost.set(host, left)
      else byHost.delete(host)
    }
  }

  async function putOff(work: Work, ms: number): Promise<void> {
    const lease = { id: work.id, owner: storage.nodeId, due_at: clock.now() + ms }
    await storage.commit({ guards: [guardReschedule(lease)], writes: [] })
  }

  let telling: Promise<void> = Promise.resolve()
  function tell(): Promise<void> {
    telling = telling
      .catch(() => undefined)
      .then(async () => {
        while ((await tellEvents({ ...ctx, wakeCalls: worker.wake })).isMore && !stopping.signal.aborted);
      })
    return telling
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(everyMs, stopping.signal)
      if (stopping.signal.aborted) return
      try {
        await tell()
      } catch (error) {
        log.error({ err: error }, 'webhooks could not be told of events; they will be')
      }
    }
  })()

  return {
    wake: worker.wake,
    catchUp: tell,
    async stop({ graceMs }) {
      stopping.abort()
      const enough = new AbortController()
      const stopped = worker.stop()
      await loop
      const late = clock.sleep(graceMs, enough.signal).then(() => interrupting.abort())
      await Promise.all([telling.catch(() => undefined), stopped])
      enough.abort()
      await late
    },
  }
}
