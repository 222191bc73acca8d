import type { Command } from 'commander'
import type { SystemParameter } from '../routing/parameters.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { bold, dim, printable, printJson, printLines } from './output.ts'

type KeyOptions = CommonOptions & { key?: string }

const keyOption = ['--key <key>', 'an API key of the account (when left out, the first in key list)'] as const

export function addParamCommands(program: Command): void {
  const param = program.command('param').description('system parameters: the default addresses and their kin')

  addCommand(param, 'list', 'list the parameters that mean something, set or not, and your own')
    .option(...keyOption)
    .action(list)
  addCommand(param, 'get <name>', 'print the value of a parameter; nothing while it is not set')
    .option(...keyOption)
    .action(get)
  addCommand(param, 'set <name> <value>', 'set a parameter; "" takes it away')
    .option(...keyOption)
    .action(set)
}

async function list(options: KeyOptions): Promise<void> {
  const { parameters } = await callAdmin<{ parameters: SystemParameter[] }>(options, {
    method: 'GET',
    path: '/system-parameters',
    query: { key: options.key },
  })
  if (options.json) return printJson(parameters)
  printLines(parameters.flatMap(describe))
}

function describe({ name, value, isKnown, about, unset }: SystemParameter): string[] {
  const shown = value === null ? dim(`(not set: ${unset})`) : printable(value)
  return [`${bold(printable(name))} = ${shown}`, ...(isKnown ? [`  ${dim(about)}`] : [])]
}

async function get(name: string, options: KeyOptions): Promise<void> {
  const { parameter } = await callAdmin<{ parameter: SystemParameter }>(options, {
    method: 'GET',
    path: parameterPath(name),
    query: { key: options.key },
  })
  if (options.json) return printJson(parameter)
  if (parameter.value !== null) printLines([printable(parameter.value)])
}

async function set(name: string, value: string, options: KeyOptions): Promise<void> {
  const { parameter } = await callAdmin<{ parameter: SystemParameter | null }>(options, {
    method: 'PUT',
    path: parameterPath(name),
    query: { key: options.key },
    body: { value },
  })
  if (options.json) return printJson(parameter)
  const isSet = parameter !== null && parameter.value !== null
  printLines([isSet ? `${name} = ${printable(parameter.value ?? '')}` : `${name} is not set any more.`])
}

function parameterPath(name: string): string {
  return `/system-parameters/${encodeURIComponent(name)}`
}
