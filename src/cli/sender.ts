import type { Command } from 'commander'
import type { Sender } from '../domains/senders.ts'
import type { Validation } from '../domains/validate-sender.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { formatTable, formatTime, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type KeyOptions = CommonOptions & { key?: string }
type AddOptions = KeyOptions & { name?: string; type?: string; default?: boolean; trust?: boolean }

const keyOption = ['--key <key>', 'API key that sends (when left out, the first in key list)'] as const

export function addSenderCommands(program: Command): void {
  const sender = program.command('sender').description('addresses that keys may send from')

  addCommand(sender, 'add <email>', 'add an address; a mail to it asks whether it may be used')
    .option(...keyOption)
    .option('--name <name>', 'name to show')
    .option('--type <type>', 'what is sent from it: transactional or bulk')
    .option('--default', 'make it the default sender of the key')
    .option('--trust', 'it is known to be theirs: active at once, without a mail')
    .action(add)
  addCommand(sender, 'list', 'list the senders')
    .option('--key <key>', 'only those of this API key')
    .action(list)
  addCommand(
    sender,
    'validate <email>',
    'try to prove it: by its domain, a TXT record or a file, else by a mail',
  )
    .option(...keyOption)
    .action(validate)
  addCommand(sender, 'remove <email>', 'take it away; what it has sent still goes out')
    .option(...keyOption)
    .action(remove)
}

async function add(email: string, options: AddOptions): Promise<void> {
  const { key, name, type: kind, trust } = options
  if (kind !== undefined && kind !== 'transactional' && kind !== 'bulk') {
    throw new CommandProblem(`--type is "${kind.slice(0, 80)}"; it should be transactional or bulk`)
  }
  const body = { email, key, name, kind, isDefault: options.default, trust }
  const { sender } = await callAdmin<{ sender: Sender }>(options, { method: 'POST', path: '/senders', body })
  if (options.json) return printJson(sender)
  if (sender.status === 'active') return printLines([`${printable(sender.email)} may send.`])
  const waits = sender.email.startsWith('*@')
    ? `Prove the domain: paravion domain show ${sender.email.slice(2)}`
    : 'A mail is on its way to it: follow its link and confirm. Then it may send.'
  printLines([`${printable(sender.email)} is added.`, waits])
}

async function list(options: KeyOptions): Promise<void> {
  const { senders } = await callAdmin<{ senders: Sender[] }>(options, {
    method: 'GET',
    path: '/senders',
    query: { key: options.key },
  })
  if (options.json) return printJson(senders)
  const rows = senders.map(({ email, name, status, kind, isDefault, keyId, createdAt }) => [
    email,
    name,
    isDefault ? `${status}, default` : status,
    kind === 'unknown' ? '' : kind,
    String(keyId),
    formatTime(createdAt),
  ])
  printLines(formatTable(['SENDER', 'NAME', 'STATE', 'TYPE', 'KEY ID', 'ADDED'], rows))
}

async function validate(email: string, options: KeyOptions): Promise<void> {
  const { sender, validation } = await callAdmin<{ sender: Sender; validation: Validation }>(options, {
    method: 'POST',
    path: `/senders/${encodeURIComponent(email)}/validate`,
    query: { key: options.key },
  })
  if (options.json) return printJson({ sender, validation })
  printLines(describeValidation(validation, sender.email).map(printable))
}

async function remove(email: string, options: KeyOptions): Promise<void> {
  const answer = await callAdmin<{ removed: true }>(options, {
    method: 'DELETE',
    path: `/senders/${encodeURIComponent(email)}`,
    query: { key: options.key },
  })
  if (options.json) return printJson(answer)
  printLines([`${printable(email)} may not send any more.`])
}

export function describeValidation({ method, errors, globalError }: Validation, email: string): string[] {
  switch (method) {
    case 'DNS':
      return [`The TXT record was found: ${email} may send.`]
    case 'File':
      return [`The file was found: ${email} may send.`]
    case 'Domain':
      return [`Its domain is proved: ${email} may send.`]
    case 'ActivationEmail':
      return [`A mail is on its way to ${email}: follow its link and confirm.`]
    case '':
      return [
        globalError,
        ...[errors.dns, errors.file].filter((text) => text !== '').map((text) => `- ${text}`),
      ]
  }
}
