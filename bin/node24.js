/*
 * Finds the Node.js that this program needs and starts it. The files of this folder must be understood by old versions
 * too, to the point where they can say what is missing: no syntax younger than Node.js 12.20.
 */
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const needed = 24

export function isNewEnough() {
  return Number.parseInt(process.versions.node, 10) >= needed
}

/** Starts the Node.js that came with this package. */
export function runWithOwnNode(args) {
  const packageName = `node-${process.platform}-${process.arch}`
  const node = findNodeIn(packageName)
  if (node === undefined) {
    process.stderr.write(
      `Paravion needs Node.js ${needed} or newer, and this is ${process.versions.node}. ` +
        `The optional dependency ${packageName}, which would bring it, is not installed: ` +
        `install Node.js ${needed}, or (on Linux) install again without --omit=optional.\n`,
    )
    process.exitCode = 1
  } else {
    runWithNode(node, args)
  }
}

/** Starts `node` with `args`, passes signals on, and ends as it ends. */
export function runWithNode(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' })

  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']
  function forward(signal) {
    child.kill(signal)
  }
  for (const signal of signals) process.on(signal, forward)

  child.on('error', (error) => {
    process.stderr.write(`${node} could not be started: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeListener(name, forward)
    if (signal === null) process.exit(code)
    process.kill(process.pid, signal)
  })
}

function findNodeIn(packageName) {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`)
    const node = join(dirname(manifest), 'bin', 'node')
    // If that one is what runs here, it is too old itself, and would start itself for ever.
    return existsSync(node) && realpathSync(node) !== realpathSync(process.execPath) ? node : undefined
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
