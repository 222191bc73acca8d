/**
 * `npm test [-- FILE…]`: all tests, or these, in a folder of their own that is gone afterwards. It is in memory where
 * there is room: each test makes a database, and that waits for the disk most of the time.
 */
import { spawn } from 'node:child_process'
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { availableParallelism, constants as system, tmpdir } from 'node:os'
import { join } from 'node:path'

const memory = '/dev/shm'
const neededBytes = 2 * 1024 ** 3

/** What TMPDIR names goes first. */
function roomyPlace(): string {
  if (process.env.TMPDIR !== undefined) return tmpdir()
  try {
    accessSync(memory, constants.W_OK)
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= neededBytes ? memory : tmpdir()
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return tmpdir()
    throw error
  }
}

const folder = mkdtempSync(join(roomyPlace(), 'paravion-tests-'))
// PostgreSQL runs as another user where tests run as root, and has its folder in here.
chmodSync(folder, 0o711)

const asked = process.argv.slice(2)
const files = asked.some((word) => !word.startsWith('-')) ? [] : ['src/**/*.test.ts', 'test/**/*.test.ts']
// Node's own choice is one less, which on two cores is one file at a time.
const atOnce = Math.max(2, availableParallelism())

const tests = spawn(process.execPath, ['--test', `--test-concurrency=${atOnce}`, ...asked, ...files], {
  stdio: 'inherit',
  env: {
    ...process.env,
    TMPDIR: folder,
    // Every file of tests is a process that reads the same sources.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(folder, 'compiled'),
  },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => tests.kill(signal))
tests.on('exit', (code, signal) => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  process.exitCode = code ?? 128 + system.signals[signal ?? 'SIGTERM']
})
