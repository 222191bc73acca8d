/** The program `paravion`: one line on standard error and exit code 1 when a command fails, 2 when it is misused. */
import { inspect } from 'node:util'
import { type Command, CommanderError } from 'commander'
import { CertificateProblem } from '../runtime/certificates.ts'
import { Refused } from '../runtime/refused.ts'
import { SealBroken } from '../runtime/seal.ts'
import { StorageInUse, StorageUnavailable, WrongDatabase } from '../storage/storage.ts'
import { CommandProblem } from './problem.ts'
import { createRoot } from './root.ts'
import { addServeCommand } from './serve.ts'

export async function main(argv: readonly string[]): Promise<void> {
  // `paravion inbox | head` closes the pipe when it has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  try {
    const program = await load(argv[2])
    await program.parseAsync([...argv])
  } catch (error) {
    process.exitCode = report(error)
  }
}

/** A server lives long, and does not keep the code of all other commands in memory. */
async function load(command: string | undefined): Promise<Command> {
  if (command !== 'serve') return (await import('./program.ts')).createProgram()
  const program = createRoot()
  addServeCommand(program)
  return program
}

/** What a person can do something about is said in a sentence; anything else is our bug and shows where it happened. */
const explained = [
  CommandProblem,
  Refused,
  CertificateProblem,
  SealBroken,
  StorageInUse,
  StorageUnavailable,
  WrongDatabase,
]

/** Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const explanation = explain(error)
  if (explanation === undefined) {
    process.stderr.write(`paravion: unexpected error\n${inspect(error)}\n`)
  } else {
    process.stderr.write(`paravion: ${explanation}\n`)
  }
  return 1
}

function explain(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (explained.some((kind) => error instanceof kind)) return error.message
  if (!('syscall' in error && 'code' in error)) return undefined
  const { code, syscall, address, port, message } = error as NodeJS.ErrnoException & {
    address?: string
    port?: number
  }
  if (syscall !== 'listen') return message
  if (code === 'EADDRINUSE') {
    return `port ${port} of ${address} is taken by another program; choose other ports in the settings, or start with PARAVION_PORTS=free`
  }
  if (code === 'EACCES') {
    return `port ${port} is only for privileged programs; docs/operating.md says how a service gets it, and the settings can name others`
  }
  return message
}
