import type { Command } from 'commander'
import type { ApiKey } from '../accounts/api-keys.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { bold, formatPairs, formatTable, formatTime, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type KeyAndSecret = { key: ApiKey; secret: string }

type Rules = { opens: boolean; clicks: boolean; isPrivate: boolean }
type Wishes = { [Name in keyof Rules]: boolean | null }
type Said = { account: Wishes; key: Wishes; effective: Rules }

export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('API keys: the user name and password of clients')

  addCommand(key, 'create <name>', 'make a key; its secret is shown this once').action(
    async (name: string, options: CommonOptions) => {
      const made = await callAdmin<KeyAndSecret>(options, { method: 'POST', path: '/keys', body: { name } })
      showSecret(made, options)
    },
  )
  addCommand(key, 'list', 'list the keys; the first is used where a command names none').action(
    async (options: CommonOptions) => {
      const { keys } = await callAdmin<{ keys: ApiKey[] }>(options, { method: 'GET', path: '/keys' })
      if (options.json) return printJson(keys)
      const rows = keys.map((one) => rowOf(one, { isOwn: one.accountId !== keys[0]?.accountId }))
      printLines(formatTable(['ID', 'KEY', 'NAME', 'KIND', 'STATE', 'MADE'], rows))
    },
  )
  addCommand(
    key,
    'bounces <key> <on|off>',
    'whether clients are told by mail what could not be delivered',
  ).action(async (reference: string, state: string, options: CommonOptions) => {
    if (state !== 'on' && state !== 'off') {
      throw new CommandProblem(`"${state.slice(0, 80)}" is neither on nor off`)
    }
    const { key } = await callAdmin<{ key: ApiKey }>(options, {
      method: 'PATCH',
      path: `/keys/${encodeURIComponent(reference)}`,
      body: { reportsBounces: state === 'on' },
    })
    if (options.json) return printJson(key)
    const told = key.reportsBounces ? 'are told by mail' : 'are not told'
    printLines([`Clients of ${key.name} ${told} what could not be delivered.`])
  })
  addCommand(
    key,
    'tracking <key>',
    'whether mail is tracked that does not say so itself; shows it, or changes it',
  )
    .option('--opens <wish>', 'on, off, or account: as the whole account says')
    .option('--clicks <wish>', 'the same of clicks')
    .option(
      '--private <wish>',
      'keep neither addresses nor programs nor countries of readers: on, off or account',
    )
    .action(track)
  addCommand(key, 'suspend <key>', 'refuse the key at every door; what it sent before still goes out').action(
    (reference: string, options: CommonOptions) => change(reference, 'suspend', options),
  )
  addCommand(key, 'resume <key>', 'accept a suspended key again').action(
    (reference: string, options: CommonOptions) => change(reference, 'resume', options),
  )
  addCommand(key, 'rotate <key>', 'give the key a new secret; the old one stops working').action(
    async (reference: string, options: CommonOptions) => {
      showSecret(
        await callAdmin<KeyAndSecret>(options, { method: 'POST', path: pathOf(reference, 'rotate') }),
        options,
      )
    },
  )
}

const wishes = { on: true, off: false, account: null } as const

type TrackingOptions = CommonOptions & { opens?: string; clicks?: string; private?: string }

async function track(reference: string, options: TrackingOptions): Promise<void> {
  const asked = {
    ...readWish('opens', options.opens),
    ...readWish('clicks', options.clicks),
    ...readWish('isPrivate', options.private),
  }
  const said = await callAdmin<Said>(
    options,
    Object.keys(asked).length === 0
      ? { method: 'GET', path: '/tracking', query: { key: reference } }
      : { method: 'PUT', path: '/tracking', body: { key: reference, of: 'key', ...asked } },
  )
  if (options.json) return printJson(said)
  const shown = (name: keyof Rules): string => {
    const who =
      said.key[name] !== null
        ? 'the key says so'
        : said.account[name] !== null
          ? 'the account says so'
          : 'nobody said'
    return `${said.effective[name] ? 'on' : 'off'} (${who})`
  }
  printLines(
    formatPairs([
      ['Opens', shown('opens')],
      ['Clicks', shown('clicks')],
      ['Private', shown('isPrivate')],
    ]),
  )
}

function readWish(name: keyof Rules, text: string | undefined): Partial<Wishes> {
  if (text === undefined) return {}
  if (!Object.hasOwn(wishes, text)) {
    throw new CommandProblem(`"${text.slice(0, 80)}" is none of on, off and account`)
  }
  return { [name]: wishes[text as keyof typeof wishes] }
}

async function change(
  reference: string,
  action: 'suspend' | 'resume',
  options: CommonOptions,
): Promise<void> {
  const { key } = await callAdmin<{ key: ApiKey }>(options, {
    method: 'POST',
    path: pathOf(reference, action),
  })
  if (options.json) return printJson(key)
  printLines([`${key.name} (${key.publicKey}) is ${stateOf(key)}.`])
}

function showSecret({ key, secret }: KeyAndSecret, options: CommonOptions): void {
  if (options.json) {
    printJson({ ...key, secret })
    return
  }
  const pairs = formatPairs([
    ['Name', key.name],
    ['API key', key.publicKey],
    ['Secret', secret],
  ])
  printLines([...pairs, '', bold('The secret is shown only now: keep it.')])
}

/** `isOwn`: the instance itself writes with it, such as to activate senders. */
function rowOf(key: ApiKey, { isOwn }: { isOwn: boolean }): string[] {
  const kind = isOwn ? 'instance' : key.isMaster ? 'master' : 'sub-key'
  return [String(key.id), key.publicKey, key.name, kind, stateOf(key), formatTime(key.createdAt)]
}

function stateOf(key: ApiKey): string {
  return key.isActive ? 'active' : 'suspended'
}

function pathOf(reference: string, action: string): string {
  return `/keys/${encodeURIComponent(reference)}/${action}`
}
