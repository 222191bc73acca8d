import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { csvMethods } from '../contacts/csv-steps.ts'
import { propertyTypes } from '../contacts/properties.ts'
import { type Admin, withAdmin } from './client.ts'
import { addCommand, type CommonOptions, readSettings } from './command.ts'
import { formatTable, formatTime, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type KeyOptions = CommonOptions & { key?: string }

const keyOption = ['--key <key>', 'API key (when left out, the first in key list)'] as const

export function addContactCommands(program: Command): void {
  const contact = program.command('contact').description('people in lists, for mass mailing')

  addCommand(contact, 'list', 'list contacts')
    .option(...keyOption)
    .option('--list <list>', 'only members of this list: its number or its name')
    .option('--search <text>', 'only addresses that begin so, or of one @domain')
    .option('--limit <number>', 'at most so many', '100')
    .action(list)
  addCommand(contact, 'lists', 'list the lists')
    .option(...keyOption)
    .action(lists)
  addCommand(contact, 'import <list> <file>', 'import a CSV file, or - for standard input, into a list')
    .option(...keyOption)
    .option('--method <method>', `what to do with each contact: ${csvMethods.join(', ')}`, 'addnoforce')
    .option('--date-format <format>', 'how dates are written in it, like dd/mm/yyyy hh:nn')
    .option('--name-column <column>', 'the column that is the name of the contact')
    .option(
      '--type <column:type>',
      `the type of a property that the import makes: ${propertyTypes.join(', ')}; may be repeated`,
      (one: string, before: string[] = []) => [...before, one],
    )
    .option('--create', 'make the list if there is none')
    .action(importFile)
  addCommand(contact, 'export <list>', 'print the members of a list as CSV')
    .option(...keyOption)
    .option('--formula <formula>', 'only those that the formula of a segment chooses')
    .action(exportList)
  addCommand(contact, 'properties', 'list what may be known of contacts, with types')
    .option(...keyOption)
    .action(listProperties)
  addCommand(contact, 'remove-property <name>', 'remove a property, with its values')
    .option(...keyOption)
    .action(removeProperty)
}

type Contact = {
  id: number
  email: string
  name: string
  isExcluded: boolean
  blockedBecause: string | null
  leftListAt: number | null
  createdAt: number
}
type List = { id: number; name: string; memberCount: number; leftCount: number; createdAt: number }
type Property = { id: number; name: string; type: string }
type Job = {
  id: number
  status: string
  processed: number
  refused: number
  problem: string
  newProperties: { name: string; type: string }[]
  endedAt: number | null
}

function useAdmin<Result>(options: CommonOptions, use: (admin: Admin) => Promise<Result>): Promise<Result> {
  return withAdmin(readSettings(options).config, use)
}

async function allLists(admin: Admin, { key }: KeyOptions): Promise<List[]> {
  const answer = await admin.call<{ lists: List[] }>({
    method: 'GET',
    path: '/contact-lists',
    query: { key },
  })
  return answer.lists
}

async function findList(admin: Admin, reference: string, options: KeyOptions): Promise<List | undefined> {
  const all = await allLists(admin, options)
  return all.find(({ name }) => name === reference) ?? all.find(({ id }) => String(id) === reference)
}

function noList(reference: string): CommandProblem {
  return new CommandProblem(`there is no contact list '${printable(reference)}'; see: paravion contact lists`)
}

async function list(options: KeyOptions & { list?: string; search?: string; limit?: string }): Promise<void> {
  const contacts = await useAdmin(options, async (admin) => {
    const { key, search, limit } = options
    const of = options.list === undefined ? undefined : await findList(admin, options.list, options)
    if (options.list !== undefined && of === undefined) throw noList(options.list)
    const query = { key, search, limit, list: of?.id }
    const answer = await admin.call<{ contacts: Contact[] }>({ method: 'GET', path: '/contacts', query })
    return answer.contacts
  })
  if (options.json) return printJson(contacts)
  const rows = contacts.map((contact) => [
    String(contact.id),
    contact.email,
    contact.name,
    whyNot(contact),
    formatTime(contact.createdAt),
  ])
  printLines(formatTable(['ID', 'ADDRESS', 'NAME', 'NOT SENT TO', 'SINCE'], rows))
}

/** Why campaigns to the list leave somebody out. */
function whyNot({ isExcluded, blockedBecause, leftListAt }: Contact): string {
  const reasons = [
    ...(leftListAt === null ? [] : [`left the list ${formatTime(leftListAt)}`]),
    ...(blockedBecause === null ? [] : [blockedBecause]),
    ...(isExcluded ? ['excluded from campaigns'] : []),
  ]
  return reasons.join(', ')
}

async function lists(options: KeyOptions): Promise<void> {
  const all = await useAdmin(options, (admin) => allLists(admin, options))
  if (options.json) return printJson(all)
  const rows = all.map(({ id, name, memberCount, leftCount, createdAt }) => [
    String(id),
    name,
    String(memberCount - leftCount),
    String(leftCount),
    formatTime(createdAt),
  ])
  printLines(formatTable(['ID', 'NAME', 'MEMBERS', 'LEFT', 'SINCE'], rows))
}

type ImportOptions = KeyOptions & {
  method: string
  dateFormat?: string
  nameColumn?: string
  type?: string[]
  create?: boolean
}

async function importFile(reference: string, path: string, options: ImportOptions): Promise<void> {
  const types = options.type === undefined ? undefined : readTypes(options.type)
  const file = path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8')
  const job = await useAdmin(options, async (admin) => {
    const target = (await findList(admin, reference, options)) ?? (await make(admin, reference, options))
    const { uploadId } = await admin.call<{ uploadId: number }>({
      method: 'POST',
      path: '/contact-uploads',
      query: { key: options.key },
      file,
    })
    const started = await admin.call<{ job: Job }>({
      method: 'POST',
      path: `/contact-lists/${target.id}/import`,
      body: {
        ...{ key: options.key, uploadId, method: options.method },
        dateTimeFormat: options.dateFormat,
        nameColumn: options.nameColumn,
        types,
      },
    })
    return watch(admin, started.job, options)
  })
  if (options.json) return printJson(job)
  if (job.status === 'Error' || job.status === 'Abort') {
    throw new CommandProblem(`the import ended after ${job.processed} records: ${job.problem}`)
  }
  if (job.endedAt === null) {
    printLines([`Import ${job.id} is stored, and runs as soon as a server does.`])
    return
  }
  printLines([
    `${job.processed} records, ${job.refused} of them refused.`,
    ...(job.newProperties.length > 0
      ? [`New properties: ${job.newProperties.map(({ name, type }) => `${name} (${type})`).join(', ')}.`]
      : []),
    ...(job.refused > 0 ? job.errors : []),
  ])
}

/** `age:int` and the like, by column. */
function readTypes(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((one) => {
      const [, column = '', type = ''] = /^(.+):(\w+)$/s.exec(one) ?? []
      if (propertyTypes.some((known) => known === type)) return [column, type]
      throw new CommandProblem(
        `--type is "${printable(one.slice(0, 80))}"; it should be a column, a colon and one of ${propertyTypes.join(', ')}, as age:int`,
      )
    }),
  )
}

async function make(admin: Admin, name: string, { create, key }: ImportOptions): Promise<List> {
  if (!create) throw noList(name)
  const answer = await admin.call<{ list: List }>({
    method: 'POST',
    path: '/contact-lists',
    body: { key, name },
  })
  return answer.list
}

const askAgainMs = 500
// A job that nothing works on after this time waits for a server.
const patienceMs = 3_000

/** Until it has ended; the refused lines come along. */
async function watch(
  admin: Admin,
  started: Job,
  { key, json }: ImportOptions,
): Promise<Job & { errors: string[] }> {
  const query = { key }
  const showsProgress = !json && process.stderr.isTTY
  const since = Date.now()
  for (;;) {
    const { job } = await admin.call<{ job: Job }>({
      method: 'GET',
      path: `/contact-jobs/${started.id}`,
      query,
    })
    if (showsProgress)
      process.stderr.write(`\r${job.status}: ${job.processed} records, ${job.refused} refused `)
    const isWaiting = job.status === 'Upload' && Date.now() - since > patienceMs
    if (job.endedAt !== null || isWaiting) {
      if (showsProgress) process.stderr.write('\n')
      if (job.refused === 0) return { ...job, errors: [] }
      const lines = await admin.text({ method: 'GET', path: `/contact-jobs/${started.id}/errors`, query })
      return { ...job, errors: lines.trimEnd().split('\n').map(printable) }
    }
    await delay(askAgainMs)
  }
}

async function exportList(reference: string, options: KeyOptions & { formula?: string }): Promise<void> {
  const csv = await useAdmin(options, async (admin) => {
    const source = await findList(admin, reference, options)
    if (source === undefined) throw noList(reference)
    const query = { key: options.key, formula: options.formula }
    return admin.text({ method: 'GET', path: `/contact-lists/${source.id}/export`, query })
  })
  if (options.json) return printJson(csv)
  process.stdout.write(csv)
}

async function allProperties(admin: Admin, { key }: KeyOptions): Promise<Property[]> {
  const query = { key }
  const answer = await admin.call<{ properties: Property[] }>({
    method: 'GET',
    path: '/contact-properties',
    query,
  })
  return answer.properties
}

async function listProperties(options: KeyOptions): Promise<void> {
  const all = await useAdmin(options, (admin) => allProperties(admin, options))
  if (options.json) return printJson(all)
  printLines(
    formatTable(
      ['NAME', 'TYPE'],
      all.map(({ name, type }) => [name, type]),
    ),
  )
}

async function removeProperty(wanted: string, options: KeyOptions): Promise<void> {
  const removed = await useAdmin(options, async (admin) => {
    const all = await allProperties(admin, options)
    const found = all.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())
    if (found === undefined) {
      throw new CommandProblem(
        `there is no property '${printable(wanted)}'; see: paravion contact properties`,
      )
    }
    const query = { key: options.key }
    await admin.call({ method: 'DELETE', path: `/contact-properties/${found.id}`, query })
    return found
  })
  if (options.json) return printJson(removed)
  printLines([`The property ${removed.name} is removed; its values go in the background.`])
}
