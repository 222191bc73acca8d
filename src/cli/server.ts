import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { OutgoingServer } from '../routing/servers.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions, wholeNumberOption } from './command.ts'
import { bold, formatPairs, formatTable, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'
import { addTestCommand, serverPath } from './test-server.ts'

type ShownServer = OutgoingServer & { warnings: string[] }

type ServerOptions = CommonOptions & {
  key?: string
  name?: string
  host?: string
  port?: number
  security?: string
  fromFilter?: string
  priority?: number
  authentication?: string
  user?: string
  password?: string
  passwordFile?: string
  certificate?: string
  privateKey?: string
  debug?: boolean
  maxSize?: number
  maxConnections?: number
  maxPerConnection?: number
  maxPerMinute?: number
  fallback?: string
  active?: boolean
}

const megabyte = 1024 * 1024
const numberOption = (name: string, max: number) => wholeNumberOption(name, { min: 0, max })

export function addServerCommands(program: Command): void {
  const server = program.command('server').description('outgoing mail servers, and which mail they carry')

  const add = addCommand(server, 'add <name>', 'add an outgoing server')
    .requiredOption('--host <host>', 'host name or IP address')
    .option('--key <key>', 'an API key of the account (when left out, the first in key list)')
  addFieldOptions(add).action(addServer)

  addCommand(server, 'list', 'list the outgoing servers, first the one that is used first')
    .option('--key <key>', 'only those of the account of this API key')
    .action(list)
  addCommand(server, 'show <server>', 'show an outgoing server, by its id or its name').action(show)

  const update = addCommand(server, 'update <server>', 'change an outgoing server; the rest stays as it is')
  // The field options first: --no-debug alone would switch --debug on.
  addFieldOptions(update)
    .option('--name <name>', 'name, for people')
    .option('--host <host>', 'host name or IP address')
    .option('--no-debug', 'no longer write the dialogue to the log')
    .option('--active', 'use it again after it was archived')
    .action(change)

  addTestCommand(server)
  addCommand(
    server,
    'archive <server>',
    'keep an outgoing server without using it; refused while something needs it',
  ).action(archive)
}

function addFieldOptions(command: Command): Command {
  return command
    .option('--port <number>', '465 for tls, 587 for starttls, 25 for none when left out', readPort)
    .option(
      '--security <kind>',
      'none, starttls, starttls-strict, tls or tls-strict; the strict ones check the certificate',
    )
    .option('--from-filter <list>', 'addresses and domains it may send for, with commas; "" is all')
    .option('--priority <number>', 'the smallest number is used first; 10 when left out', readPriority)
    .option('--authentication <kind>', 'login, certificate, xoauth2 or none')
    .option('--user <user>', 'user name')
    .option('--password <password>', 'password, or token for xoauth2; other users of the machine may see it')
    .option('--password-file <file>', 'the same from a file, or - for standard input')
    .option('--certificate <file>', 'client certificate, PEM')
    .option('--private-key <file>', 'its private key, PEM')
    .option('--debug', 'write the whole SMTP dialogue to the log')
    .option(
      '--max-size <megabytes>',
      'largest message; 0: what it announces',
      numberOption('--max-size', 9_000),
    )
    .option(
      '--max-connections <number>',
      'connections at one time; 0: no limit of its own',
      numberOption('--max-connections', 1_000),
    )
    .option(
      '--max-per-connection <number>',
      'messages over one connection',
      numberOption('--max-per-connection', 1_000_000),
    )
    .option(
      '--max-per-minute <number>',
      'messages a minute; 0: no limit',
      numberOption('--max-per-minute', 10_000_000),
    )
    .option('--fallback <server>', 'takes over while it does not answer; "" is none')
}

async function addServer(name: string, options: ServerOptions): Promise<void> {
  const body = { ...(await fieldsOf(options)), name, key: options.key }
  const { server } = await callAdmin<{ server: ShownServer }>(options, {
    method: 'POST',
    path: '/outgoing-servers',
    body,
  })
  print(server, options)
}

async function list(options: CommonOptions & { key?: string }): Promise<void> {
  const { servers } = await callAdmin<{ servers: ShownServer[] }>(options, {
    method: 'GET',
    path: '/outgoing-servers',
    query: { key: options.key },
  })
  if (options.json) return printJson(servers)
  if (servers.length === 0) return printLines(['No outgoing servers: this instance sends all mail itself.'])
  const header = ['ID', 'PRIORITY', 'NAME', 'HOST', 'SECURITY', 'FROM FILTER', 'STATE']
  printLines(formatTable(header, servers.map(rowOf)))
}

function rowOf({ id, priority, name, host, port, security, fromFilter, isActive }: ShownServer): string[] {
  const state = isActive ? 'active' : 'archived'
  return [String(id), String(priority), name, `${host}:${port}`, security, fromFilter ?? '(all)', state]
}

async function show(reference: string, options: CommonOptions): Promise<void> {
  const { server } = await callAdmin<{ server: ShownServer }>(options, {
    method: 'GET',
    path: serverPath(reference),
  })
  print(server, options)
}

async function change(reference: string, options: ServerOptions): Promise<void> {
  const { server } = await callAdmin<{ server: ShownServer }>(options, {
    method: 'PATCH',
    path: serverPath(reference),
    body: await fieldsOf(options),
  })
  print(server, options)
}

async function archive(reference: string, options: CommonOptions): Promise<void> {
  const { server } = await callAdmin<{ server: ShownServer }>(options, {
    method: 'POST',
    path: `${serverPath(reference)}/archive`,
  })
  if (options.json) return printJson(server)
  printLines([
    `${printable(server.name)} is archived: no mail goes through it until paravion server update ${server.id} --active`,
  ])
}

/** What the options say, in the words of the API; what they leave out stays undefined. */
async function fieldsOf(options: ServerOptions) {
  const { port, priority, authentication, user, maxSize } = options
  return {
    name: options.name,
    host: options.host,
    port,
    security: options.security === undefined ? undefined : readSecurity(options.security),
    fromFilter: options.fromFilter,
    priority,
    isActive: options.active,
    authentication,
    user,
    password: await passwordOf(options),
    certificate: await fileOf(options.certificate),
    privateKey: await fileOf(options.privateKey),
    isDebug: options.debug,
    maxSizeBytes: maxSize === undefined ? undefined : maxSize * megabyte,
    maxConnections: options.maxConnections,
    maxMessagesPerConnection: options.maxPerConnection,
    maxMessagesPerMinute: options.maxPerMinute,
    fallbackServerId: await fallbackOf(options),
  }
}

async function passwordOf({ password, passwordFile }: ServerOptions): Promise<string | undefined> {
  if (passwordFile === undefined) return password
  if (password !== undefined) {
    throw new CommandProblem('--password and --password-file say the same; give one of them')
  }
  const content = passwordFile === '-' ? await readAll(process.stdin) : await fileOf(passwordFile)
  return content?.replace(/\r?\n$/, '')
}

async function fileOf(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : readFile(path, 'utf8')
}

async function fallbackOf(options: ServerOptions): Promise<number | null | undefined> {
  const { fallback } = options
  if (fallback === undefined || fallback === '') return fallback === '' ? null : undefined
  const { server } = await callAdmin<{ server: ShownServer }>(options, {
    method: 'GET',
    path: serverPath(fallback),
  })
  return server.id
}

/** Also as Odoo writes it: ssl, ssl_strict, SSL/TLS. */
function readSecurity(given: string): string {
  const word = given.trim().toLowerCase().replaceAll('_', '-')
  return word.replace(/^ssl(?:\/tls)?(?=-strict$|$)/, 'tls')
}

function readPort(text: string): number {
  return wholeNumberOption('--port', { min: 1, max: 65_535 })(text)
}

function readPriority(text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  throw new CommandProblem(
    `--priority is "${text.slice(0, 80)}"; it should be a whole number, and the smallest is used first`,
  )
}

function print(server: ShownServer, { json }: CommonOptions): void {
  if (json) {
    printJson(server)
    return
  }
  const limits = [
    server.maxSizeBytes === null ? '' : `messages up to ${server.maxSizeBytes / megabyte} MB`,
    server.maxConnections === null ? '' : `${server.maxConnections} connections`,
    server.maxMessagesPerConnection === null
      ? ''
      : `${server.maxMessagesPerConnection} messages a connection`,
    server.maxMessagesPerMinute === null ? '' : `${server.maxMessagesPerMinute} messages a minute`,
  ].filter((limit) => limit !== '')
  const pairs: [name: string, value: string][] = [
    ['Id', String(server.id)],
    ['Name', server.name],
    ['Host', `${server.host}:${server.port}`],
    ['Security', server.security],
    ['Authentication', describeAuthentication(server)],
    ['From filter', server.fromFilter ?? '(none: open to all)'],
    ['Priority', `${server.priority} (the smallest number is used first)`],
    ['State', server.isActive ? 'active' : 'archived'],
    ['Limits', limits.join(', ') || '(none of its own)'],
  ]
  if (server.fallbackServerId !== null) pairs.push(['Fallback', String(server.fallbackServerId)])
  if (server.isDebug) pairs.push(['Debug', 'the SMTP dialogue is written to the log'])
  const warnings = server.warnings.map((warning) => `${bold('Warning:')} ${printable(warning)}`)
  printLines([...formatPairs(pairs), ...warnings])
}

function describeAuthentication({ authentication, user, hasPassword }: ShownServer): string {
  if (authentication === 'login' || authentication === 'xoauth2') {
    return `${authentication} as ${user ?? ''}${hasPassword ? '' : ', with an empty password'}`
  }
  return authentication === 'certificate' ? 'client certificate' : 'none'
}
