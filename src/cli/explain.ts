import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { decideWhatIf, type ShownDecision, whatIf } from '../routing/what-if.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { bold, formatPairs, formatTime, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type ExplainOptions = CommonOptions & {
  from?: string
  to?: string
  bulk?: boolean
  server?: string
  returnPath?: string
  key?: string
  case?: string
}

type Headers = { from: string | null; envelopeFrom: string | null }

type Explanation = {
  server: { id: number | null; name: string; host: string; port: number } | null
  error: string | null
  because: string[]
  before: Headers
  after: Headers | null
  hosts: string[]
  attempts?: { at: number; host: string; address: string; remarks: string[] }[]
}

export function addExplainCommand(program: Command): void {
  addCommand(program, 'explain [message]', 'tell which outgoing server a message takes, as whom, and why')
    .option('--from <author>', 'of a message that does not exist, as in its From header')
    .option('--to <address>', 'its recipient')
    .option('--bulk', 'it is mass mail')
    .option('--server <server>', 'outgoing server that it demands')
    .option('--return-path <address>', 'envelope sender that its client asks for')
    .option('--key <key>', 'API key that sends it (when left out, the first in key list)')
    .option('--case <file>', 'rules that are not in place, with a message: JSON, or - for standard input')
    .action(explain)
}

async function explain(message: string | undefined, options: ExplainOptions): Promise<void> {
  const { from, to, bulk, server, returnPath, key } = options
  const ways = [message, from, options.case].filter((way) => way !== undefined)
  if (ways.length !== 1) {
    throw new CommandProblem('name the id of a message, or --from an author, or a --case: one of the three')
  }
  if (options.case !== undefined) return explainCase(options.case, options)
  const explanation = await callAdmin<Explanation>(options, {
    method: 'GET',
    path: message === undefined ? '/explain' : `/explain/${encodeURIComponent(message)}`,
    ...(message === undefined && { query: { from, to, bulk, server, returnPath, key } }),
  })
  if (options.json) return printJson(explanation)
  printLines(describe(explanation))
}

/** Nothing is asked of the server: the rules come along, and the decision is made by the same code. */
async function explainCase(path: string, { json }: CommonOptions): Promise<void> {
  const content = path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8')
  const decision = decideWhatIf(readCase(content))
  if (json) return printJson(decision)
  printLines(describeCase(decision))
}

function readCase(content: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (error) {
    throw new CommandProblem('the case is not JSON', { cause: error })
  }
  const { error } = whatIf.safeParse(value)
  if (error === undefined) return value
  const [issue] = error.issues
  const place = issue?.path.join('.') || 'it'
  throw new CommandProblem(`the case is not of the right shape: ${place}: ${issue?.message}`)
}

function describeCase(decision: ShownDecision): string[] {
  const steps = numbered(decision.because)
  if ('error' in decision) return [...steps, '', ...formatPairs([['Error', decision.error]])]
  const { server, from_header, smtp_from } = decision
  return [
    ...steps,
    '',
    ...formatPairs([
      ['Server', server === null ? 'none: sent directly' : String(server)],
      ['From', from_header],
      ['Envelope sender', smtp_from],
    ]),
  ]
}

function describe({ server, error, because, before, after, hosts, attempts = [] }: Explanation): string[] {
  const ownAddress = '(an address of this instance, which bounces come back to)'
  const pairs: [name: string, value: string][] =
    after === null
      ? [['Error', error ?? '']]
      : [
          ['Server', server === null ? 'none: sent directly' : describeServer(server)],
          ['From before', before.from ?? '(none)'],
          ['From after', after.from ?? '(none)'],
          ['Envelope sender before', before.envelopeFrom ?? '(none of its own)'],
          ['Envelope sender after', after.envelopeFrom ?? ownAddress],
        ]
  if (server === null && hosts.length > 0) pairs.push(['Mail hosts', hosts.join(', ')])
  return [
    ...numbered(because),
    '',
    ...formatPairs(pairs),
    ...attempts.flatMap(({ at, host, address, remarks }) => [
      '',
      bold(`Attempt ${formatTime(at)}${host === '' ? '' : `, ${printable(host)} ${printable(address)}`}`),
      ...remarks.map((remark) => `  ${printable(remark)}`),
    ]),
  ]
}

function describeServer({ id, name, host, port }: NonNullable<Explanation['server']>): string {
  return `${name}${id === null ? '' : ` (${id})`}, ${host}:${port}`
}

function numbered(steps: readonly string[]): string[] {
  return steps.map((step, index) => `${index + 1}. ${printable(step)}`)
}
