import type { Command } from 'commander'
import type { ConnectionTest } from '../delivery/test-result.ts'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions } from './command.ts'
import { bold, formatPairs, formatTime, printable, printJson, printLines } from './output.ts'

type TestOptions = CommonOptions & { sender?: string; recipient?: string; size?: boolean }

type Test = ConnectionTest & { sender: string | null }

export function addTestCommand(server: Command): void {
  addCommand(
    server,
    'test <server>',
    'try an outgoing server up to where a message would follow; nothing is sent',
  )
    .option('--sender <address>', 'sender to name (when left out, one that the server is there for)')
    .option('--recipient <address>', 'recipient to name (when left out, noreply@ the domain of the sender)')
    .option('--size', 'the server has to tell how large a message may be')
    .action(test)
}

async function test(reference: string, options: TestOptions): Promise<void> {
  const { sender, recipient, size } = options
  if (process.stderr.isTTY) process.stderr.write(`Trying ${printable(reference)}, for a minute at most …\n`)
  const { test } = await callAdmin<{ test: Test }>(options, {
    method: 'POST',
    path: `${serverPath(reference)}/test`,
    body: { sender, recipient, needsSize: size },
  })
  if (!test.ok) process.exitCode = 1
  if (options.json) return printJson(test)
  printLines(describe(test))
}

function describe({ message, hint, step, sender, tls, sizeLimit, transcript, durationMs }: Test): string[] {
  const pairs: [name: string, value: string][] = [
    ['Step reached', step],
    ['Sender', sender ?? '(none)'],
    ['Time', `${durationMs} ms`],
  ]
  if (sizeLimit !== undefined) pairs.push(['Largest message', `${sizeLimit} bytes`])
  if (tls !== null) {
    pairs.push(['TLS', `${tls.version} ${tls.cipher}`])
    if (tls.certificate !== null) {
      const { subject, names, validTo, verified } = tls.certificate
      const judged = verified ? 'valid for this host' : 'not valid for this host, or of an unknown authority'
      pairs.push(['Certificate', `${names.join(', ') || subject}: ${judged}`])
      pairs.push(['Valid until', formatTime(validTo)])
    }
  }
  return [
    bold(printable(message)),
    ...(hint === '' ? [] : [printable(hint)]),
    '',
    ...formatPairs(pairs),
    '',
    ...transcript.split('\n').map((line) => printable(line).trimEnd()),
  ]
}

export function serverPath(reference: string): string {
  return `/outgoing-servers/${encodeURIComponent(reference)}`
}
