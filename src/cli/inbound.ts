import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Handled } from '../inbound/inbound.ts'
import type { InboxEntry } from '../inbound/inbox.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { bold, formatPairs, formatTable, formatTime, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type KeyOptions = CommonOptions & { key?: string }

const keyOption = ['--key <key>', 'an API key of the account (when left out, the first in key list)'] as const

export function addInboundCommands(program: Command): void {
  const inbound = program.command('inbound').description('mail that came in, and what was decided about it')

  addCommand(inbound, 'list', 'list incoming mail, the newest first')
    .option(...keyOption)
    .action(list)
  addCommand(inbound, 'show <id>', 'show one, with the steps of the decision')
    .option(...keyOption)
    .action(show)
  addCommand(inbound, 'simulate <file>', 'what would be decided about a message; changes nothing')
    .option('--from <address>', 'envelope sender (when left out, the null sender)')
    .option('--to <address...>', 'envelope recipients (when left out, those of its header)')
    .action(simulate)
}

async function list(options: KeyOptions): Promise<void> {
  const { messages } = await callAdmin<{ messages: InboxEntry[] }>(options, {
    method: 'GET',
    path: '/inbox',
    query: { key: options.key },
  })
  if (options.json) return printJson(messages)
  if (messages.length === 0) return printLines(['No incoming mail.'])
  const rows = messages.map(({ id, receivedAt, outcome, sender, recipients, subject }) => [
    String(id),
    formatTime(receivedAt),
    outcome,
    sender,
    recipients.join(', '),
    subject,
  ])
  printLines(formatTable(['ID', 'RECEIVED', 'OUTCOME', 'FROM', 'TO', 'SUBJECT'], rows))
}

async function show(id: string, options: KeyOptions): Promise<void> {
  const found = await callAdmin<{ message: InboxEntry; text: string | null }>(options, {
    method: 'GET',
    path: `/inbox/${encodeURIComponent(id)}`,
    query: { key: options.key },
  })
  if (options.json) return printJson(found)
  const { message, text } = found
  printLines([
    ...formatPairs([
      ['From', message.sender],
      ['Envelope', message.envelopeFrom === '' ? '<> (the null sender)' : message.envelopeFrom],
      ['To', message.recipients.join(', ')],
      ['Subject', message.subject],
      ['Received', `${formatTime(message.receivedAt)} from ${message.client}`],
      ['Verdicts', `dkim=${message.dkim} spf=${message.spf} dmarc=${message.dmarc}`],
      ['Outcome', message.outcome],
    ]),
    ...message.because.map((step) => printable(`- ${step}`)),
    ...(text === null ? [] : ['', ...text.split('\n').map(printable)]),
  ])
}

async function simulate(
  file: string,
  options: CommonOptions & { from?: string; to?: string[] },
): Promise<void> {
  const content = await readFile(file).catch((error: unknown) => {
    throw new CommandProblem(`${file} cannot be read`, { cause: error })
  })
  const { decisions } = await callAdmin<{ decisions: Handled[] }>(options, {
    method: 'POST',
    path: '/inbox/simulate',
    body: { message: content.toString('base64'), envelopeFrom: options.from, recipients: options.to },
  })
  if (options.json) return printJson(decisions)
  if (decisions.length === 0) {
    return printLines(['None of its recipients is ours: the port would refuse it (550 5.7.1).'])
  }
  for (const { accountId, outcome, because } of decisions) {
    printLines([bold(`Account ${accountId}: ${outcome}`), ...because.map((step) => printable(`- ${step}`))])
  }
}
