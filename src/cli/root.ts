/** The program without its commands. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'

export function createRoot(): Command {
  return new Command('paravion')
    .description('The mail service you own.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
}

export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : ''
  return String(version)
}
