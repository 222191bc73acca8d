import type { Command } from 'commander'
import type { InboxMessage } from '../lab/inbox.ts'
import { type Admin, withAdmin } from './client.ts'
import { addCommand, type CommonOptions, readSettings, wholeNumberOption } from './command.ts'
import {
  bold,
  count,
  formatPairs,
  formatTable,
  formatTime,
  printable,
  printJson,
  printLines,
} from './output.ts'
import { CommandProblem } from './problem.ts'

type InboxOptions = CommonOptions & {
  to?: string
  from?: string
  subject?: string
  limit?: number
  wait?: number | true
  clear?: boolean
}

type InboxEntry = Omit<InboxMessage, 'envelopeFrom'>
type InboxContent = InboxMessage & { authenticationResults: string; content: string }

const defaultWaitSeconds = 30
// The server holds a question open for a minute at most; longer waits are several.
const longestQuestionMs = 30_000

export function addInboxCommand(program: Command): void {
  addCommand(program, 'inbox [id]', 'list what the receiving host of the lab took, or show one message')
    .option('--to <text>', 'only messages to addresses that hold this')
    .option('--from <text>', 'only messages from addresses that hold this')
    .option('--subject <text>', 'only subjects that hold this')
    .option('--limit <number>', 'at most this many', wholeNumberOption('--limit', { min: 1, max: 1000 }))
    .option(
      '--wait [seconds]',
      `wait for a first message (${defaultWaitSeconds} seconds)`,
      wholeNumberOption('--wait', { min: 1, max: 3600 }),
    )
    .option('--clear', 'forget all messages')
    .action(inbox)
}

async function inbox(id: string | undefined, options: InboxOptions): Promise<void> {
  await withAdmin(readSettings(options).config, async (admin) => {
    if (options.clear) return clear(admin, options)
    if (id !== undefined) return show(admin, { id, json: options.json === true })
    const messages = await list(admin, options)
    if (options.json) return printJson(messages.map(entryOf))
    if (messages.length === 0) return printLines(['No messages.'])
    printLines(
      formatTable(
        ['ID', 'RECEIVED', 'FROM', 'TO', 'DKIM', 'SPF', 'DMARC', 'TLS', 'SUBJECT'],
        messages.map(rowOf),
      ),
    )
  })
}

async function list(admin: Admin, { to, from, subject, limit, wait }: InboxOptions): Promise<InboxMessage[]> {
  const seconds = wait === true ? defaultWaitSeconds : (wait ?? 0)
  const until = Date.now() + seconds * 1000
  for (;;) {
    const left = Math.max(0, until - Date.now())
    const waitMs = Math.min(left, longestQuestionMs)
    const query = { to, from, subject, limit, waitMs: waitMs > 0 ? waitMs : undefined }
    const { messages } = await admin.call<{ messages: InboxMessage[] }>({
      method: 'GET',
      path: '/lab/inbox',
      query,
    })
    if (messages.length > 0 || wait === undefined) return messages
    if (Date.now() >= until)
      throw new CommandProblem(`no such message arrived within ${count(seconds, 'second')}`)
  }
}

async function show(admin: Admin, { id, json }: { id: string; json: boolean }): Promise<void> {
  const path = `/lab/inbox/${encodeURIComponent(id)}`
  const { message } = await admin.call<{ message: InboxContent }>({ method: 'GET', path })
  if (json) return printJson(message)
  const { content, ...facts } = message
  printLines([
    ...formatPairs([
      ['From', facts.from],
      ['To', facts.to],
      ['Subject', facts.subject],
      ['Received', formatTime(facts.receivedAt)],
      ['Envelope', facts.envelopeFrom === '' ? '<> (the null sender)' : facts.envelopeFrom],
      ['TLS', facts.tls === '' ? 'no' : facts.tls],
      ['Verdicts', `dkim=${facts.dkim} spf=${facts.spf} dmarc=${facts.dmarc}`],
    ]),
    '',
    bold('As received'),
    ...content.split(/\r?\n/).map((line) => printable(line.replaceAll('\t', '    '))),
  ])
}

async function clear(admin: Admin, { json }: InboxOptions): Promise<void> {
  const answer = await admin.call<{ cleared: number }>({ method: 'DELETE', path: '/lab/inbox' })
  if (json) return printJson(answer)
  printLines([`Forgot ${count(answer.cleared, 'message')}.`])
}

function entryOf({ id, from, to, subject, dkim, spf, dmarc, tls, receivedAt }: InboxMessage): InboxEntry {
  return { id, from, to, subject, dkim, spf, dmarc, tls, receivedAt }
}

function rowOf(message: InboxMessage): string[] {
  const { id, receivedAt, from, to, dkim, spf, dmarc, tls, subject } = message
  return [String(id), formatTime(receivedAt), from, to, dkim, spf, dmarc, tls === '' ? 'no' : tls, subject]
}
