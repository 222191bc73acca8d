/** The settings file: TOML, as a flat list of keys with their values. */
import { parse, TomlError, type TomlTable, type TomlValue } from 'smol-toml'
import { nearestName } from '../runtime/nearest.ts'
import { allSettings } from './settings.ts'

export type FileValues = { values: ReadonlyMap<string, unknown>; problems: readonly string[] }

const keys = allSettings.map(({ key }) => key)
const sections = new Set(
  keys.flatMap((key) =>
    key
      .split('.')
      .slice(0, -1)
      .map((_, index, parts) => parts.slice(0, index + 1).join('.')),
  ),
)

export function readSettingsFile(path: string, contents: string): FileValues {
  try {
    return flatten(path, parse(contents.replace(/^\uFEFF/, '')))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const what = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '')
    return { values: new Map(), problems: [`${path} is not TOML at line ${error.line}: ${what}`] }
  }
}

function flatten(path: string, table: TomlTable): FileValues {
  const values = new Map<string, unknown>()
  const problems: string[] = []

  const walk = (section: TomlTable, parents: readonly string[]) => {
    for (const [name, value] of Object.entries(section)) {
      const key = [...parents, name].join('.')
      if (keys.includes(key)) {
        values.set(key, value)
      } else if (sections.has(key)) {
        if (isTable(value)) walk(value, [...parents, name])
        else problems.push(`${key} (in ${path}) is a section; write it as [${key}], with its settings below`)
      } else {
        problems.push(`${printable(key)} (in ${path}) is not a setting${suggestion(key, isTable(value))}`)
      }
    }
  }
  walk(table, [])
  return { values, problems }
}

function suggestion(key: string, isSection: boolean): string {
  const nearest = nearestName(key, isSection ? [...sections] : keys)
  if (nearest === undefined) return '; docs/settings.md lists them all'
  return `; the nearest is ${isSection ? `[${nearest}]` : nearest}`
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)
}

/** Keys can be quoted in TOML, and so hold anything. */
function printable(key: string): string {
  return /^[\w.-]{1,100}$/.test(key) ? key : JSON.stringify(key.slice(0, 100))
}
