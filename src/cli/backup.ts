import { resolve } from 'node:path'
import type { Command } from 'commander'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions, readSettings } from './command.ts'
import { printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

export function addBackupCommands(program: Command): void {
  addCommand(
    program,
    'backup <file>',
    'write a consistent copy of the database, also while the server runs',
  ).action(backup)
  addCommand(
    program,
    'restore <file>',
    'put a backup in the place of the database; the server must not run',
  ).action(restore)
}

async function backup(file: string, options: CommonOptions): Promise<void> {
  const path = resolve(file)
  await callAdmin(options, { method: 'POST', path: '/backup', body: { path } })
  if (options.json) return printJson({ path })
  printLines([
    `Wrote ${path}.`,
    'Keep the instance key beside it (instance.key in the data folder): without it, signing keys in the backup cannot be opened.',
  ])
}

async function restore(file: string, options: CommonOptions): Promise<void> {
  const { config } = readSettings(options)
  if (config.databaseUrl !== undefined) {
    throw new CommandProblem(
      'the database is PostgreSQL: restore it with pg_restore, from what pg_dump wrote',
    )
  }
  const { restoreBackup } = await import('../storage/open.ts')
  const path = resolve(file)
  await restoreBackup({ from: path, folder: config.data })
  if (options.json) return printJson({ path, folder: config.data })
  printLines([`Restored ${path} into ${config.data}; the database that was there is kept beside it.`])
}
