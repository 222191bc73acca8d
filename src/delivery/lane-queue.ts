/** First in, first out, in four ranks: transactional before bulk, and urgent (priority 1 and 3) before the others. */
import type { Lane } from '../storage/schema.ts'

export type Ranked = { readonly lane: Lane; readonly isUrgent: boolean }

export type LaneQueue<T extends Ranked> = {
  push(item: T): void
  /** The next one; without bulk when that may not go now. */
  shift(options?: { bulk: boolean }): T | undefined
  waits(lane: Lane): number
  length(): number
  /** Takes everything out. */
  drain(): T[]
}

/** An array whose front moves: shifting a long array costs its length. */
type Fifo<T> = { items: (T | undefined)[]; head: number }

export function createLaneQueue<T extends Ranked>(): LaneQueue<T> {
  const ranks: Fifo<T>[] = [0, 1, 2, 3].map(() => ({ items: [], head: 0 }))
  const rankOf = ({ lane, isUrgent }: Ranked) => (lane === 'transactional' ? 0 : 2) + (isUrgent ? 0 : 1)
  const sizeOf = (from: number, to: number) =>
    ranks.slice(from, to).reduce((sum, { items, head }) => sum + items.length - head, 0)

  return {
    push: (item) => void ranks[rankOf(item)]?.items.push(item),
    shift({ bulk } = { bulk: true }) {
      for (let rank = 0; rank < (bulk ? 4 : 2); rank++) {
        const fifo = ranks[rank]
        if (fifo === undefined || fifo.head === fifo.items.length) continue
        const item = fifo.items[fifo.head]
        fifo.items[fifo.head++] = undefined
        if (fifo.head === fifo.items.length || fifo.head > 1_000) {
          fifo.items = fifo.items.slice(fifo.head)
          fifo.head = 0
        }
        return item
      }
      return undefined
    },
    waits: (lane) => (lane === 'transactional' ? sizeOf(0, 2) : sizeOf(2, 4)),
    length: () => sizeOf(0, 4),
    drain: () =>
      ranks.flatMap((fifo) => {
        const items = fifo.items.slice(fifo.head) as T[]
        fifo.items = []
        fifo.head = 0
        return items
      }),
  }
}
