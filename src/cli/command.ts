/** What all commands share: their common options and how they come to the settings. */
import type { Command } from 'commander'
import { type Config, type ConfigSources, readConfig } from '../config.ts'
import { CommandProblem } from './problem.ts'

export type CommonOptions = { json?: boolean; data?: string; config?: string }

/** `usage` is the name and the arguments: `show <id>`. */
export function addCommand(parent: Command, usage: string, about: string): Command {
  return parent
    .command(usage)
    .description(about)
    .option('--json', 'print JSON')
    .option('--data <folder>', 'data folder (PARAVION_DATA)')
    .option('--config <file>', 'settings file (PARAVION_CONFIG)')
}

export function readSettings({ data, config, roles }: CommonOptions & { roles?: string }): {
  config: Config
  sources: ConfigSources
} {
  const read = readConfig({
    ...(data !== undefined && { data }),
    ...(config !== undefined && { config }),
    ...(roles !== undefined && { roles }),
  })
  if (read.kind === 'loaded') return read
  const [first, ...others] = read.problems
  const lines =
    others.length === 0
      ? `${first}`
      : `${read.problems.length} settings are wrong:\n  ${read.problems.join('\n  ')}`
  throw new CommandProblem(lines)
}

/** A whole number that an option gives, between bounds. */
export function wholeNumberOption(name: string, { min, max }: { min: number; max: number }) {
  return (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new CommandProblem(
        `${name} is "${text.slice(0, 80)}"; it should be a whole number from ${min} to ${max}`,
      )
    }
    return value
  }
}
