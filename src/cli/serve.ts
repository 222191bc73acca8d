import { rm } from 'node:fs/promises'
import type { Command } from 'commander'
import type { ReadyInfo } from '../app/ready-info.ts'
import type { Config } from '../config.ts'
import { replaceFile } from '../runtime/write-file.ts'
import { addCommand, type CommonOptions, readSettings } from './command.ts'
import { type FirstScreen, formatFirstScreen } from './first-screen.ts'
import { openLog } from './open-log.ts'
import { printLines } from './output.ts'
import { readVersion } from './root.ts'
import { waitForStopSignal } from './stop-signals.ts'

// Beyond what the parts are given to finish: one that hangs must not keep the process.
const extraStopMs = 5_000

export function addServeCommand(program: Command): void {
  addCommand(program, 'serve', 'run the server until it is told to stop')
    .option(
      '--ready <file>',
      'write addresses and, at the first start, the API key to this file once everything listens',
    )
    .option(
      '--roles <list>',
      'what this process does, when several share a database: api,submission,delivery,mx',
    )
    .action(serve)
}

async function serve(options: CommonOptions & { ready?: string; roles?: string }): Promise<void> {
  const { config } = readSettings(options)
  const log = openLog(config.log)
  const stopSignal = waitForStopSignal()
  // One that an earlier start left would tell whoever waits for it the wrong ports.
  if (options.ready !== undefined) await rm(options.ready, { force: true })
  const { startApp } = await import('../app.ts')

  const app = await startApp({ config, log })
  if (options.ready !== undefined) {
    await replaceFile(options.ready, { data: `${JSON.stringify(app.ready, null, 2)}\n`, mode: 0o600 })
  }
  if (options.json) process.stdout.write(`${JSON.stringify(app.ready)}\n`)
  else printLines(formatFirstScreen(screenOf(config, app.ready)))

  const signal = await stopSignal
  log.info({ signal }, 'stopping')
  setTimeout(
    () => {
      log.error('what was running did not end in time; it is taken up at the next start')
      process.exit(1)
    },
    config.stopSeconds * 1000 + extraStopMs,
  ).unref()
  await app.stop()
  log.info('stopped')
  process.exit(0)
}

function screenOf(config: Config, ready: ReadyInfo): FirstScreen {
  return {
    version: readVersion(),
    mode: config.mode,
    dataFolder: config.data,
    smtpHost: nameForClients(config),
    ...given('url', ready.url),
    ...given('httpsUrl', ready.httpsUrl),
    ...given('starttlsPort', ready.submission.starttls),
    ...given('tlsPort', ready.submission.tls),
    ...given('mxPort', ready.mx),
    ...given('ca', ready.ca),
    from: ready.from,
    apiKey: ready.apiKey,
    ...given('secret', ready.secretKey),
    ...given('setupUrl', ready.setupUrl),
  }
}

/** Clients of a server that listens on every address know it by its name; in the lab they are on this machine. */
function nameForClients({ mode, name, smtp }: Config): string {
  if (smtp.host !== '::' && smtp.host !== '0.0.0.0') return smtp.host
  return mode === 'lab' ? '127.0.0.1' : name
}

function given<Name extends keyof FirstScreen>(name: Name, value: FirstScreen[Name]) {
  return value === undefined ? {} : { [name]: value }
}
