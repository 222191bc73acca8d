/** The numbers of a campaign, as commands print them. */

/** As `/api/campaigns/{id}` shows it. */
export type Progress = {
  total: number
  pending: number
  queued: number
  delivered: number
  softBounced: number
  hardBounced: number
  blocked: number
  deferred: number
  opened: number
  clicked: number
  complained: number
  unsubscribed: number
  excluded: Record<string, number>
}

/** What was looked for in the mail that left; null before any did. */
export type Tracked = { opens: boolean; clicks: boolean } | null

/** The words of the console, with what they are made up of. */
export function numbersOf(
  progress: Progress,
  { left, tracked }: { left: number; tracked: Tracked },
): (readonly [name: string, words: string])[] {
  const { total, pending, queued, deferred, hardBounced, softBounced } = progress
  const inQueue = queued + deferred
  return [
    ['recipients', String(Math.max(0, total - left))],
    ['delivered', String(progress.delivered)],
    [
      'waiting',
      withParts([
        [pending, 'not handed over yet'],
        [inQueue, deferred === 0 ? 'in the queue' : `in the queue, ${deferred} of them put off`],
      ]),
    ],
    [
      'bounced',
      withParts([
        [hardBounced, 'for good'],
        [softBounced, 'for now'],
      ]),
    ],
    ['blocked', String(progress.blocked)],
    ['opened', seen(progress.opened, tracked?.opens)],
    ['clicked', seen(progress.clicked, tracked?.clicks)],
    ['unsubscribed', String(progress.unsubscribed)],
    ['complaints', String(progress.complained)],
    ['left out', `${left} of ${total} on the list`],
  ]
}

/** A zero that nobody measured is none. */
function seen(number: number, isTracked = true): string {
  return number === 0 && !isTracked ? 'not tracked' : String(number)
}

/** "7 (2 not handed over yet; 5 in the queue)" */
function withParts(parts: readonly (readonly [number: number, words: string])[]): string {
  const sum = parts.reduce((all, [number]) => all + number, 0)
  const told = parts.filter(([number]) => number > 0).map(([number, words]) => `${number} ${words}`)
  return sum === 0 ? '0' : `${sum} (${told.join('; ')})`
}
