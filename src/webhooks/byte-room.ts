/**
 * Room in memory for what is large, taken in turns. No host has more than half of it, so that one that does not answer holds
 * up nobody else; what is larger than half counts as half, and is there next to nothing else of its host.
 */

/** Resolves when there is room, with what gives it back. */
export type TakeRoom = (wanted: { bytes: number; host: string }) => Promise<() => void>

type Waiting = { bytes: number; host: string; go(): void }

export function createByteRoom(totalBytes: number): TakeRoom {
  const mostOfHost = Math.floor(totalBytes / 2)
  const byHost = new Map<string, number>()
  const waiting: Waiting[] = []
  let free = totalBytes

  function letIn(): void {
    for (const next of [...waiting]) {
      const { bytes, host } = next
      const ofHost = (byHost.get(host) ?? 0) + bytes
      if (ofHost > mostOfHost) continue
      if (bytes > free) return
      free -= bytes
      byHost.set(host, ofHost)
      waiting.splice(waiting.indexOf(next), 1)
      next.go()
    }
  }

  function giveBack({ bytes, host }: Pick<Waiting, 'bytes' | 'host'>): void {
    free += bytes
    const left = (byHost.get(host) ?? 0) - bytes
    if (left > 0) byHost.set(host, left)
    else byHost.delete(host)
    letIn()
  }

  return async ({ bytes: wanted, host }) => {
    const bytes = Math.min(wanted, mostOfHost)
    await new Promise<void>((go) => {
      waiting.push({ bytes, host, go })
      letIn()
    })
    return () => giveBack({ bytes, host })
  }
}
