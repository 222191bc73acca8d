import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import { type Suppression, suppressionReasons } from '../contacts/suppressions.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { formatTable, formatTime, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type KeyOptions = CommonOptions & { key?: string }
type ListOptions = KeyOptions & { search?: string; reason?: string; limit?: string }

const keyOption = ['--key <key>', 'API key (when left out, the first in key list)'] as const
const reasonOption = ['--reason <reason>', `only for this reason: ${suppressionReasons.join(', ')}`] as const

export function addSuppressionCommands(program: Command): void {
  const suppression = program.command('suppression').description('addresses that a key does not send to')

  addCommand(suppression, 'list', 'list them, with the reason of each')
    .option(...keyOption)
    .option('--search <text>', 'only addresses that begin so, or of one @domain')
    .option(...reasonOption)
    .option('--limit <number>', 'at most so many', '100')
    .action(list)
  addCommand(suppression, 'add <address>', 'send nothing there any more')
    .option(...keyOption)
    .option('--note <words>', 'why')
    .action(add)
  addCommand(suppression, 'remove <address>', 'send there again')
    .option(...keyOption)
    .action(remove)
  addCommand(suppression, 'import <file>', 'add the addresses of a CSV file, or - for standard input')
    .option(...keyOption)
    .action(importFile)
  addCommand(suppression, 'export', 'print all of them as CSV')
    .option(...keyOption)
    .option(...reasonOption)
    .action(exportAll)
}

const pageSize = 1_000

async function page(options: KeyOptions, query: Record<string, string | undefined>): Promise<Suppression[]> {
  const answer = await callAdmin<{ suppressions: Suppression[] }>(options, {
    method: 'GET',
    path: '/suppressions',
    query: { key: options.key, ...query },
  })
  return answer.suppressions
}

async function list(options: ListOptions): Promise<void> {
  const { search, reason, limit } = options
  const suppressions = await page(options, { search, reason, limit })
  if (options.json) return printJson(suppressions)
  const rows = suppressions.map(({ address, reason, createdAt, origin }) => [
    address,
    reason,
    formatTime(createdAt),
    origin,
  ])
  printLines(formatTable(['ADDRESS', 'REASON', 'SINCE', 'WHAT TOLD US'], rows))
}

async function add(address: string, options: KeyOptions & { note?: string }): Promise<void> {
  const answer = await callAdmin<{ suppression: Suppression; isNew: boolean }>(options, {
    method: 'POST',
    path: '/suppressions',
    body: { key: options.key, address, note: options.note },
  })
  if (options.json) return printJson(answer)
  const { suppression, isNew } = answer
  const was = `was on the list already, since ${formatTime(suppression.createdAt)} (${suppression.reason})`
  printLines([`${printable(suppression.address)} ${isNew ? 'is not sent to any more.' : was}`])
}

async function remove(address: string, options: KeyOptions): Promise<void> {
  const answer = await callAdmin<{ removed: Suppression }>(options, {
    method: 'DELETE',
    path: `/suppressions/${encodeURIComponent(address)}`,
    query: { key: options.key },
  })
  if (options.json) return printJson(answer)
  const { reason, address: removed } = answer.removed
  const warning =
    reason === 'complaint' || reason === 'unsubscribe'
      ? ['The person there asked for it: write to them only if they asked again.']
      : []
  printLines([`${printable(removed)} is sent to again.`, ...warning])
}

type Imported = {
  added: number
  known: number
  refused: { index: number; address: string; problem: string }[]
}

/** The first column, or the one called address or email; and, where they are there, reason and note. */
async function importFile(path: string, options: KeyOptions): Promise<void> {
  const entries = readCsv(path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8'))
  const total = { added: 0, known: 0, refused: [] as { line: number; address: string; problem: string }[] }
  for (let at = 0; at < entries.length; at += pageSize) {
    const batch = entries.slice(at, at + pageSize)
    const { added, known, refused } = await callAdmin<Imported>(options, {
      method: 'POST',
      path: '/suppressions/import',
      body: { key: options.key, entries: batch.map(({ line: _line, ...entry }) => entry) },
    })
    total.added += added
    total.known += known
    for (const { index, address, problem } of refused) {
      total.refused.push({ line: batch[index]?.line ?? 0, address, problem })
    }
  }
  if (options.json) return printJson(total)
  printLines([
    `${total.added} added, ${total.known} known before, ${total.refused.length} refused.`,
    ...total.refused.map(
      ({ line, address, problem }) => `line ${line}: '${printable(address)}' is ${problem}`,
    ),
  ])
}

type Entry = { line: number; address: string; reason?: string; note?: string }

export function readCsv(content: string): Entry[] {
  let records: { record: string[]; info: { lines: number } }[]
  try {
    // With `info`, a record comes with the line that it ends on; the types know this of objects only.
    records = parse(content, {
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as typeof records
  } catch (error) {
    throw new CommandProblem(
      `the file is not CSV: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    )
  }
  const head = (records[0]?.record ?? []).map((name) => name.trim().toLowerCase())
  const hasHead = !head.some((name) => name.includes('@'))
  const column = (names: readonly string[]) => head.findIndex((name) => names.includes(name))
  const addressAt = hasHead ? Math.max(0, column(['address', 'email', 'e-mail'])) : 0
  const reasonAt = hasHead ? column(['reason']) : -1
  const noteAt = hasHead ? column(['note', 'origin']) : -1
  return records.slice(hasHead ? 1 : 0).map(({ record, info }) => {
    const reason = suppressionReasons.find((known) => known === record[reasonAt])
    const note = record[noteAt]
    return {
      line: info.lines,
      address: record[addressAt] ?? '',
      ...(reason !== undefined && { reason }),
      ...(note !== undefined && note !== '' && { note: note.slice(0, 500) }),
    }
  })
}

async function exportAll(options: KeyOptions & { reason?: string }): Promise<void> {
  const all: Suppression[] = []
  for (let after: string | undefined; ; ) {
    const found = await page(options, { reason: options.reason, after, limit: String(pageSize) })
    all.push(...found)
    after = found.at(-1)?.address
    if (found.length < pageSize) break
  }
  if (options.json) return printJson(all)
  const rows = all.map(({ address, reason, origin, createdAt }) => {
    // A spreadsheet would take what begins so for a formula.
    const words = /^[=+\-@\t]/.test(origin) ? `'${origin}` : origin
    return [address, reason, words, new Date(createdAt).toISOString()]
  })
  process.stdout.write(stringify([['address', 'reason', 'note', 'since'], ...rows]))
}
