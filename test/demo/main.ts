/** `npm run demo`: a lab to look around in, already walked through. Its folder is gone when it ends. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/runtime/log.ts'
import { walkThrough } from './walk-through.ts'

const folder = mkdtempSync(join(tmpdir(), 'paravion-demo-'))
const loaded = loadConfig({
  env: {
    PARAVION_DATA: folder,
    PARAVION_PORTS: 'free',
    PARAVION_LOG_LEVEL: 'warn',
    // Its readers are quicker than people.
    PARAVION_TRACKING_SCANNER_SECONDS: '0',
  },
  readFile: () => undefined,
  folder,
})
if (loaded.kind !== 'loaded') throw new Error(JSON.stringify(loaded))
const app = await startApp({ config: loaded.config, log: createLog(loaded.config.log) })
const person = { email: 'demo@garden.example', password: randomBytes(9).toString('base64url') }

async function end(): Promise<void> {
  await app.stop()
  rmSync(folder, { recursive: true, force: true })
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    end().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}

try {
  await walkThrough({ app, person, messages: 3_000, say: (words) => console.log(`  ${words} …`) })
} catch (error) {
  await end()
  throw error
}
console.log(`
The demo is ready. Nothing of it leaves this machine, and it is forgotten when it ends (Ctrl-C).

  Console    ${app.ready.url}
  E-mail     ${person.email}
  Password   ${person.password}
`)
