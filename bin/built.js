/*
 * A checkout can run its sources as they are; compiled they start faster and need less memory. This says whether what
 * was compiled is what the sources say now. No syntax younger than Node.js 12.20 (see node24.js).
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

export const source = join(root, 'src', 'cli', 'main.ts')
export const built = join(root, 'dist', 'cli', 'main.js')
/** Written last by `build.js`: its time is that of the whole build. */
export const stamp = join(root, 'dist', '.built')

export function isBuilt() {
  // The published package holds only what was built.
  if (!existsSync(source)) return true
  if (!existsSync(stamp)) return false
  const builtAt = statSync(stamp).mtimeMs
  return (
    ['src', 'web'].every((folder) => !hasNewer(join(root, folder), builtAt)) &&
    statSync(join(root, 'package.json')).mtimeMs <= builtAt
  )
}

function hasNewer(folder, time) {
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const path = join(folder, entry.name)
    return statSync(path).mtimeMs > time || (entry.isDirectory() && hasNewer(path, time))
  })
}
