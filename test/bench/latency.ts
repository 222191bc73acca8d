/**
 * How long a transactional message takes from the call of the Send API to the moment when the next host has taken it:
 * on an idle server, and while a backlog of bulk mail to the same site is being sent.
 */
import {
  makeDataFolder,
  type Ready,
  type ServerProcess,
  startServer,
  waitFor,
} from '../load/server-process.ts'
import { loadMessage, runSmtpLoad } from '../load/smtp-load.ts'

const backlog = 20_000
const messages = 200
const pauseMs = 25
const recipient = 'reader@sink.test'

type Sent = { id: number; at: number }
type Latencies = { p50Ms: number; p99Ms: number; worstMs: number }

export async function measureLatency(env: Record<string, string>): Promise<Record<string, number>> {
  const folder = await makeDataFolder()
  try {
    const ready = await storeBacklog(folder.path, env)
    const server = await startServer({ folder: folder.path, env })
    try {
      const delivered = () => server.metric('paravion_delivered_total')
      // The first second of a process is spent on compiling.
      await waitFor(async () => (await delivered()) >= 2_000, 60_000)
      const started = performance.now()
      const before = await delivered()
      const sent = await sendSome(server, ready)
      const after = await delivered()
      const seconds = (performance.now() - started) / 1000
      const left = backlog + messages - after
      if (left < messages) throw new Error('the bulk mail was through before the measurement was')
      const behindBulk = await readLatencies(server, sent)
      await waitFor(async () => (await delivered()) >= backlog + messages, 120_000)
      const idle = await readLatencies(server, await sendSome(server, ready))
      return {
        ...{ p50Ms: behindBulk.p50Ms, p99Ms: behindBulk.p99Ms, worstMs: behindBulk.worstMs },
        ...{ idleP50Ms: idle.p50Ms, idleP99Ms: idle.p99Ms, idleWorstMs: idle.worstMs },
        bulkPerSecond: Math.round((after - before - messages) / seconds),
        bulkLeft: left,
        messages,
      }
    } finally {
      await server.kill('SIGTERM')
    }
  } finally {
    await folder.remove()
  }
}

/** Bulk mail that was accepted and that nothing has been done about yet. */
async function storeBacklog(folder: string, env: Record<string, string>): Promise<Ready> {
  const server = await startServer({ folder, env: { ...env, PARAVION_ROLES: 'submission' } })
  try {
    const { ready } = server
    await runSmtpLoad({
      port: ready.submission.starttls,
      user: ready.apiKey,
      password: ready.secretKey ?? '',
      from: ready.from,
      recipientsOf: () => [recipient],
      messageOf: (index) =>
        `Precedence: bulk\r\n${loadMessage({ from: ready.from, to: recipient, id: `b${index}`, sizeBytes: 5_000 })}`,
      count: backlog,
      connections: 20,
    })
    return ready
  } finally {
    await server.kill('SIGTERM')
  }
}

/** Resolves when all of them have been answered. */
export async function sendSome(server: ServerProcess, credentials: Ready): Promise<Sent[]> {
  // At fixed times, whether the one before has been answered or not: a slow answer must not spare the others the wait.
  const sending: Promise<Sent>[] = []
  for (let index = 0; index < messages; index++) {
    const at = Date.now()
    sending.push(send(server.ready.url, credentials, index).then((id) => ({ id, at })))
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  return Promise.all(sending)
}

export async function readLatencies(server: ServerProcess, sent: readonly Sent[]): Promise<Latencies> {
  const taken: number[] = []
  for (const { id, at } of sent) taken.push((await deliveredAt(server, id)) - at)
  taken.sort((a, b) => a - b)
  const share = (part: number) => taken[Math.min(taken.length - 1, Math.floor(taken.length * part))] ?? 0
  return { p50Ms: share(0.5), p99Ms: share(0.99), worstMs: share(1) }
}

/** The MessageID that the Send API answered. */
async function send(url: string, { apiKey, secretKey, from }: Ready, index: number): Promise<number> {
  const text = 'Here is the link with which you choose a new password.\n'.repeat(90)
  const answer = await fetch(`${url}/v3.1/send`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`${apiKey}:${secretKey}`).toString('base64')}`,
    },
    body: JSON.stringify({
      Messages: [
        { From: { Email: from }, To: [{ Email: recipient }], Subject: `reset ${index}`, TextPart: text },
      ],
    }),
  })
  if (answer.status !== 200) throw new Error(`the Send API answered ${answer.status} ${await answer.text()}`)
  const { Messages } = (await answer.json()) as { Messages: { To: { MessageID: number }[] }[] }
  return Messages[0]?.To[0]?.MessageID ?? 0
}

/** By the clock of this machine, which is the server's too. */
async function deliveredAt(server: ServerProcess, id: number): Promise<number> {
  let at: number | undefined
  await waitFor(async () => {
    const { story } = (await server.admin('GET', `/api/messages/${id}`)) as {
      story: { events: { kind: string; at: number }[] }
    }
    at = story.events.find(({ kind }) => kind === 'delivered')?.at
    return at !== undefined
  }, 60_000)
  return at ?? 0
}
