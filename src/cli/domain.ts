import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { RecordCheck } from '../domains/checks/record-check.ts'
import type { DnsRecord } from '../domains/dns-records.ts'
import { formatZoneLine, toHostAndValue } from '../domains/dns-records.ts'
import type { Domain, DomainToPublish } from '../domains/domains.ts'
import type { Validation } from '../domains/validate-sender.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions, wholeNumberOption } from './command.ts'
import {
  bold,
  dim,
  formatPairs,
  formatTable,
  formatTime,
  printable,
  printJson,
  printLines,
} from './output.ts'
import { CommandProblem } from './problem.ts'
import { describeValidation } from './sender.ts'

type KeyOptions = CommonOptions & { key?: string }

type AddOptions = KeyOptions & {
  trust?: boolean
  selector?: string
  privateKey?: string
  bits?: number
  ed25519?: boolean
}

type ShowOptions = KeyOptions & { zone?: boolean }

type Check = {
  domain: DomainToPublish
  validation: Validation | null
  checks: readonly RecordCheck[]
}

const keyOption = [
  '--key <key>',
  'API key that sends from it (when left out, the first in key list)',
] as const

export function addDomainCommands(program: Command): void {
  const domain = program.command('domain').description('domains that keys send from, and their DNS records')

  addCommand(domain, 'add <name>', 'add a domain; once it is proved, every address of it may send')
    .option(...keyOption)
    .option('--trust', 'it is known to be theirs: no proof is needed')
    .option('--selector <name>', 'DKIM selector')
    .option('--private-key <file>', 'use this PEM key, for a selector that is published already')
    .option(
      '--bits <number>',
      'size of the RSA key to make',
      wholeNumberOption('--bits', { min: 1024, max: 4096 }),
    )
    .option('--ed25519', 'make an Ed25519 key beside it')
    .action(add)
  addCommand(domain, 'list', 'list the domains')
    .option('--key <key>', 'only those of this API key')
    .action(list)
  addCommand(domain, 'show <name>', 'show the DNS records to publish for a domain')
    .option(...keyOption)
    .option('--zone', 'as lines of a zone file')
    .action(show)
  addCommand(domain, 'check <name>', 'look at its proof and its records in DNS now')
    .option(...keyOption)
    .action(check)
  addCommand(domain, 'rotate <name>', 'make a new DKIM key; it signs once DNS shows it')
    .option(...keyOption)
    .action(rotate)
  addCommand(domain, 'remove <name>', 'remove it with its keys and every sender at it')
    .option(...keyOption)
    .action(remove)
}

async function add(name: string, options: AddOptions): Promise<void> {
  const { key, trust, selector, privateKey, bits, ed25519 } = options
  if (privateKey !== undefined && bits !== undefined) {
    throw new CommandProblem('--bits is for keys that are made; leave it out with --private-key')
  }
  const pem = privateKey === undefined ? undefined : await readFile(privateKey, 'utf8')
  const body = { name, key, trust, selector, privateKey: pem, bits, ed25519 }
  const { domain } = await callAdmin<{ domain: DomainToPublish }>(options, {
    method: 'POST',
    path: '/domains',
    body,
  })
  print(domain, options, 'is added')
}

async function list(options: KeyOptions): Promise<void> {
  const { domains } = await callAdmin<{ domains: Domain[] }>(options, {
    method: 'GET',
    path: '/domains',
    query: { key: options.key },
  })
  if (options.json) return printJson(domains)
  const rows = domains.map((domain) => [
    domain.name,
    domain.isActive ? 'may send' : 'not proved',
    domain.dkimStatus,
    domain.spfStatus,
    domain.dmarcStatus,
    String(domain.keyId),
    formatTime(domain.lastCheckAt),
    domain.problem.replaceAll('\n', ' / '),
  ])
  printLines(formatTable(['DOMAIN', 'STATE', 'DKIM', 'SPF', 'DMARC', 'KEY ID', 'CHECKED', 'PROBLEM'], rows))
}

async function show(name: string, options: ShowOptions): Promise<void> {
  print(await callDomain(name, options, { method: 'GET' }), options)
}

async function rotate(name: string, options: KeyOptions): Promise<void> {
  print(await callDomain(name, options, { method: 'POST', action: '/rotate' }), options, 'has a new key')
}

async function callDomain(
  name: string,
  options: KeyOptions,
  { method, action = '' }: { method: 'GET' | 'POST'; action?: string },
): Promise<DomainToPublish> {
  const path = `/domains/${encodeURIComponent(name)}${action}`
  const query = { key: options.key }
  const { domain } = await callAdmin<{ domain: DomainToPublish }>(options, { method, path, query })
  return domain
}

async function check(name: string, options: KeyOptions): Promise<void> {
  const found = await callAdmin<Check>(options, {
    method: 'POST',
    path: `/domains/${encodeURIComponent(name)}/check`,
    query: { key: options.key },
  })
  if (options.json) return printJson(found)
  const { domain, validation, checks } = found
  printLines([
    ...(validation === null
      ? [`${bold(domain.name)} ${domain.isActive ? 'may send.' : 'is not proved.'}`]
      : describeValidation(validation, domain.name).map(printable)),
    ...checks.flatMap((one) => describeCheck(one, domain.name)),
  ])
}

async function remove(name: string, options: KeyOptions): Promise<void> {
  const answer = await callAdmin<{ removed: true }>(options, {
    method: 'DELETE',
    path: `/domains/${encodeURIComponent(name)}`,
    query: { key: options.key },
  })
  if (options.json) return printJson(answer)
  printLines([`${printable(name)} is removed, and every sender at it.`])
}

function print(domain: DomainToPublish, { json, zone }: ShowOptions, change?: string): void {
  if (json) printJson(domain)
  else if (zone) printLines(domain.records.map((record) => printable(formatZoneLine(record))))
  else printRecords(domain, change)
}

function printRecords(domain: DomainToPublish, change?: string): void {
  const state = domain.isActive ? 'may send' : 'is not proved yet'
  const proof = domain.isActive ? '' : '; the first one proves that it is yours'
  const intro = `${change ?? state}. Publish these records in its DNS${proof}:`
  printLines([
    `${bold(domain.name)} ${intro}`,
    ...domain.records.flatMap((record) => describeRecord(record, domain.name)),
    '',
    `Then: paravion domain check ${domain.name}`,
  ])
}

function describeRecord(record: DnsRecord, domainName: string): string[] {
  return ['', `${bold(titleOf(record))}  ${dim(record.advice)}`, ...describePaste(record, domainName)]
}

function describePaste(record: DnsRecord, domainName: string): string[] {
  const { host, value } = toHostAndValue(record, domainName)
  return formatPairs([
    ['Type', record.type],
    ['Host', host],
    ['Value', value],
  ]).map((line) => `  ${line}`)
}

const words: Record<RecordCheck['status'], string> = {
  ok: 'right',
  advice: 'fine, with advice',
  missing: 'missing',
  error: 'wrong',
  unknown: 'not answered',
}

function describeCheck(
  { purpose, status, name, problems, publish }: RecordCheck,
  domainName: string,
): string[] {
  const isWanted = status === 'missing' || status === 'error'
  return [
    '',
    `${bold(titleOf({ purpose }))}  ${words[status]}  ${dim(printable(name))}`,
    ...problems.map((problem) => `  ${printable(problem)}`),
    ...(isWanted && publish !== undefined ? describePaste(publish, domainName) : []),
  ]
}

function titleOf({ purpose }: Pick<DnsRecord, 'purpose'>): string {
  return purpose.toUpperCase().replaceAll('-', ' ')
}
