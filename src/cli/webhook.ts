import type { Command } from 'commander'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
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

type KeyOptions = CommonOptions & { key?: string }
type AddOptions = KeyOptions & { mail?: string | true; grouped?: boolean; backup?: boolean }
type ReplayOptions = CommonOptions & { from: string; to?: string }

/** As `/api/webhooks` shows it. */
type Webhook = {
  id: number
  kind: 'events' | 'mail'
  topic: string
  address: string | null
  url: string
  isBackup: boolean
  version: number
  state: 'alive' | 'dead'
  failingSince: number | null
  lastSuccessAt: number | null
  lastProblem: string
  waiting: number
}

type Tried = {
  id: number
  at: number
  attempt: number
  isTest: boolean
  outcome: string
  status: number | null
  problem: string
  durationMs: number
  events: number
  body: string
  answer: string
}

const keyOption = ['--key <key>', 'an API key (when left out, the first in key list)'] as const

export function addWebhookCommands(program: Command): void {
  const webhook = program
    .command('webhook')
    .description('programs that are told what happens, or that mail came')

  addCommand(webhook, 'list', 'list webhooks and parse routes, and how they do')
    .option(...keyOption)
    .action(list)
  addCommand(
    webhook,
    'add <url> [events...]',
    'tell a program of events, such as delivered, bounced and opened',
  )
    .option(...keyOption)
    .option('--grouped', 'several events a call, in an array (version 2)')
    .option('--backup', 'takes over while the other webhook of its event is dead')
    .option(
      '--mail [address]',
      'in place of events: the mail to an address of yours; without one, one is made',
    )
    .action(add)
  addCommand(webhook, 'remove <id>', 'remove one, with what it is owed and its log').action(remove)
  addCommand(webhook, 'revive <id>', 'call a dead one again').action(revive)
  addCommand(
    webhook,
    'rotate <id>',
    'make a new secret, for all that were added with it; the old one signs too for a day',
  ).action(rotate)
  addCommand(webhook, 'test <id>', 'call it at once with something that did not happen').action(test)
  addCommand(webhook, 'log <id>', 'what was sent to it and what it answered, the newest first')
    .option('--bodies', 'with what was sent')
    .action(log)
  addCommand(webhook, 'replay <id>', 'send again what happened in a range of time')
    .requiredOption('--from <time>', 'a time like 2026-01-31T12:00:00Z, or so long ago: 30m, 2h or 1d')
    .option('--to <time>', 'the same (when left out, now)')
    .action(replay)
}

async function list(options: KeyOptions): Promise<void> {
  const query = { key: options.key }
  const { webhooks } = await callAdmin<{ webhooks: Webhook[] }>(options, {
    method: 'GET',
    path: '/webhooks',
    query,
  })
  const { routes } = await callAdmin<{ routes: Webhook[] }>(options, {
    method: 'GET',
    path: '/parse-routes',
    query,
  })
  const all = [...webhooks, ...routes]
  if (options.json) return printJson(all)
  if (all.length === 0)
    return printLines(['No webhooks. Add one: paravion webhook add <url> delivered bounced'])
  const rows = all.map((one) => [
    String(one.id),
    one.kind === 'mail'
      ? `mail to ${one.address ?? one.topic}`
      : `${one.topic}${one.isBackup ? ' (backup)' : ''}`,
    one.url,
    healthOf(one),
    String(one.waiting),
  ])
  printLines(formatTable(['ID', 'IS TOLD', 'URL', 'STATE', 'WAITING'], rows))
}

function healthOf({ state, failingSince, lastProblem, lastSuccessAt }: Webhook): string {
  if (state === 'dead') return lastProblem === '' ? 'dead' : `dead: ${lastProblem}`
  if (failingSince !== null) return `failing since ${formatTime(failingSince)}: ${lastProblem}`
  return lastSuccessAt === null ? 'not called yet' : 'well'
}

async function add(url: string, events: string[], options: AddOptions): Promise<void> {
  const { key, mail, grouped, backup: isBackup } = options
  const query = { key }
  if (mail !== undefined) {
    if (events.length > 0) throw new CommandProblem('name events or --mail, not both')
    const address = mail === true ? undefined : mail
    const request = { method: 'POST', path: '/parse-routes', query, body: { url, address } } as const
    const added = await callAdmin<{ webhook: Webhook; secret: string }>(options, request)
    if (options.json) return printJson(added)
    return printLines([
      `Mail to ${printable(added.webhook.address ?? '')} is posted to it.`,
      ...secretLines(added.secret),
    ])
  }
  if (events.length === 0)
    throw new CommandProblem(
      'name the events: delivered, opened, clicked, bounced, blocked, complained, unsubscribed',
    )
  const request = {
    method: 'POST',
    path: '/webhooks',
    query,
    body: { topics: events, url, version: grouped ? 2 : 1, isBackup },
  } as const
  const added = await callAdmin<{ webhooks: Webhook[]; secret: string }>(options, request)
  if (options.json) return printJson(added)
  const lines = added.webhooks.map(({ id, topic }) => `Webhook ${id} is told of ${topic}.`)
  printLines([...lines, ...secretLines(added.secret)])
}

function secretLines(secret: string): string[] {
  return [`Secret: ${bold(secret)}`, 'It signs the bodies (docs/webhooks.md), and is shown this once.']
}

async function remove(id: string, options: CommonOptions): Promise<void> {
  const { webhook } = await callAdmin<{ webhook: Webhook }>(options, { method: 'DELETE', path: pathOf(id) })
  if (options.json) return printJson(webhook)
  printLines([`Webhook ${webhook.id} (${printable(webhook.topic)}) is removed.`])
}

async function revive(id: string, options: CommonOptions): Promise<void> {
  const { webhook } = await callAdmin<{ webhook: Webhook }>(options, { method: 'GET', path: pathOf(id) })
  const path = webhook.kind === 'mail' ? `/parse-routes/${webhook.id}` : `/webhooks/${webhook.id}`
  const changed = await callAdmin<{ webhook: Webhook & { missedSince: number | null } }>(options, {
    method: 'PATCH',
    path,
    body: { state: 'alive' },
  })
  if (options.json) return printJson(changed.webhook)
  const { missedSince } = changed.webhook
  const missed =
    missedSince === null
      ? []
      : [
          `What it missed: paravion webhook replay ${webhook.id} --from ${new Date(missedSince).toISOString()}`,
        ]
  printLines([`Webhook ${webhook.id} is called again.`, ...missed])
}

async function rotate(id: string, options: CommonOptions): Promise<void> {
  const rotated = await callAdmin<{ webhooks: Webhook[]; secret: string }>(options, {
    method: 'POST',
    path: `${pathOf(id)}/rotate`,
  })
  if (options.json) return printJson(rotated)
  const lines = rotated.webhooks.map((one) => `Webhook ${one.id} (${printable(one.topic)}) has it.`)
  printLines([...secretLines(rotated.secret), ...lines])
}

async function test(id: string, options: CommonOptions): Promise<void> {
  const result = await callAdmin<
    Pick<Tried, 'status' | 'problem' | 'answer' | 'durationMs'> & { isDelivered: boolean }
  >(options, { method: 'POST', path: `${pathOf(id)}/test` })
  if (!result.isDelivered) process.exitCode = 1
  if (options.json) return printJson(result)
  const said = result.isDelivered ? `It answered ${result.status}` : `It did not work: ${result.problem}`
  printLines([`${printable(said)}, after ${result.durationMs} ms.`])
}

async function log(id: string, options: CommonOptions & { bodies?: boolean }): Promise<void> {
  const { calls } = await callAdmin<{ calls: Tried[] }>(options, {
    method: 'GET',
    path: `${pathOf(id)}/calls`,
  })
  if (options.json) return printJson(calls)
  if (calls.length === 0) return printLines(['It was not called yet, or long ago (webhooks.log_days).'])
  if (!options.bodies) {
    const rows = calls.map((one) => [
      formatTime(one.at),
      one.isTest ? 'test' : `try ${one.attempt}`,
      one.outcome,
      one.status === null ? one.problem : String(one.status),
      `${one.durationMs} ms`,
      one.answer.slice(0, 60),
    ])
    return printLines(formatTable(['AT', 'TRY', 'OUTCOME', 'ANSWER', 'TOOK', 'SAID'], rows))
  }
  for (const one of calls) {
    printLines([
      ...formatPairs([
        ['at', formatTime(one.at)],
        ['outcome', `${one.outcome}${one.problem === '' ? '' : `: ${one.problem}`}`],
        ['sent', one.body],
        ['answered', `${one.status ?? ''} ${one.answer}`.trim()],
      ]),
      '',
    ])
  }
}

async function replay(id: string, options: ReplayOptions): Promise<void> {
  const now = Date.now()
  const from = readTime('--from', options.from, now)
  const to = options.to === undefined ? now : readTime('--to', options.to, now)
  const { webhook } = await callAdmin<{ webhook: Webhook }>(options, { method: 'GET', path: pathOf(id) })
  let total = 0
  let after: number | null | undefined
  do {
    const step: { count: number; next: number | null } = await callAdmin(options, {
      method: 'POST',
      path: `${pathOf(id)}/replay`,
      body: { from, to, ...(after !== undefined && after !== null && { after }) },
    })
    total += step.count
    after = step.next
  } while (after !== null)
  if (options.json) return printJson({ count: total })
  const sent =
    webhook.kind === 'mail' ? count(total, 'mail is', 'mails are') : count(total, 'event is', 'events are')
  printLines([total === 0 ? 'Nothing happened in that time.' : `${sent} sent again.`])
}

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function readTime(name: string, text: string, now: number): number {
  const [, number, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  const at = number === undefined ? Date.parse(text) : now - Number(number) * (unitMs[unit] ?? 0)
  if (!Number.isNaN(at)) return at
  throw new CommandProblem(
    `${name} is "${text.slice(0, 80)}"; it should be like 2026-01-31T12:00:00Z, or so long ago: 30m, 2h or 1d`,
  )
}

function pathOf(id: string): string {
  return `/webhooks/${encodeURIComponent(id)}`
}
