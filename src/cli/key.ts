import type { Command } from 'commander'
import type { ApiKey } from '../accounts/api-keys.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { bold, formatPairs, formatTable, formatTime, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type KeyAndSecret = { key: ApiKey; secret: string }

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
