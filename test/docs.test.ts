/** What the documents name has to exist: commands, options, scripts, settings, files. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { createProgram } from '../src/cli/program.ts'
import { configReference } from '../src/config/reference.ts'
import { allSettings } from '../src/config/settings.ts'
import { loadConfig } from '../src/config.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** Fenced blocks of a language, without the indentation of lists. */
function blocks(page: string, language: string): string[] {
  const found = read(page).matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)
  return [...found]
    .filter(([, , itsLanguage]) => itsLanguage === language)
    .map(([, indent = '', , text = '']) => text.replace(new RegExp(`^${indent}`, 'gm'), ''))
}

/** The simple commands of a shell block, each as its words; enough of the shell's rules for documents. */
function shellCommands(text: string): string[][] {
  const words = text.replace(/\\\n/g, ' ').match(/\n|&&|\||(?:"[^"]*"|'[^']*'|[^\s"'|&])+/g) ?? []
  const commands: string[][] = [[]]
  for (const word of words) {
    if (word === '\n' || word === '&&' || word === '|') commands.push([])
    else commands.at(-1)?.push(word.replace(/^["'](.*)["']$/s, '$1'))
  }
  return commands
    .map((command) =>
      command.slice(
        Math.max(
          0,
          command.findIndex((word) => !/^[A-Z_]+=/.test(word)),
        ),
      ),
    )
    .filter((command) => command.length > 0)
}

const commands = pages.flatMap((page) =>
  blocks(page, 'sh').flatMap((block) => shellCommands(block).map((command) => ({ page, command }))),
)

for (const { page, command } of commands) {
  const [program, ...words] = command[0] === 'npx' ? command.slice(1) : command
  if (program === 'paravion') {
    test(`${page}: ${command.join(' ')}`, () => checkAgainst(createProgram(), words))
  }
}

/** Walks down to the command that `words` names, and compares options and the number of arguments. */
function checkAgainst(parent: Command, words: readonly string[]): void {
  const next = parent.commands.find((command) => command.name() === words[0])
  if (next !== undefined) {
    checkAgainst(next, words.slice(1))
    return
  }
  assert.equal(parent.commands.length, 0, `there is no command "${parent.name()} ${words[0] ?? ''}"`)

  const rest = [...words]
  const given: string[] = []
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('--')) {
      given.push(word)
      continue
    }
    const name = word
    const option = parent.options.find(({ long }) => long === name)
    assert.ok(option, `${parent.name()} has no option ${name}`)
    if (option.required || (option.optional && rest[0] !== undefined && !rest[0].startsWith('--')))
      rest.shift()
  }
  const required = parent.registeredArguments.filter((argument) => argument.required).length
  const most = parent.registeredArguments.some(({ variadic }) => variadic)
    ? Number.POSITIVE_INFINITY
    : parent.registeredArguments.length
  assert.ok(given.length >= required && given.length <= most, `${parent.name()} takes other arguments`)
}

test('scripts that documents run exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const own = ['ci', 'start', 'test', 'run']
  for (const { page, command } of commands.filter(({ command }) => command[0] === 'npm')) {
    const [, verb = '', name = ''] = command
    assert.ok(own.includes(verb), `${page}: ${command.join(' ')}`)
    if (verb === 'run') assert.ok(Object.hasOwn(scripts, name), `${page}: npm run ${name}`)
    if (verb === 'start' || verb === 'test') assert.ok(Object.hasOwn(scripts, verb), `${page}: npm ${verb}`)
  }
})

test('every command is mentioned in a document', () => {
  const text = pages.map(read).join('\n')
  const missing = createProgram()
    .commands.map((command) => command.name())
    .filter((name) => !new RegExp(`(?:paravion|npx paravion) ${name}\\b`).test(text))
  assert.deepEqual(missing, [])
})

test('docs/settings.md is current', () => {
  assert.equal(read('docs/settings.md'), configReference(), 'run: npm run docs')
})

test('variables that documents name exist', () => {
  const known = new Set([...allSettings.map(({ variable }) => variable), 'PARAVION_CONFIG', 'PARAVION_PORTS'])
  for (const page of pages) {
    const unknown = [...read(page).matchAll(/\bPARAVION_(?!TEST_)\w+/g)].filter(([name]) => !known.has(name))
    assert.deepEqual(unknown.map(String), [], page)
  }
})

test('settings that documents name exist', () => {
  const keys = new Set(allSettings.map(({ key }) => key))
  const sections = new Set([...keys].map((key) => key.split('.')[0]).filter((section) => section !== 'data'))
  for (const page of pages) {
    const named = [...read(page).matchAll(/`(\w+(?:\.\w+)+)(?: = [^`]*)?`/g)].map(([, key = '']) => key)
    const unknown = named.filter((key) => {
      const file = /\.(?:ts|js|json|md|toml|db|key|pem|test)$/.test(key)
      return !file && sections.has(key.split('.')[0]) && !keys.has(key)
    })
    assert.deepEqual(unknown, [], page)
  }
})

for (const page of pages) {
  for (const block of blocks(page, 'toml')) {
    test(`${page}: settings that begin with ${block.split('\n')[0]} are accepted`, () => {
      const result = loadConfig({
        env: {},
        folder: '/srv',
        readFile: (path) => (path === '/srv/paravion.toml' ? block : undefined),
      })
      assert.deepEqual(result.kind === 'problems' ? result.problems : [], [])
    })
  }
}

test('files that documents link to exist', () => {
  for (const page of pages) {
    const links = [...read(page).matchAll(/\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)/g)]
    for (const [, target = ''] of links) {
      assert.ok(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`)
    }
  }
})

test('addresses in documents are those of example and test domains', () => {
  for (const page of pages) {
    const domains = [...read(page).matchAll(/[\w.+-]+@([\w-]+(?:\.[\w-]+)+)/g)].map(
      ([, domain = '']) => domain,
    )
    const foreign = domains.filter(
      (domain) => !/\.(?:example|test)$|^example\.(?:com|net|org)$|^127\./.test(domain),
    )
    assert.deepEqual(foreign, [], page)
  }
})
