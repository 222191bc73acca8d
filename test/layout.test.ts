/** The layout of the sources: who may import whom, and what must not be in the repository. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A folder imports from the lines above its own; folders on one line leave each other alone. */
const lines = [
  ['mail'],
  ['runtime'],
  ['storage'],
  ['queue'],
  ['signing'],
  ['accounts', 'domains', 'contacts', 'templates'],
  ['routing'],
  ['events'],
  ['intake'],
  ['delivery'],
  ['tracking'],
  ['inbound'],
  ['campaigns', 'stats', 'webhooks'],
  ['smtp', 'http'],
  ['lab'],
  ['config'],
  ['app'],
  ['cli'],
]

const lineOf = new Map(lines.flatMap((folders, line) => folders.map((folder) => [folder, line] as const)))

/** src/app.ts belongs to the folder src/app, and src/config.ts to src/config. */
function folderOf(path: string): string {
  return (path.split(sep)[1] ?? '').replace(/\.test\.ts$|\.ts$/, '')
}

function filesBelow(folder: string, matches: (path: string) => boolean): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => matches(path) && statSync(join(root, path)).isFile())
}

const sources = filesBelow('src', (path) => path.endsWith('.ts'))

function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8')
  const found = text.matchAll(/^(?:import|export)\b[^'"]*?from\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'/gm)
  return [...found].map((match) => normalize(join(dirname(path), match[1] ?? match[2] ?? '')))
}

test('every folder of src has its line', () => {
  const unknown = new Set(sources.map(folderOf).filter((folder) => !lineOf.has(folder)))
  assert.deepEqual(
    [...unknown],
    [],
    'add the folder to the table in test/layout.test.ts and to ARCHITECTURE.md',
  )
})

test('folders import only from lines above their own', () => {
  const violations = sources
    // Tests may use more: they stand beside the code, but are not part of it.
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) => importsOf(path).map((imported) => ({ path, imported })))
    .filter(({ path, imported }) => {
      const from = folderOf(path)
      const to = folderOf(imported)
      return from !== to && !((lineOf.get(to) ?? Infinity) < (lineOf.get(from) ?? -1))
    })
    .map(({ path, imported }) => `${path} imports ${imported}`)
  assert.deepEqual(violations, [])
})

test('nothing in src imports tests or leaves src', () => {
  const violations = sources
    .flatMap((path) => importsOf(path).map((imported) => ({ path, imported })))
    .filter(({ path, imported }) => {
      if (path.endsWith('.test.ts')) return false
      return !imported.startsWith(`src${sep}`) || imported.endsWith('.test.ts')
    })
  assert.deepEqual(violations, [])
})

test('only src/config.ts reads the environment', () => {
  const allowed = [join('src', 'config.ts')]
  const readers = sources.filter(
    (path) =>
      !path.endsWith('.test.ts') &&
      !allowed.includes(path) &&
      /\bprocess\.env\b/.test(readFileSync(join(root, path), 'utf8')),
  )
  assert.deepEqual(readers, [])
})

test('the lock file names no place to download from', () => {
  // It would tie everybody to one registry; npm finds packages in the registry that is configured.
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  assert.doesNotMatch(lock, /"resolved":/)
})

test('no file mentions a path of the machine it was written on', () => {
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  })
  const places = ['work', 'root', 'home'].map((folder) => `/${folder}/`)
  const pattern = new RegExp(`(?<![\\w.:/~-])(?:${places.join('|')})\\w`)
  const found = tracked
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)) && !/\.(?:eml|png|ico)$/.test(path))
    .filter((path) => pattern.test(readFileSync(join(root, path), 'utf8')))
  assert.deepEqual(found, [])
})
