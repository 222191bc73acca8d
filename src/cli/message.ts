import type { Command } from 'commander'
import type { Story } from '../events/story.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions, wholeNumberOption } from './command.ts'
import { bold, formatTable, formatTime, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type ListOptions = CommonOptions & { search?: string; state?: string; key?: string; limit?: number }

/** One message to one recipient. */
type ListedMessage = {
  id: number
  acceptedAt: number
  from: string
  recipient: string
  subject: string
  state: string
}

type MessageStory = { story: Story; sentences: string[] }

export function addMessageCommands(program: Command): void {
  const message = program.command('message').description('messages and what became of them')

  addCommand(message, 'list', 'list messages, newest first: one line for each recipient')
    .option('--search <text>', 'only those that hold this in an address or the subject')
    .option('--state <state>', 'only queued, deferred, held, delivered, failed, blocked or dropped ones')
    .option('--key <key>', 'only those of this API key')
    .option('--limit <number>', 'at most this many', wholeNumberOption('--limit', { min: 1, max: 1000 }))
    .action(list)
  addCommand(message, 'show [message]', 'tell the story of a message, the newest when none is named')
    .addHelpText(
      'after',
      '\nA message is named by an id of the list, the UUID of the Send API or of the SMTP reply, or its Message-ID.\n' +
        'The SMTP transcript of each attempt comes last.',
    )
    .action(show)
}

async function list(options: ListOptions): Promise<void> {
  const { search, state, key, limit } = options
  const { messages } = await callAdmin<{ messages: ListedMessage[] }>(options, {
    method: 'GET',
    path: '/messages',
    query: { search, state, key, limit },
  })
  if (options.json) return printJson(messages)
  if (messages.length === 0) return printLines(['No messages.'])
  printLines(formatTable(['ID', 'ACCEPTED', 'STATE', 'FROM', 'TO', 'SUBJECT'], messages.map(rowOf)))
}

function rowOf({ id, acceptedAt, state, from, recipient, subject }: ListedMessage): string[] {
  return [String(id), formatTime(acceptedAt), state, from, recipient, subject]
}

async function show(message: string | undefined, options: CommonOptions): Promise<void> {
  const path = `/messages/${encodeURIComponent(message ?? (await findNewest(options)))}`
  const answer = await callAdmin<MessageStory>(options, { method: 'GET', path })
  if (options.json) return printJson(answer)
  printLines([
    ...answer.sentences.map(printable),
    ...answer.story.attempts.flatMap((attempt, index) => [
      '',
      bold(
        `Attempt ${index + 1}, ${formatTime(attempt.at)}${attempt.host === '' ? '' : `, ${printable(attempt.host)}`}`,
      ),
      ...attempt.transcript.split('\n').map((line) => `  ${printable(line)}`.trimEnd()),
    ]),
  ])
}

async function findNewest(options: CommonOptions): Promise<string> {
  const { messages } = await callAdmin<{ messages: ListedMessage[] }>(options, {
    method: 'GET',
    path: '/messages',
    query: { limit: 1 },
  })
  const [newest] = messages
  if (newest === undefined) throw new CommandProblem('there is no message yet')
  return String(newest.id)
}
