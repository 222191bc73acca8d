/** All commands. */
import type { Command } from 'commander'
import { addAliasCommands } from './alias.ts'
import { addBackupCommands } from './backup.ts'
import { addCampaignCommands } from './campaign.ts'
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
import { createRoot } from './root.ts'
import { addSendCommand } from './send.ts'
import { addSenderCommands } from './sender.ts'
import { addServeCommand } from './serve.ts'
import { addServerCommands } from './server.ts'
import { addSuppressionCommands } from './suppression.ts'
import { addTemplateCommands } from './template.ts'
import { addUserCommands } from './user.ts'
import { addWebhookCommands } from './webhook.ts'

export function createProgram(): Command {
  const program = createRoot()
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
  addCampaignCommands(program)
  addTemplateCommands(program)
  addAliasCommands(program)
  addLeadCommands(program)
  addInboundCommands(program)
  addWebhookCommands(program)
  addLabCommands(program)
  addBackupCommands(program)
  addConfigCommands(program)
  return program
}
