/** Who may use the writing connection: everybody, until a transaction of several steps has it for itself. */

export type Gate = {
  /** Undefined when the way is free now, else a promise to wait for (and then to ask again). */
  closed(): Promise<void> | undefined
  /** Waits for its turn, and keeps everybody else out until the returned function is called. */
  close(): Promise<() => void>
}

export function createGate(): Gate {
  let held = false
  let passers: (() => void)[] = []
  const closers: (() => void)[] = []

  function open() {
    held = false
    // What waited passes before the next transaction begins, so that neither side starves.
    const passing = passers
    passers = []
    for (const pass of passing) pass()
    // After them: they go on in microtasks of their own.
    setImmediate(letNextClose)
  }

  function letNextClose() {
    if (held) return
    const next = closers.shift()
    if (next === undefined) return
    held = true
    next()
  }

  return {
    closed: () => (held ? new Promise((resolve) => passers.push(resolve)) : undefined),
    close: () =>
      new Promise((resolve) => {
        let released = false
        closers.push(() =>
          resolve(() => {
            if (released) return
            released = true
            open()
          }),
        )
        letNextClose()
      }),
  }
}
