/** SIGINT and SIGTERM: the first asks for a stop, the second ends the process at once. */

// Ctrl-C under `npm start` arrives twice: from the terminal, and passed on by npm. That is one wish, not two.
const oneWishMs = 1_000

export function waitForStopSignal({ sameWishMs = oneWishMs } = {}): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const onSignal = (signal: NodeJS.Signals) => {
      const now = performance.now()
      if (firstAt === undefined) {
        firstAt = now
        resolve(signal)
      } else if (now - firstAt > sameWishMs) {
        process.exit(signal === 'SIGINT' ? 130 : 143)
      }
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}
