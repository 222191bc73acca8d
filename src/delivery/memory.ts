/** Room for work in memory, by number and by size. */
import type { Lane } from '../storage/schema.ts'

export type Memory = {
  /** For fresh work, before it is stored. */
  tryReserve(sizeBytes: number, lane: Lane): boolean
  /** How many more items of this lane may be claimed from the queue. */
  room(lane: Lane): number
  hasRoomFor(sizeBytes: number): boolean
  add(sizeBytes: number): void
  remove(sizeBytes: number): void
  works(): number
  bytes(): number
}

/**
 * Fresh work fills at most four fifths, so that what waits in the queue gets its turn under any load; bulk fills three
 * fifths, so that transactional mail always finds room.
 */
const freshShare = 0.8
const bulkShare = 0.6

export function createMemory({ maxWorks, maxBytes }: { maxWorks: number; maxBytes: number }): Memory {
  let works = 0
  let bytes = 0

  function add(sizeBytes: number): void {
    works += 1
    bytes += sizeBytes
  }

  return {
    tryReserve(sizeBytes, lane) {
      const share = lane === 'bulk' ? bulkShare : freshShare
      if (works >= maxWorks * share || bytes + sizeBytes > maxBytes * share) return false
      add(sizeBytes)
      return true
    },
    room(lane) {
      const share = lane === 'bulk' ? bulkShare : 1
      return bytes >= maxBytes * share ? 0 : Math.max(0, Math.floor(maxWorks * share) - works)
    },
    hasRoomFor: (sizeBytes) => bytes + sizeBytes <= maxBytes,
    add,
    remove(sizeBytes) {
      works -= 1
      bytes -= sizeBytes
    },
    works: () => works,
    bytes: () => bytes,
  }
}
