/** Ids: blocks of one counter in the database, handed out from memory. Unique across nodes; gaps do not matter. */
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

type Block = { next: number; end: number }

const blockSize = 20_000

export function createIdBlocks(db: Kysely<Schema>) {
  let current: Block = { next: 0, end: 0 }
  let ahead: Block | undefined
  let refilling: Promise<void> | undefined

  async function take(size: number): Promise<Block> {
    const { next } = await db
      .updateTable('id_blocks')
      .set((column) => ({ next: column('next', '+', size) }))
      .where('name', '=', 'ids')
      .returning('next')
      .executeTakeFirstOrThrow()
    return { next: next - size, end: next }
  }

  /** Called while there is no block ahead; sets it exactly once, however many wait. */
  function refill(): Promise<void> {
    refilling ??= take(blockSize)
      .then((block) => {
        ahead = block
      })
      .finally(() => {
        refilling = undefined
      })
    return refilling
  }

  /** First of `count` consecutive ids. */
  async function reserve(count: number): Promise<number> {
    if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`Cannot reserve ${count} ids.`)
    if (count > blockSize / 4) return (await take(count)).next
    while (current.end - current.next < count) {
      if (ahead === undefined) {
        await refill()
      } else {
        current = ahead
        ahead = undefined
      }
    }
    const first = current.next
    current.next += count
    // Half of this block is gone: fetch the next one. Should that fail, it shows when the block is really needed.
    if (ahead === undefined && current.end - current.next < blockSize / 2) refill().catch(() => undefined)
    return first
  }

  return { reserve }
}
