/** All commands. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addAliasCommands } from './alias.ts'
import { addBackupCommands } from './backup.ts'
import { addConfigCommands } from './config.ts'
import { addContactCommands } from './contact.ts'
import { addDomainCommands } from './domain.ts'
import { addExplainCommand } from './explain.ts'
import { addInboundCommands } from './inbound.ts'
import { addInboxCommand } from './inbox.ts'
import { addKeyCommands } from './key.ts'
import { addLabCommands } from './lab.ts'
import { addLeadCommands } from './lead.ts'
import { addMessageCommands } from './message.ts'
import { addParamCommands } from './param.ts'
import { addQueueCommands } from './queue.ts'
import { addSendCommand } from './send.ts'
import { addSenderCommands } from './sender.ts'
import { addServeCommand } from './serve.ts'
import { addServerCommands } from './server.ts'
import { addSuppressionCommands } from './suppression.ts'
import { addUserCommands } from './user.ts'

export function createProgram(): Command {
  const program = new Command('paravion')
    .description('The mail service you own.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })

  addServeCommand(program)
  addSendCommand(program)
  addInboxCommand(program)
  addMessageCommands(program)
  addQueueCommands(program)
  addKeyCommands(program)
  addUserCommands(program)
  addSenderCommands(program)
  addDomainCommands(program)
  addServerCommands(program)
  addParamCommands(program)
  addExplainCommand(program)
  addSuppressionCommands(program)
  addContactCommands(program)
  addAliasCommands(program)
  addLeadCommands(program)
  addInboundCommands(program)
  addLabCommands(program)
  addBackupCommands(program)
  addConfigCommands(program)
  return program
}

export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : ''
  return String(version)
}
