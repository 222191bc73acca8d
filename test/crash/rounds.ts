/**
 * Kills the server with SIGKILL at random moments under load, starts it again, and keeps the books: every message that
 * was answered with 250 or 200 must have reached the sink or be in the queue, and none more often than attempts were in flight at a kill.
 */
import { request } from 'node:http'
import { startCountingSink } from '../load/counting-sink.ts'
import { makeDataFolder, type Ready, startServer, waitFor } from '../load/server-process.ts'
import { runSmtpLoad } from '../load/smtp-load.ts'

export type CrashReport = {
  rounds: number
  /** Messages answered with 250 or 200. */
  acknowledged: number
  delivered: number
  /** Acknowledged, not delivered within the last half minute, and still in the queue. */
  stillQueued: number
  /** Acknowledged, and neither delivered nor in the queue: must be none. */
  lost: string[]
  /** Deliveries beyond the first of each message. */
  duplicates: number
  /** Work that was leased at the kills: each may legitimately have been sent twice. */
  inFlightAtKills: number
  /** What the database said of itself after each kill: must all be 'ok'. */
  integrity: string[]
}

export type CrashOptions = {
  rounds: number
  env?: Record<string, string>
  /** Work leased by the dead process, and the database's own check, read before the next start. */
  inspect: (folder: string) => Promise<{ leased: number; integrity: string; waitingSubjects: string[] }>
  random?: () => number
  progress?: (line: string) => void
}

export async function crashRounds({
  rounds,
  env = {},
  inspect,
  random = Math.random,
  progress,
}: CrashOptions) {
  const sink = await startCountingSink()
  const folder = await makeDataFolder()
  const acknowledged = new Set<string>()
  const report: CrashReport = {
    rounds,
    acknowledged: 0,
    delivered: 0,
    stillQueued: 0,
    lost: [],
    duplicates: 0,
    inFlightAtKills: 0,
    integrity: [],
  }
  const settings = {
    ...env,
    PARAVION_DELIVERY_SMARTHOST_HOST: '127.0.0.1',
    PARAVION_DELIVERY_SMARTHOST_PORT: String(sink.port),
    PARAVION_DELIVERY_SMARTHOST_SECURITY: 'none',
  }
  // The secret is told only by the start that made the key.
  let credentials: { apiKey: string; secretKey: string } | undefined
  try {
    for (let round = 0; round < rounds; round++) {
      const server = await startServer({ folder: folder.path, env: settings })
      credentials ??= { apiKey: server.ready.apiKey, secretKey: server.ready.secretKey ?? '' }
      const load = startLoad(server.ready, credentials, round, acknowledged)
      await new Promise((resolve) => setTimeout(resolve, 150 + random() * 1_200))
      await server.kill('SIGKILL')
      await load
      const { leased, integrity } = await inspect(folder.path)
      report.inFlightAtKills += leased
      report.integrity.push(integrity)
      progress?.(
        `round ${round + 1}/${rounds}: ${acknowledged.size} acknowledged, ${sink.taken.size} delivered, ${leased} leased at the kill, database ${integrity}`,
      )
    }
    const server = await startServer({ folder: folder.path, env: settings })
    try {
      // What was in memory at ten kills or more waits longer: it may be what kills the program.
      await waitFor(() => [...acknowledged].every((id) => sink.taken.has(id)), 30_000).catch(() => undefined)
    } finally {
      await server.kill('SIGTERM')
    }
    const { waitingSubjects } = await inspect(folder.path)
    const waiting = new Set(waitingSubjects)
    const undelivered = [...acknowledged].filter((id) => !sink.taken.has(id))
    report.lost = undelivered.filter((id) => !waiting.has(`crash ${id}`))
    report.stillQueued = undelivered.length - report.lost.length
  } finally {
    await sink.stop()
    await folder.remove()
  }
  report.acknowledged = acknowledged.size
  report.delivered = sink.taken.size
  for (const times of sink.taken.values()) report.duplicates += times - 1
  return report
}

/** SMTP and the Send API at once, until the server dies. */
async function startLoad(
  ready: Ready,
  credentials: { apiKey: string; secretKey: string },
  round: number,
  acknowledged: Set<string>,
): Promise<void> {
  const smtp = runSmtpLoad({
    port: ready.submission.starttls,
    user: credentials.apiKey,
    password: credentials.secretKey,
    from: ready.from,
    recipientsOf: () => ['reader@away.example'],
    messageOf: (index) => messageWithId(`r${round}-s${index}`, ready.from),
    count: 1_000_000,
    connections: 8,
    onAccepted: (index) => acknowledged.add(`r${round}-s${index}`),
    tolerant: true,
  })
  await Promise.all([
    smtp,
    sendByApi(ready, credentials, `r${round}-a`, acknowledged),
    sendByApi(ready, credentials, `r${round}-b`, acknowledged),
  ])
}

function messageWithId(id: string, from: string): string {
  return `From: <${from}>\r\nTo: <reader@away.example>\r\nSubject: crash ${id}\r\nX-Load-Id: ${id}\r\n\r\n${'A line of text.\r\n'.repeat(60)}`
}

async function sendByApi(
  ready: Ready,
  { apiKey, secretKey }: { apiKey: string; secretKey: string },
  prefix: string,
  acknowledged: Set<string>,
): Promise<void> {
  for (let index = 0; ; index++) {
    const id = `${prefix}${index}`
    const message = {
      From: { Email: ready.from },
      To: [{ Email: 'reader@away.example' }],
      Subject: `crash ${id}`,
      TextPart: 'A line of text.\n'.repeat(60),
      Headers: { 'X-Load-Id': id },
    }
    const status = await postJson(`${ready.url}/v3.1/send`, `${apiKey}:${secretKey}`, { Messages: [message] })
    if (status === undefined) return
    if (status === 200) acknowledged.add(id)
  }
}

/** The status, or undefined when the connection failed. */
function postJson(url: string, auth: string, body: unknown): Promise<number | undefined> {
  return new Promise((resolve) => {
    const text = JSON.stringify(body)
    const call = request(
      url,
      {
        method: 'POST',
        auth,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        response.resume()
        response.on('end', () => resolve(response.complete ? response.statusCode : undefined))
        response.on('error', () => resolve(undefined))
      },
    )
    call.on('error', () => resolve(undefined))
    call.end(text)
  })
}
