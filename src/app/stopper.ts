export type Stopper = {
  add(step: () => Promise<unknown>): void
  /** Once, whoever asks. Throws the first failure after all steps were done. */
  stop(): Promise<void>
}

/** What has been started so far, to be stopped backwards. */
export function createStopper(): Stopper {
  const steps: (() => Promise<unknown>)[] = []
  let stopped: Promise<void> | undefined
  async function stopAll() {
    const failures: unknown[] = []
    for (const step of steps.reverse()) await step().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  return {
    add: (step: () => Promise<unknown>) => void steps.push(step),
    stop: () => (stopped ??= stopAll()),
  }
}
