import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { type Admin, withAdmin } from './client.ts'
import { addCommand, type CommonOptions, readSettings, wholeNumberOption } from './command.ts'
import { formatPairs, formatTable, formatTime, printable, printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type KeyOptions = CommonOptions & { key?: string }

const keyOption = ['--key <key>', 'API key (when left out, the first in key list)'] as const

export function addTemplateCommands(program: Command): void {
  const template = program.command('template').description('stored templates, which mail is made from')

  addCommand(template, 'list', 'list templates')
    .option(...keyOption)
    .option('--search <text>', 'only those with this in their name or description')
    .option('--limit <number>', 'at most so many', wholeNumberOption('--limit', { min: 1, max: 1_000 }), 100)
    .action(list)
  addCommand(template, 'show <template>', 'show a template, by its number or its name')
    .option(...keyOption)
    .action(show)
  addCommand(
    template,
    'import <file>',
    'make a template of a file: .mjml, .html, .txt, or .json as export prints it; - is JSON from standard input',
  )
    .option(...keyOption)
    .option('--name <name>', 'its name (when left out, that of the file)')
    .option('--subject <text>', 'subject of its mail')
    .option('--from <address>', 'sender of its mail')
    .option('--replace', 'if there is one of this name, the file becomes its newest version')
    .action(importFile)
  addCommand(template, 'export <template>', 'print a template as JSON, or one part of it')
    .option(...keyOption)
    .option('--part <part>', `only this: ${parts.join(', ')}`)
    .action(exportTemplate)
  addCommand(template, 'delete <template>', 'delete a template')
    .option(...keyOption)
    .action(remove)
}

const parts = ['mjml', 'html', 'text'] as const

type Content = {
  mjml: string | null
  html: string | null
  text: string | null
  headers: Record<string, string>
  htmlFromMjml: boolean
  textFromHtml: boolean
}
type Template = {
  id: number
  name: string
  editMode: string
  purposes: string[]
  categories: string[]
  description: string
  author: string
  copyright: string
  locale: string
  isStarred: boolean
  makesText: boolean
  version: number
  createdAt: number
  updatedAt: number
}
type Opened = { template: Template; content: Content }

function useAdmin<Result>(options: CommonOptions, use: (admin: Admin) => Promise<Result>): Promise<Result> {
  return withAdmin(readSettings(options).config, use)
}

async function find(admin: Admin, name: string, { key }: KeyOptions): Promise<Template | undefined> {
  const query = { key, search: name.slice(0, 200), limit: 1_000 }
  const answer = await admin.call<{ templates: Template[] }>({ method: 'GET', path: '/templates', query })
  return answer.templates.find((one) => one.name === name)
}

async function open(admin: Admin, reference: string, options: KeyOptions): Promise<Opened> {
  const named = await find(admin, reference, options)
  const id = named?.id ?? (/^\d{1,15}$/.test(reference) ? reference : undefined)
  if (id === undefined) {
    throw new CommandProblem(`there is no template '${printable(reference)}'; see: paravion template list`)
  }
  return admin.call<Opened>({ method: 'GET', path: `/templates/${id}`, query: { key: options.key } })
}

async function list(options: KeyOptions & { search?: string; limit: number }): Promise<void> {
  const { key, search, limit } = options
  const query = { key, search, limit, order: 'name' }
  const { templates } = await useAdmin(options, (admin) =>
    admin.call<{ templates: Template[] }>({ method: 'GET', path: '/templates', query }),
  )
  if (options.json) return printJson(templates)
  const rows = templates.map(({ id, name, editMode, purposes, version, updatedAt }) => [
    ...[String(id), name, editMode, purposes.join(', '), String(version), formatTime(updatedAt)],
  ])
  printLines(formatTable(['ID', 'NAME', 'MADE WITH', 'FOR', 'VERSION', 'CHANGED'], rows))
}

async function show(reference: string, options: KeyOptions): Promise<void> {
  const opened = await useAdmin(options, (admin) => open(admin, reference, options))
  if (options.json) return printJson(opened)
  const { template, content } = opened
  printLines([
    ...formatPairs([
      ['id', String(template.id)],
      ['name', template.name],
      ['made with', template.editMode],
      ['for', template.purposes.join(', ')],
      ['version', String(template.version)],
      ['changed', formatTime(template.updatedAt)],
      ...Object.entries(content.headers).map(([name, value]) => [name, value] as const),
      ['HTML', sizeOf(content.html, content.htmlFromMjml ? 'made from the MJML' : '')],
      ['text', sizeOf(content.text, content.textFromHtml ? 'made from the HTML' : '')],
      ['MJML', sizeOf(content.mjml, '')],
    ]),
    ...(content.text === null ? [] : ['', ...content.text.split(/\r?\n/).map(printable)]),
  ])
}

function sizeOf(part: string | null, origin: string): string {
  if (part === null) return 'none'
  return `${part.length} characters${origin === '' ? '' : `, ${origin}`}`
}

type ImportOptions = KeyOptions & { name?: string; subject?: string; from?: string; replace?: boolean }

async function importFile(path: string, options: ImportOptions): Promise<void> {
  const source = path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8')
  const { name, details, content } = readSource(source, { path, options })
  const { key } = options
  const saved = await useAdmin(options, async (admin) => {
    const before = options.replace ? await find(admin, name, options) : undefined
    return admin.call<Opened>({
      method: before === undefined ? 'POST' : 'PATCH',
      path: before === undefined ? '/templates' : `/templates/${before.id}`,
      body: { key, name, ...details, content },
    })
  })
  if (options.json) return printJson(saved)
  const { id, version } = saved.template
  printLines([`Template ${id} '${printable(name)}' has version ${version}.`])
}

function readSource(source: string, { path, options }: { path: string; options: ImportOptions }) {
  const ending = path === '-' ? '.json' : extname(path).toLowerCase()
  const fields = {
    ...(options.subject !== undefined && { Subject: options.subject }),
    ...(options.from !== undefined && { From: options.from }),
  }
  const headers = Object.keys(fields).length === 0 ? undefined : fields
  const name = options.name ?? basename(path, extname(path))
  switch (ending) {
    case '.mjml':
      return {
        ...{ name, details: { editMode: 'mjml', makesText: true } },
        content: { mjml: source, html: null, text: null, headers },
      }
    case '.html':
    case '.htm':
      return {
        ...{ name, details: { editMode: 'html', makesText: true } },
        content: { html: source, text: null, mjml: null, headers },
      }
    case '.txt':
      return {
        name,
        details: { editMode: 'html' },
        content: { text: source, html: null, mjml: null, headers },
      }
    case '.json': {
      const { name: own, content = {}, ...details } = readExport(source, path)
      return {
        name: options.name ?? own ?? name,
        details,
        content: { ...content, headers: { ...content.headers, ...fields } },
      }
    }
    default:
      throw new CommandProblem(
        `'${printable(path)}' is none of .mjml, .html, .txt and .json; name it as what it is`,
      )
  }
}

type Exported = { name?: string; content?: Partial<Content> } & Partial<Template>

function readExport(source: string, path: string): Exported {
  try {
    const value: unknown = JSON.parse(source)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new CommandProblem(`'${printable(path)}' is no JSON object, as paravion template export prints it`)
}

async function exportTemplate(reference: string, options: KeyOptions & { part?: string }): Promise<void> {
  const part = parts.find((one) => one === options.part)
  if (options.part !== undefined && part === undefined) {
    throw new CommandProblem(`--part is "${printable(options.part)}"; it is one of ${parts.join(', ')}`)
  }
  const { template, content } = await useAdmin(options, (admin) => open(admin, reference, options))
  if (part !== undefined) {
    const text = content[part]
    if (text === null) throw new CommandProblem(`the template '${printable(template.name)}' has no ${part}`)
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
    return
  }
  const { name, editMode, purposes, categories, description, author, copyright, locale, makesText } = template
  const { htmlFromMjml, textFromHtml, ...kept } = content
  // What was made from another part is made again.
  if (htmlFromMjml) kept.html = null
  if (textFromHtml) kept.text = null
  printJson({
    ...{ name, editMode, purposes, categories, description, author, copyright, locale, makesText },
    content: kept,
  })
}

async function remove(reference: string, options: KeyOptions): Promise<void> {
  const { id, name } = await useAdmin(options, async (admin) => {
    const { template } = await open(admin, reference, options)
    const query = { key: options.key }
    await admin.call({ method: 'DELETE', path: `/templates/${template.id}`, query })
    return template
  })
  if (options.json) return printJson({ deleted: id })
  printLines([`Template ${id} '${printable(name)}' is deleted. For 30 days the console can bring it back.`])
}
