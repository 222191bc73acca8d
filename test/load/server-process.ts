/** A real `paravion serve` in a process of its own, for benchmarks, crash tests and scenarios with two of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What `serve --ready` writes (docs/operating.md). */
export type Ready = {
  pid: number
  url: string
  httpsUrl: string
  submission: { starttls: number; tls: number }
  lab?: { dns: number; receiver: number }
  ca: string
  from: string
  apiKey: string
  secretKey?: string
}

export type ServerProcess = {
  ready: Ready
  /** Resident memory in bytes, as the kernel counts it (Linux). */
  residentBytes(): number
  /** CPU time used so far, all threads, in microseconds (Linux). */
  cpuMicros(): number
  /** The number at the end of a metric's line, summed over its labels. */
  metric(name: string): Promise<number>
  /** What the admin API answers; throws when it refuses. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** What it wrote to standard error. */
  errors(): string
}

const launcher = fileURLToPath(new URL('../../bin/paravion.js', import.meta.url))

export async function makeDataFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'paravion-load-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

let starts = 0

export async function startServer({
  folder,
  env = {},
}: {
  folder: string
  env?: Record<string, string>
}): Promise<ServerProcess> {
  const readyFile = join(folder, `ready-${process.pid}-${starts++}.json`)
  const child = spawn(process.execPath, [launcher, 'serve', '--ready', readyFile], {
    env: {
      PATH: process.env.PATH,
      PARAVION_DATA: folder,
      PARAVION_PORTS: 'free',
      PARAVION_SMTP_PLAIN_AUTH_ON_LOOPBACK: 'true',
      PARAVION_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-20_000)
  })
  await waitFor(() => {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server ended before it was ready:\n${errors}`)
    }
    return existsSync(readyFile)
  }, 60_000)
  const ready = JSON.parse(readFileSync(readyFile, 'utf8')) as Ready
  return {
    ready,
    residentBytes: () => Number(/VmRSS:\s+(\d+) kB/.exec(statusOf(ready.pid))?.[1] ?? 0) * 1024,
    cpuMicros: () => cpuMicrosOf(ready.pid),
    async metric(name) {
      const text = await (await fetch(`${ready.url}/metrics`)).text()
      let sum = 0
      for (const line of text.split('\n')) {
        if (line.startsWith(name) && /[ {]/.test(line[name.length] ?? ''))
          sum += Number(line.slice(line.lastIndexOf(' ')))
      }
      return sum
    },
    async admin(method, path, body) {
      const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { adminToken: string }
      const answer = await fetch(ready.url + path, {
        method,
        headers: { authorization: `Bearer ${run.adminToken}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
      return answer.json()
    },
    kill: (signal) => end(child, ready.pid, signal),
    errors: () => errors,
  }
}

/** Waits, looking every few milliseconds, until `done` says so; throws after `timeoutMs`. */
export async function waitFor(done: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`gave up waiting after ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function end(child: ChildProcess, pid: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // The launcher may have started the right Node as a child of its own: that one is the server.
  process.kill(pid, signal)
  await exited
}

function statusOf(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, 'utf8')
}

function cpuMicrosOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  // Fields 14 and 15 of proc(5), in clock ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}
