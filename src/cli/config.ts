import type { Command } from 'commander'
import { formatAsToml, printableSettings } from '../config/print.ts'
import { configReference } from '../config/reference.ts'
import { addCommand, type CommonOptions, readSettings } from './command.ts'
import { printJson } from './output.ts'

export function addConfigCommands(program: Command): void {
  const config = program.command('config').description('look at the settings')
  addCommand(config, 'print', 'print every setting, with where it comes from').action(
    (options: CommonOptions) => {
      const settings = readSettings(options)
      const printed = printableSettings(settings.config, settings.sources)
      if (options.json) printJson(printed)
      else process.stdout.write(formatAsToml(printed))
    },
  )
  addCommand(config, 'reference', 'print a page that explains every setting').action(
    (options: CommonOptions) => {
      const page = configReference()
      if (options.json) printJson({ page })
      else process.stdout.write(page)
    },
  )
}
