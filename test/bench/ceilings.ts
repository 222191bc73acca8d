/** What this machine could do at best, measured in the same run: results are read as shares of these. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const signAsync = promisify(sign)

/** RSA-2048 signatures of a 600-byte header block per second, on all cores through libuv's pool. */
export async function signaturesPerSecond(seconds = 2): Promise<number> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const header = Buffer.alloc(600, 'x')
  const until = performance.now() + seconds * 1000
  let signatures = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: availableParallelism() * 4 }, async () => {
      while (performance.now() < until) {
        await signAsync('sha256', header, privateKey)
        signatures++
      }
    }),
  )
  return signatures / ((performance.now() - started) / 1000)
}

/** Appends of 4 KB, each forced to the disk, per second. */
export function flushesPerSecond(seconds = 1): number {
  const folder = mkdtempSync(join(tmpdir(), 'paravion-flush-'))
  const file = openSync(join(folder, 'flush'), 'w')
  const block = Buffer.alloc(4096, 'x')
  let flushes = 0
  const started = performance.now()
  try {
    while (performance.now() - started < seconds * 1000) {
      writeSync(file, block)
      fdatasyncSync(file)
      flushes++
    }
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
  return flushes / ((performance.now() - started) / 1000)
}
