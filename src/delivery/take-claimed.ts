/** Work that was claimed gets its message and its body, where there is room for them; the rest goes back. */
import type { Kysely } from 'kysely'
import { sizeInMemory } from '../intake/hand-over.ts'
import type { Work } from '../queue/work.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Schema } from '../storage/schema.ts'
import { type ClaimedWork, loadBodies, loadClaimed } from './load.ts'
import type { Memory } from './memory.ts'
import type { OutboundWork } from './outbound.ts'
import type { Settler } from './settler.ts'

/** How long work waits that found no room; what is due meanwhile goes first. */
const crowdedPauseMs = 1_000

export function createTakeClaimed({
  db,
  memory,
  settler,
  clock,
  log,
  handle,
}: {
  db: Kysely<Schema>
  memory: Memory
  settler: Settler
  clock: Clock
  log: Log
  /** Takes work that has been counted in memory. */
  handle(work: OutboundWork): void
}): (claimed: readonly Work[]) => Promise<void> {
  /** `kept` learns which work needs no more care, should reading fail in the middle. */
  async function loadAndHandle(claimed: readonly Work[], kept: Set<Work['id']>): Promise<void> {
    const { works, spent, suppressed } = await loadClaimed(db, claimed)
    // Before their work ends, so that nothing is left waiting for nobody.
    await Promise.all(suppressed.map((work) => settler.suppressed(work)))
    for (const work of spent) {
      kept.add(work.id)
      void settler.spent(work)
    }
    const fitting: ClaimedWork[] = []
    let fittingBytes = 0
    for (const work of works) {
      const { message, recipients } = work
      const sizeBytes = sizeInMemory({ content: { length: message.sizeBytes }, recipients })
      // A message larger than the whole memory can still go, alone.
      if (memory.hasRoomFor(fittingBytes + sizeBytes) || fitting.length + memory.works() === 0) {
        fittingBytes += sizeBytes
        fitting.push(work)
      } else {
        kept.add(work.id)
        void settler.putBack(work, clock.now() + crowdedPauseMs)
      }
    }
    if (fitting.length === 0) return
    const bodies = await loadBodies(
      db,
      fitting.map(({ message }) => message.id),
    )
    for (const work of fitting) {
      kept.add(work.id)
      const content = bodies.get(work.message.id)
      if (content === undefined) {
        const gone = { ...work, content: Buffer.alloc(0) }
        void settler.broken(gone, 'the message itself is no longer stored')
        continue
      }
      const loaded = { ...work, content }
      memory.add(sizeInMemory(loaded))
      handle(loaded)
    }
  }

  return async (claimed) => {
    const kept = new Set<Work['id']>()
    try {
      await loadAndHandle(claimed, kept)
    } catch (error) {
      log.error({ err: error }, 'reading claimed work failed')
      for (const work of claimed) {
        if (!kept.has(work.id)) void settler.putBack(work, clock.now() + crowdedPauseMs)
      }
    }
  }
}
