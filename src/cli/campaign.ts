import type { Command } from 'commander'
import { numbersOf, type Progress, type Tracked } from './campaign-numbers.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { formatPairs, formatTable, formatTime, printJson, printLines } from './output.ts'

type KeyOptions = CommonOptions & { key?: string }

/** As `/api/campaigns` shows it. */
type Campaign = {
  id: number
  title: string
  subject: string
  senderEmail: string
  senderName: string
  listId: number | null
  state: string
  reason: string
  scheduledAt: number | null
  startedAt: number | null
  endedAt: number | null
}

type Shown = {
  campaign: Campaign
  progress: Progress
  tracked: Tracked
}

const keyOption = ['--key <key>', 'an API key (when left out, the first in key list)'] as const

export function addCampaignCommands(program: Command): void {
  const campaign = program.command('campaign').description('mail to a whole list')

  addCommand(campaign, 'list', 'list campaigns, the newest first')
    .option(...keyOption)
    .option(
      '--state <states>',
      'only these, with commas: draft, scheduled, sending, paused, sent, cancelled, archived',
    )
    .option('--search <text>', 'only those with the text in title or subject')
    .option('--limit <number>', 'at most so many', '50')
    .action(list)
  addCommand(campaign, 'show <id>', 'show one, how far it has come, and whom it leaves out')
    .option(...keyOption)
    .action(show)
  addCommand(campaign, 'pause <id>', 'hand over no more of it; what is in the queue already still goes out')
    .option(...keyOption)
    .option('--reason <words>', 'why, for whoever asks')
    .action((id: string, { reason, ...options }: KeyOptions & { reason?: string }) =>
      change(id, 'pause', options, { reason }),
    )
  addCommand(campaign, 'resume <id>', 'go on where it was')
    .option(...keyOption)
    .action((id: string, options: KeyOptions) => change(id, 'resume', options))
  addCommand(campaign, 'cancel <id>', 'send no more of it, for good')
    .option(...keyOption)
    .action((id: string, options: KeyOptions) => change(id, 'cancel', options))
}

async function list(
  options: KeyOptions & { state?: string; search?: string; limit?: string },
): Promise<void> {
  const { key, state, search, limit } = options
  const { campaigns } = await callAdmin<{ campaigns: Campaign[] }>(options, {
    method: 'GET',
    path: '/campaigns',
    query: { key, state, search, limit },
  })
  if (options.json) return printJson(campaigns)
  if (campaigns.length === 0)
    return printLines(['No campaigns. They are made in the console, or over the API.'])
  const rows = campaigns.map((one) => [
    String(one.id),
    one.state,
    formatTime(one.endedAt ?? one.startedAt ?? one.scheduledAt),
    one.title || one.subject,
  ])
  printLines(formatTable(['ID', 'STATE', 'WHEN', 'TITLE'], rows))
}

async function show(id: string, options: KeyOptions): Promise<void> {
  const shown = await callAdmin<Shown>(options, {
    method: 'GET',
    path: pathOf(id),
    query: { key: options.key },
  })
  if (options.json) return printJson(shown)
  const { campaign, progress, tracked } = shown
  const excluded = Object.entries(progress.excluded)
  const left = excluded.reduce((sum, [, number]) => sum + number, 0)
  printLines([
    ...formatPairs([
      ['campaign', `${campaign.id} ${campaign.title}`],
      ['subject', campaign.subject],
      ['sender', `${campaign.senderName} <${campaign.senderEmail}>`.trim()],
      ['state', campaign.reason === '' ? campaign.state : `${campaign.state}: ${campaign.reason}`],
      ['scheduled', formatTime(campaign.scheduledAt)],
      ['started', formatTime(campaign.startedAt)],
      ['ended', formatTime(campaign.endedAt)],
      ...numbersOf(progress, { left, tracked }),
      ...excluded.map(([reason, number]) => [`  ${reason}`, String(number)] as const),
    ]),
  ])
}

async function change(
  id: string,
  action: 'pause' | 'resume' | 'cancel',
  options: KeyOptions,
  more: object = {},
): Promise<void> {
  const { campaign } = await callAdmin<{ campaign: Campaign }>(options, {
    method: 'POST',
    path: `${pathOf(id)}/${action}`,
    body: { key: options.key, ...more },
  })
  if (options.json) return printJson(campaign)
  printLines([`Campaign ${campaign.id} is ${campaign.state}.`])
}

function pathOf(id: string): string {
  return `/campaigns/${encodeURIComponent(id)}`
}
