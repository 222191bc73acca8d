import type { Command } from 'commander'
import type { Alias } from '../inbound/aliases.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { formatTable, formatTime, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type KeyOptions = CommonOptions & { key?: string }
type AddOptions = KeyOptions & {
  contacts?: string
  anyDomain?: boolean
  default?: string[]
  refusal?: string
  for?: string
}

const keyOption = ['--key <key>', 'an API key of the account (when left out, the first in key list)'] as const

export function addAliasCommands(program: Command): void {
  const alias = program.command('alias').description('addresses that turn mail into leads')

  addCommand(alias, 'add <name>', 'add an alias: a name (at mail.catchall.domain) or a whole address')
    .option(...keyOption)
    .option('--contacts <who>', 'who may write: everyone, or known (whom you have written to)', 'everyone')
    .option('--any-domain', 'its name counts at every domain of the account')
    .option('--default <name=value...>', 'what its leads start with')
    .option('--refusal <text>', 'what strangers are told, where known contacts alone may write')
    .option('--for <time>', 'temporary: ends by itself after, say, 30m, 2h or 1d')
    .action(add)
  addCommand(alias, 'list', 'list the aliases')
    .option(...keyOption)
    .action(list)
  addCommand(alias, 'remove <alias>', 'take an alias away; its leads stay')
    .option(...keyOption)
    .action(remove)
}

async function add(name: string, options: AddOptions): Promise<void> {
  const { key, contacts: policy = 'everyone', anyDomain, refusal, default: defaults = [] } = options
  if (policy !== 'everyone' && policy !== 'known') {
    throw new CommandProblem(`--contacts is "${policy.slice(0, 80)}"; it should be everyone or known`)
  }
  const endsAt = options.for === undefined ? undefined : Date.now() + readTime(options.for)
  const { alias } = await callAdmin<{ alias: Alias }>(options, {
    method: 'POST',
    path: '/aliases',
    query: { key },
    body: { name, policy, anyDomain, refusal, endsAt, defaults: readDefaults(defaults) },
  })
  if (options.json) return printJson(alias)
  const until = alias.endsAt === null ? '' : ` until ${formatTime(alias.endsAt)}`
  printLines([`Mail to ${printable(alias.address)} becomes a lead${until}.`])
}

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function readTime(text: string): number {
  const [, number, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  const ms = Number(number) * (unitMs[unit] ?? Number.NaN)
  if (Number.isNaN(ms)) {
    throw new CommandProblem(`--for is "${text.slice(0, 80)}"; it should be like 30m, 2h or 1d`)
  }
  return ms
}

function readDefaults(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new CommandProblem(`--default is "${pair.slice(0, 80)}"; it should be name=value`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

async function list(options: KeyOptions): Promise<void> {
  const { aliases } = await callAdmin<{ aliases: Alias[] }>(options, {
    method: 'GET',
    path: '/aliases',
    query: { key: options.key },
  })
  if (options.json) return printJson(aliases)
  const rows = aliases.map(({ address, policy, anyDomain, endsAt, createdAt }) => [
    address,
    policy,
    anyDomain ? 'every domain' : '',
    endsAt === null ? '' : formatTime(endsAt),
    formatTime(createdAt),
  ])
  printLines(formatTable(['ALIAS', 'CONTACTS', 'ALSO AT', 'ENDS', 'ADDED'], rows))
}

async function remove(reference: string, options: KeyOptions): Promise<void> {
  const { alias } = await callAdmin<{ alias: Alias }>(options, {
    method: 'DELETE',
    path: `/aliases/${encodeURIComponent(reference)}`,
    query: { key: options.key },
  })
  if (options.json) return printJson(alias)
  printLines([`${printable(alias.address)} is no alias any more.`])
}
