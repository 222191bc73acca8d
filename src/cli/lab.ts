import type { Command } from 'commander'
import { callAdmin } from './client.ts'
import { addCommand, type CommonOptions, wholeNumberOption } from './command.ts'
import { formatTable, printable, printJson, printLines } from './output.ts'

type LabRecord = { id: number; name: string; type: string; value: string; ttl: number }

export function addLabCommands(program: Command): void {
  const lab = program.command('lab').description('the small world that mail is tried in')
  const dns = lab.command('dns').description('records in the DNS of the lab, as at a DNS provider')

  addCommand(dns, 'list', 'list the records that people have put there').action(list)
  addCommand(dns, 'put <name> <type> <value>', 'put a record there: _dmarc.shop.test TXT "v=DMARC1; p=none"')
    .option('--ttl <seconds>', 'time to live', wholeNumberOption('--ttl', { min: 0, max: 604_800 }))
    .action(put)
  addCommand(dns, 'remove <id>', 'take a record away').action(remove)
}

async function list(options: CommonOptions): Promise<void> {
  const { records } = await callAdmin<{ records: LabRecord[] }>(options, {
    method: 'GET',
    path: '/lab/records',
  })
  if (options.json) return printJson(records)
  const rows = records.map(({ id, name, type, value, ttl }) => [String(id), name, String(ttl), type, value])
  printLines(formatTable(['ID', 'NAME', 'TTL', 'TYPE', 'VALUE'], rows))
}

async function put(
  name: string,
  type: string,
  value: string,
  options: CommonOptions & { ttl?: number },
): Promise<void> {
  const { record } = await callAdmin<{ record: LabRecord }>(options, {
    method: 'POST',
    path: '/lab/records',
    body: { name, type, value, ttl: options.ttl },
  })
  if (options.json) return printJson(record)
  printLines([printable(`${record.id}: ${record.name} ${record.type} ${record.value}`)])
}

async function remove(id: string, options: CommonOptions): Promise<void> {
  const answer = await callAdmin<{ removed: true }>(options, {
    method: 'DELETE',
    path: `/lab/records/${encodeURIComponent(id)}`,
  })
  if (options.json) return printJson(answer)
  printLines([`Record ${printable(id)} is gone.`])
}
