/**
 * The admin API, for commands: of the server that runs on the data folder or, when none does, of the same program
 * opened for this one command without any listener.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type RunFile, runFilePath } from '../app/run-file.ts'
import type { Config } from '../config.ts'
import { createLog } from '../runtime/log.ts'
import { isErrorCode } from '../runtime/write-file.ts'
import { databaseFile } from '../storage/sqlite/files.ts'
import { type CommonOptions, readSettings } from './command.ts'
import { CommandProblem } from './problem.ts'

export type AdminRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below /api, with a slash at its start. */
  path: string
  /** Undefined ones are left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  body?: unknown
  /** Instead of `body`: a file as it is. */
  file?: string
}

export type Admin = {
  /** What the API answers; throws CommandProblem with its words when it refuses. */
  call<Answer>(request: AdminRequest): Promise<Answer>
  /** An answer that is no JSON. */
  text(request: AdminRequest): Promise<string>
}

/** Runs `use` with the admin API of the data folder in `config`. */
export async function withAdmin<Result>(
  config: Config,
  use: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const running = await findServer(config.data)
  if (running !== undefined) return use(adminOf((request) => fetchFrom(running, config, request)))

  warnOfNewFolder(config)
  const { startApp } = await import('../app.ts')
  const app = await startApp({ config, log: createLog({ level: 'error' }), listen: false })
  try {
    return await use(
      adminOf(({ method, url, headers, body }) =>
        app.inject({
          method,
          url,
          headers: { ...headers, authorization: `Bearer ${app.adminToken}` },
          ...(body !== undefined && { body }),
        }),
      ),
    )
  } finally {
    await app.stop()
  }
}

/**
 * Whoever names no folder in a second terminal would get the answers of an empty one, made on the spot, and wonder where
 * the mail is. Not on standard output, which scripts read.
 */
function warnOfNewFolder({ data, databaseUrl }: Config): void {
  if (databaseUrl !== undefined || existsSync(databaseFile(data))) return
  process.stderr.write(
    `paravion: ${data} is new and no server runs on it; to reach one that runs elsewhere, name its folder with --data or PARAVION_DATA\n`,
  )
}

/** One call with the settings of a command's options. */
export function callAdmin<Answer>(options: CommonOptions, request: AdminRequest): Promise<Answer> {
  return withAdmin(readSettings(options).config, (admin) => admin.call<Answer>(request))
}

type WireRequest = { method: string; url: string; headers: Record<string, string>; body?: string }
type WireAnswer = { status: number; body: string }

function adminOf(send: (request: WireRequest) => Promise<WireAnswer>): Admin {
  async function ask({ method, path, query, body, file }: AdminRequest): Promise<WireAnswer> {
    const content = file ?? (body === undefined ? undefined : JSON.stringify(body))
    const contentType = file === undefined ? 'application/json' : 'application/octet-stream'
    const answer = await send({
      method,
      url: `/api${path}${formatQuery(query)}`,
      headers: content === undefined ? {} : { 'content-type': contentType },
      ...(content !== undefined && { body: content }),
    })
    if (answer.status < 300) return answer
    throw new CommandProblem(explainRefusal(answer.status, parseAnswer(answer)))
  }

  return {
    // Both ends are this program: the shapes are those of http/admin.
    call: async <Answer>(request: AdminRequest) => parseAnswer(await ask(request)) as Answer,
    text: async (request) => (await ask(request)).body,
  }
}

function formatQuery(query: AdminRequest['query'] = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value))
  }
  return parameters.size === 0 ? '' : `?${parameters}`
}

function parseAnswer({ status, body }: WireAnswer): unknown {
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch (error) {
    throw new CommandProblem(`the server answered ${status} with something that is not JSON`, {
      cause: error,
    })
  }
}

function explainRefusal(status: number, answer: unknown): string {
  const { error } = (answer ?? {}) as { error?: { message?: unknown; field?: unknown } }
  if (status === 401) {
    return 'the server does not know the token in run.json of the data folder; it was written by another start of it'
  }
  if (typeof error?.message !== 'string') return `the server answered ${status}`
  const { field, message } = error
  // Many a sentence begins with the field that it is about.
  return typeof field === 'string' && !message.startsWith(`${field} `) ? `${field}: ${message}` : message
}

async function findServer(folder: string): Promise<RunFile | undefined> {
  try {
    const content = JSON.parse(await readFile(runFilePath(folder), 'utf8')) as RunFile
    return isAlive(content.pid) ? content : undefined
  } catch (error) {
    if (isErrorCode(error, 'ENOENT')) return undefined
    if (isErrorCode(error, 'EACCES')) {
      throw new CommandProblem(
        `${runFilePath(folder)} belongs to somebody else; run this as the user of the server`,
        {
          cause: error,
        },
      )
    }
    throw error
  }
}

/** A server that was killed leaves its run.json behind. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, as another user.
    return isErrorCode(error, 'EPERM')
  }
}

/** The server may be reachable by HTTPS alone, with a certificate of its own authority for its public name. */
async function fetchFrom(running: RunFile, config: Config, request: WireRequest): Promise<WireAnswer> {
  const url = new URL(request.url, running.url)
  const options = {
    method: request.method,
    headers: { ...request.headers, authorization: `Bearer ${running.adminToken}` },
    agent: false,
  }
  const outgoing =
    url.protocol === 'https:'
      ? https.request(url, { ...options, servername: config.name, ...(await trustedAuthority(config)) })
      : http.request(url, options)
  try {
    outgoing.end(request.body)
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    return { status: answer.statusCode ?? 0, body: await text(answer) }
  } catch (error) {
    throw new CommandProblem(`the server at ${running.url} does not answer; is it starting or stopping?`, {
      cause: error,
    })
  }
}

async function trustedAuthority({ tls, data }: Config): Promise<{ ca?: string }> {
  if (tls.certificate !== undefined && tls.ca === undefined) return {}
  return { ca: await readFile(tls.ca ?? join(data, 'tls', 'ca.pem'), 'utf8') }
}
