import type { Command } from 'commander'
import type { InboxEntry } from '../inbound/inbox.ts'
import type { Lead } from '../inbound/leads.ts'
import { type Admin, callAdmin, withAdmin } from './client.ts'
import { addCommand, type CommonOptions, readSettings } from './command.ts'
import { bold, formatPairs, formatTable, formatTime, printable, printJson, printLines } from './output.ts'

type KeyOptions = CommonOptions & { key?: string }
type Message = {
  message: InboxEntry
  text: string | null
  attachments: { name: string; sizeBytes: number }[]
}

const keyOption = ['--key <key>', 'an API key of the account (when left out, the first in key list)'] as const

export function addLeadCommands(program: Command): void {
  const lead = program
    .command('lead')
    .description('what began with a mail to an alias, or an answer to yours')

  addCommand(lead, 'list', 'list the open leads, the newest first')
    .option(...keyOption)
    .option('--all', 'the closed ones too')
    .action(list)
  addCommand(lead, 'show <id>', 'show a lead and its mail')
    .option(...keyOption)
    .action(show)
  addCommand(lead, 'close <id>', 'close a lead; new mail opens it again')
    .option(...keyOption)
    .action(close)
}

async function list(options: KeyOptions & { all?: boolean }): Promise<void> {
  const { leads } = await callAdmin<{ leads: Lead[] }>(options, {
    method: 'GET',
    path: '/leads',
    query: { key: options.key, state: options.all ? undefined : 'open' },
  })
  if (options.json) return printJson(leads)
  if (leads.length === 0) return printLines(['No leads.'])
  const rows = leads.map(({ id, updatedAt, state, sender, name }) => [
    String(id),
    formatTime(updatedAt),
    state,
    sender,
    name,
  ])
  printLines(formatTable(['ID', 'LATEST', 'STATE', 'FROM', 'NAME'], rows))
}

async function show(id: string, options: KeyOptions): Promise<void> {
  const query = { key: options.key }
  await withAdmin(readSettings(options).config, async (admin) => {
    const path = `/leads/${encodeURIComponent(id)}`
    const found = await admin.call<{ lead: Lead; messages: InboxEntry[] }>({ method: 'GET', path, query })
    const messages = await Promise.all(found.messages.map((entry) => readMessage(admin, entry.id, query)))
    if (options.json) return printJson({ lead: found.lead, messages })
    printLines([...describe(found.lead), ...messages.toReversed().flatMap(describeMessage)])
  })
}

function readMessage(admin: Admin, id: number, query: { key: string | undefined }): Promise<Message> {
  return admin.call<Message>({ method: 'GET', path: `/inbox/${id}`, query })
}

function describe({ name, sender, cc, state, details, createdAt }: Lead): string[] {
  return formatPairs([
    ['Lead', name],
    ['From', sender],
    ...(cc.length > 0 ? ([['Cc', cc.join(', ')]] as const) : []),
    ['State', state],
    ['Since', formatTime(createdAt)],
    ...Object.entries(details),
  ])
}

function describeMessage({ message, text, attachments }: Message): string[] {
  const { receivedAt, sender, subject, spf, dkim, dmarc } = message
  return [
    '',
    bold(printable(`${formatTime(receivedAt)}  ${sender}: ${subject}`)),
    `dkim=${dkim} spf=${spf} dmarc=${dmarc}`,
    ...(text ?? '(no text: look at it in the console)').split('\n').map(printable),
    ...attachments.map(({ name, sizeBytes }) => printable(`Attached: ${name} (${sizeBytes} bytes)`)),
  ]
}

async function close(id: string, options: KeyOptions): Promise<void> {
  const { lead } = await callAdmin<{ lead: Lead }>(options, {
    method: 'POST',
    path: `/leads/${encodeURIComponent(id)}`,
    query: { key: options.key },
    body: { state: 'closed' },
  })
  if (options.json) return printJson(lead)
  printLines([`Lead ${lead.id} is closed.`])
}
