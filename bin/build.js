/* Builds a checkout, program and console, unless that was done since the sources last changed. `npm start` and `npm test` run it first. */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isBuilt, stamp } from './built.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const steps = [
  ['tsc', '-p', 'tsconfig.build.json'],
  ['vite', 'build', 'web', '--logLevel', 'warn'],
]

function run(step) {
  const command = join(root, 'node_modules', '.bin', step[0])
  return spawnSync(command, step.slice(1), { cwd: root, stdio: 'inherit' }).status === 0
}

if (!isBuilt() && existsSync(join(root, 'node_modules', '.bin', 'tsc'))) {
  rmSync(dirname(stamp), { recursive: true, force: true })
  if (steps.every(run)) writeFileSync(stamp, '')
  else process.exitCode = 1
}
