/** Room in memory for what is large: taken in turns, and never more than there is (one larger than all goes alone). */
import type { TakeRoom } from './run-calls.ts'

export function createByteRoom(totalBytes: number): TakeRoom {
  let free = totalBytes
  const waiting: { bytes: number; go(): void }[] = []

  function letIn(): void {
    for (let next = waiting[0]; next !== undefined && next.bytes <= free; next = waiting[0]) {
      waiting.shift()
      free -= next.bytes
      next.go()
    }
  }

  return async (wanted) => {
    const bytes = Math.min(wanted, totalBytes)
    await new Promise<void>((go) => {
      waiting.push({ bytes, go })
      letIn()
    })
    return () => {
      free += bytes
      letIn()
    }
  }
}
