/** Settings for people to look at: with where each value comes from, and without passwords. */
import { stringify } from 'smol-toml'
import { type ConfigSources, get } from '../config.ts'
import { allSettings, type Config } from './settings.ts'

export type PrintedSetting = { key: string; value: unknown; source: string }

const mask = '********'

export function printableSettings(config: Config, sources: ConfigSources): PrintedSetting[] {
  return allSettings.map(({ key, setting }) => {
    const value = get(config, key)
    return {
      key,
      value: setting.secret ? hideSecret(value) : value === undefined ? null : value,
      source: sources[key] ?? 'default',
    }
  })
}

/** A TOML file that says the same, apart from what is hidden; a comment names the source of each value. */
export function formatAsToml(printed: readonly PrintedSetting[]): string {
  const lines: string[] = []
  let section = ''
  for (const { key, value, source } of printed) {
    const dot = key.lastIndexOf('.')
    const itsSection = key.slice(0, Math.max(dot, 0))
    if (itsSection !== section) {
      section = itsSection
      lines.push('', `[${section}]`)
    }
    const name = key.slice(dot + 1)
    lines.push(
      value === null
        ? `# ${name} is not set`
        : `${formatSetting(name, value)}${source === 'default' ? '' : `  # ${source}`}`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** `name = value` as TOML writes it. */
export function formatSetting(name: string, value: unknown): string {
  return stringify({ [name]: value }).trimEnd()
}

function hideSecret(value: unknown): unknown {
  if (typeof value !== 'string') return null
  // Which database it is helps; its password does not.
  const url = /^(?<start>[a-z]+:\/\/)(?:[^@/]*@)?(?<end>[^?]*)/.exec(value)
  return url?.groups === undefined ? mask : `${url.groups.start}${mask}@${url.groups.end}`
}
