import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { printJson, printLines } from './output.ts'
import { CommandProblem } from './problem.ts'

type SendOptions = CommonOptions & {
  key?: string
  from: string
  to: string[]
  subject: string
  text?: string
  html?: string
}

type Sent = { submissionUuid: string; recipients: { id: number; address: string; messageId: number }[] }

export function addSendCommand(program: Command): void {
  addCommand(program, 'send', 'send a message; its text comes from --text or from standard input')
    .requiredOption('--from <address>', 'sender, of a domain or address that the key may use')
    .requiredOption('--to <addresses...>', 'recipients')
    .requiredOption('--subject <text>', 'subject')
    .option('--text <text>', 'plain text')
    .option('--html <file>', 'file with an HTML form of the text')
    .option('--key <key>', 'API key that it belongs to (when left out, the first in key list)')
    .action(send)
}

async function send(options: SendOptions): Promise<void> {
  const { key, from, to, subject } = options
  const html = options.html === undefined ? undefined : await readFile(options.html, 'utf8')
  const text = options.text ?? (html === undefined ? await readStandardInput() : undefined)
  const body = { key, from, to, subject, text, html }
  const sent = await callAdmin<Sent>(options, { method: 'POST', path: '/send', body })
  if (options.json) return printJson(sent)
  printLines(sent.recipients.map(({ id, address }) => `Queued for ${address}: paravion message show ${id}`))
}

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new CommandProblem('there is no text: give --text or --html, or write it to standard input')
  }
  return readAll(process.stdin)
}
