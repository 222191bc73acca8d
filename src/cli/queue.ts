import type { Command } from 'commander'
import type { QueueChange } from '../delivery/queue-admin.ts'
import type { QueuedDelivery } from '../delivery/queue-view.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions, wholeNumberOption } from './command.ts'
import { count, formatPairs, formatTable, formatTime, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type Filter = { state?: string; domain?: string; key?: string }
type ListOptions = CommonOptions & Filter & { limit?: number }
type ChangeOptions = CommonOptions & Filter & { all?: boolean }

const actions = {
  retry: { about: 'try now what waits for later', done: 'tried now' },
  hold: { about: 'keep messages until they are released', done: 'held' },
  release: { about: 'let held messages go out', done: 'released' },
  drop: { about: 'give messages up', done: 'dropped' },
} as const

type Action = keyof typeof actions

export function addQueueCommands(program: Command): void {
  const queue = program.command('queue').description('messages that wait to be delivered')

  addCommand(queue, 'list', 'list what waits: one line for each recipient')
    .option('--state <state>', 'only queued, deferred or held ones')
    .option('--domain <domain>', 'only recipients at this domain')
    .option('--key <key>', 'only those of this API key')
    .option('--limit <number>', 'at most this many', wholeNumberOption('--limit', { min: 1, max: 1000 }))
    .action(list)
  addCommand(queue, 'show <id>', 'show one that waits: where, why, and until when').action(show)
  for (const action of Object.keys(actions) as Action[]) {
    addCommand(queue, `${action} [ids...]`, actions[action].about)
      .option('--state <state>', 'in place of ids: all queued, deferred or held ones')
      .option('--domain <domain>', 'in place of ids: all for recipients at this domain')
      .option('--key <key>', 'in place of ids: all of this API key')
      .option('--all', 'in place of ids: everything that waits')
      .action((ids: string[], options: ChangeOptions) => change(action, ids, options))
  }
}

async function list(options: ListOptions): Promise<void> {
  const { state, domain, key, limit } = options
  const query = { state, domain, key, limit }
  const { deliveries } = await callAdmin<{ deliveries: QueuedDelivery[] }>(options, {
    method: 'GET',
    path: '/queue',
    query,
  })
  if (options.json) return printJson(deliveries)
  if (deliveries.length === 0) return printLines(['Nothing waits.'])
  printLines(
    formatTable(['ID', 'TO', 'LANE', 'STATE', 'ATTEMPTS', 'NEXT', 'LAST REPLY'], deliveries.map(rowOf)),
  )
}

function rowOf(delivery: QueuedDelivery): string[] {
  const { id, recipient, lane, attempts, nextAttemptAt, replyText } = delivery
  const state = delivery.isBeingSent ? 'being sent' : delivery.state
  return [String(id), recipient, lane, state, String(attempts), formatTime(nextAttemptAt), replyText ?? '']
}

async function show(id: string, options: CommonOptions): Promise<void> {
  const path = `/queue/${encodeURIComponent(id)}`
  const { deliveries } = await callAdmin<{ deliveries: QueuedDelivery[] }>(options, { method: 'GET', path })
  if (options.json) return printJson(deliveries)
  printLines(deliveries.flatMap((delivery, index) => [...(index === 0 ? [] : ['']), ...describe(delivery)]))
}

function describe(delivery: QueuedDelivery): string[] {
  const { id, messageId, subject, from, recipient, lane, state, attempts } = delivery
  return formatPairs([
    ['ID', `${id}, of message ${messageId}`],
    ['Subject', subject],
    ['From', from],
    ['To', recipient],
    ['State', delivery.isBeingSent ? `${state}, being sent at this moment` : `${state}, ${lane}`],
    ['Attempts', String(attempts)],
    ['Last reply', [delivery.class, delivery.replyText].filter((part) => part !== null).join(': ')],
    ['Next attempt', formatTime(delivery.nextAttemptAt)],
    ['Accepted', formatTime(delivery.acceptedAt)],
    ['Expires', formatTime(delivery.expiresAt)],
  ])
}

async function change(action: Action, ids: string[], options: ChangeOptions): Promise<void> {
  const { state, domain, key, all } = options
  const hasFilter = [state, domain, key, all].some((condition) => condition !== undefined)
  if ((ids.length === 0) !== hasFilter) {
    throw new CommandProblem(
      `name what to ${action}: either ids (paravion queue list), or --state, --domain, --key or --all`,
    )
  }
  const body = hasFilter ? { filter: { state, domain, key, all } } : { ids: ids.map(readId) }
  const answer = await callAdmin<QueueChange>(options, { method: 'POST', path: `/queue/${action}`, body })
  if (options.json) return printJson(answer)
  printLines([
    `${count(answer.changed.length, 'delivery', 'deliveries')} ${actions[action].done}.`,
    ...answer.refused.map(({ id, reason }) => printable(`${id} was left alone: ${reason}.`)),
  ])
}

function readId(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new CommandProblem(`"${text.slice(0, 80)}" is not an id; they are whole numbers`)
  return Number(text)
}
