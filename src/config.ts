/**
 * Settings: one TOML file, and PARAVION_* variables over it, read once at the start. Nothing else reads the
 * environment or a settings file.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { checkTogether } from './config/checks.ts'
import { readSettingsFile } from './config/read-file.ts'
import { type Mode, required } from './config/setting.ts'
import { allSettings, type Config, type NamedSetting } from './config/settings.ts'
import { nearestName } from './runtime/nearest.ts'

export type { Port } from './config/kinds.ts'
export type { Mode } from './config/setting.ts'
export type { Config } from './config/settings.ts'

/** Where a value came from: `default`, the file's path, a variable, or an option of the command line. */
export type ConfigSources = Readonly<Record<string, string>>

export type LoadedConfig =
  | { kind: 'loaded'; config: Config; sources: ConfigSources }
  | { kind: 'problems'; problems: readonly string[] }

export type ConfigInput = {
  /** Options of the command line. */
  flags?: { config?: string; data?: string; roles?: string }
  env: Readonly<Record<string, string | undefined>>
  /** Undefined when there is no such file. */
  readFile(path: string): string | undefined
  /** From which relative paths of options and variables are meant. */
  folder: string
}

/** The settings of this process. */
export function readConfig(flags: ConfigInput['flags'] = {}): LoadedConfig {
  return loadConfig({ flags, env: process.env, readFile: readIfThere, folder: process.cwd() })
}

/** All that is wrong is reported at once. */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const problems: string[] = []
  const file = findFile(input)
  if (file?.missing) problems.push(`${file.path}, the settings file named by ${file.namedBy}, does not exist`)
  const inFile = file?.contents === undefined ? undefined : readSettingsFile(file.path, file.contents)
  problems.push(...(inFile?.problems ?? []), ...unknownVariables(input.env))

  const given = (named: NamedSetting) =>
    givenOutside(named, input) ??
    (inFile?.values.has(named.key)
      ? { value: inFile.values.get(named.key), source: file?.path ?? '', folder: dirname(file?.path ?? '') }
      : undefined)

  const { config, sources, badKeys } = readValues(given, { folder: input.folder, problems })
  if (input.env.PARAVION_PORTS === 'free') takeFreePorts(config, sources)

  problems.push(...checkTogether(config as Config, badKeys))
  if (file?.inDataFolder && config.data !== dirname(file.path) && !badKeys.has('data')) {
    problems.push(`data (in ${file.path}) names another folder than the one that this file is read from`)
  }
  return problems.length > 0
    ? { kind: 'problems', problems }
    : { kind: 'loaded', config: config as Config, sources }
}

type Given = { value: unknown; source: string; folder: string }
type Values = Record<string, unknown>

const otherVariables = ['PARAVION_CONFIG', 'PARAVION_PORTS']

function findFile({ flags, env, readFile, folder }: ConfigInput) {
  const named = flags?.config ?? env.PARAVION_CONFIG
  if (named) {
    const path = resolve(folder, named)
    const contents = readFile(path)
    const namedBy = flags?.config ? '--config' : 'PARAVION_CONFIG'
    return { path, contents, missing: contents === undefined, namedBy, inDataFolder: false }
  }
  const data = resolve(folder, flags?.data || env.PARAVION_DATA || 'paravion-data')
  for (const inFolder of [data, folder]) {
    const path = join(inFolder, 'paravion.toml')
    const contents = readFile(path)
    if (contents !== undefined) {
      return {
        path,
        contents,
        missing: false,
        namedBy: '',
        inDataFolder: inFolder === data && data !== folder,
      }
    }
  }
  return undefined
}

function unknownVariables(env: ConfigInput['env']): string[] {
  const variables = [...allSettings.map(({ variable }) => variable), ...otherVariables]
  const problems = Object.keys(env)
    // PARAVION_TEST_* belongs to the tests, which start this program with their own environment.
    .filter((name) => /^PARAVION_(?!TEST_)/i.test(name) && !variables.includes(name))
    .map((name) => {
      const nearest = nearestName(name, variables)
      return `${name} is not a setting${nearest ? `; the nearest is ${nearest}` : '; docs/settings.md lists them all'}`
    })
  const ports = env.PARAVION_PORTS
  if (ports && ports !== 'free') {
    problems.push(
      `PARAVION_PORTS is ${show(ports)}; it should be free, or left out for the ports of the settings`,
    )
  }
  return problems
}

function givenOutside({ key, variable, setting }: NamedSetting, { flags, env, folder }: ConfigInput) {
  const flag = key === 'data' ? flags?.data : key === 'roles' ? flags?.roles : undefined
  if (flag) return { value: setting.kind.readText(flag), source: `--${key}`, folder }
  const names = key === 'database_url' ? [variable, 'DATABASE_URL'] : [variable]
  // Empty means not set: compose files and service units can only blank a variable, not remove it.
  const source = names.find((name) => env[name])
  const text = source === undefined ? undefined : env[source]
  if (source === undefined || text === undefined) return undefined
  return { value: setting.kind.readText(text), source, folder }
}

function readValues(
  given: (named: NamedSetting) => Given | undefined,
  { folder, problems }: { folder: string; problems: string[] },
) {
  const config: Values = {}
  const sources: Record<string, string> = {}
  const badKeys = new Set<string>()
  let mode: Mode = 'lab'

  for (const named of allSettings) {
    const { key, setting } = named
    const found = given(named)
    const fallback = setting.fallback[mode]
    let value: unknown = fallback === required ? undefined : fallback
    sources[key] = found?.source ?? 'default'

    if (found === undefined) {
      if (fallback === required) {
        badKeys.add(key)
        problems.push(`${key} is not set, which mode "live" needs; it should be ${setting.kind.expected}`)
      }
    } else {
      const checked = setting.kind.schema.safeParse(found.value)
      if (checked.success) {
        value = checked.data
      } else {
        badKeys.add(key)
        const what = setting.secret ? 'has a value that cannot be right' : `is ${show(found.value)}`
        problems.push(`${placeOf(key, found.source)} ${what}; it should be ${setting.kind.expected}`)
      }
    }
    if (setting.kind.isPath && typeof value === 'string') value = resolve(found?.folder ?? folder, value)
    if (key === 'mode' && (value === 'lab' || value === 'live')) mode = value
    put(config, key, value)
  }
  return { config, sources, badKeys }
}

/** Every port that the environment does not name becomes a free one; what is off stays off. */
function takeFreePorts(config: Values, sources: Record<string, string>): void {
  for (const { key, variable, setting } of allSettings) {
    if (setting.kind.withFreePorts === undefined || sources[key] === variable) continue
    put(config, key, setting.kind.withFreePorts(get(config, key)))
    sources[key] = 'PARAVION_PORTS'
  }
}

/** The value that a key like `smtp.max_recipients` has in `config`. */
export function get(config: object, key: string): unknown {
  return key.split('.').reduce<unknown>((section, name) => (section as Values)[camelCase(name)], config)
}

function put(config: Values, key: string, value: unknown): void {
  const names = key.split('.').map(camelCase)
  const last = names.pop() ?? ''
  let section = config
  for (const name of names) {
    section[name] ??= {}
    section = section[name] as Values
  }
  section[last] = value
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function placeOf(key: string, source: string): string {
  return source.includes('/') || source.includes('\\') ? `${key} (in ${source})` : source
}

function show(value: unknown): string {
  const asIs = typeof value === 'number' || value instanceof Date
  const text = asIs ? String(value) : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new Error(`The settings file ${path} cannot be read`, { cause: error })
  }
}
