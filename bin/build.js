/* Compiles the sources of a checkout, unless that was done since they last changed. `npm start` runs it first. */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isBuilt, stamp } from './built.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = join(root, 'node_modules', '.bin', 'tsc')

if (!isBuilt() && existsSync(compiler)) {
  rmSync(dirname(stamp), { recursive: true, force: true })
  const result = spawnSync(compiler, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  if (result.status === 0) writeFileSync(stamp, '')
  process.exitCode = result.status === null ? 1 : result.status
}
