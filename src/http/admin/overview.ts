/** `/api/overview`: how things are, and what needs somebody. `/api/go-live`: what is missing for real mail. */
import { z } from 'zod'
import { stoppedMailings } from '../../campaigns/stopped.ts'
import { listWaitingSites } from '../../delivery/queue-sites.ts'
import { type Domain, listDomains } from '../../domains/domains.ts'
import { listSenders } from '../../domains/senders.ts'
import { readParameters } from '../../routing/parameters.ts'
import { serverWarnings } from '../../routing/server-warnings.ts'
import { listServers } from '../../routing/servers.ts'
import { noMetrics, sliceMs, sliceOf } from '../../stats/metrics.ts'
import { readSumOfKeys } from '../../stats/read.ts'
import { webhookTroubles } from '../../webhooks/waiting.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { blockedMailings } from './blocked-mailings.ts'
import { ownServerWarnings } from './own-server.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const instant = z.number().describe('Milliseconds since 1970')
const day = 86_400_000

const hour = z.object({
  at: instant,
  accepted: z.number().describe('Messages, one for each recipient'),
  delivered: z.number(),
  deferred: z.number().describe('Put off; most of them are delivered later'),
  bounced: z.number().describe('Refused for good, or given up'),
  blocked: z.number().describe('Not sent: the sender or the recipient forbids it'),
  complained: z.number(),
})

const attention = z.object({
  id: z.enum([
    'not-ready',
    'domain-unproved',
    'domain-records',
    'no-domain',
    'sender-waits',
    'server-warning',
    'queue-held',
    'queue-old',
    'webhook-failing',
    'webhook-dead',
    'campaign-stopped',
    'campaign-blocked',
  ]),
  severity: z.enum(['bad', 'warn', 'info']),
  subject: z
    .string()
    .describe('A domain, an address, a server, the id of a webhook or a campaign: what it is about'),
  detail: z.string(),
  name: z.string().optional().describe('Of a campaign: its title, or its subject'),
  key: z.string().optional().describe('Of a campaign: the API key that it belongs to'),
})

export function overviewRoutes(dependencies: HttpDependencies): AdminRoute[] {
  const { storage, clock, queue, statistics, goLive, problems, reach } = dependencies

  /** The last hours, oldest first. */
  async function hoursUpTo(now: number, wanted: number): Promise<z.infer<typeof hour>[]> {
    const first = sliceOf(now, 'hour') - (wanted - 1) * sliceMs.hour
    const rows = await readSumOfKeys(storage.db, { resolution: 'hour', from: first, to: now })
    const bySlice = new Map(rows.map((row) => [row.slice, row]))
    return Array.from({ length: wanted }, (_, i) => {
      const at = first + i * sliceMs.hour
      const of = bySlice.get(at) ?? noMetrics()
      return {
        at,
        accepted: of.processed,
        delivered: of.sent,
        deferred: of.deferred,
        bounced: of.hard_bounced + of.soft_bounced,
        blocked: of.blocked,
        complained: of.complaints,
      }
    })
  }

  async function whatNeedsSomebody(domains: readonly Domain[]): Promise<z.infer<typeof attention>[]> {
    const now = clock.now()
    const { accountId, id: keyId } = await whichKey(storage, undefined)
    const parameters = await readParameters(storage, accountId)
    const servers = (await listServers(storage, { accountId })).filter(({ isActive }) => isActive)
    const waiting = (await listSenders(storage, { keyId })).filter(
      ({ status, email }) => status === 'inactive' && !email.startsWith('*'),
    )
    const sites = await listWaitingSites(storage.db, { now })
    const held = sites.filter((site) => site.held > 0)
    const old = sites.filter((site) => site.waiting > 0 && now - site.oldestAt > day)
    const note = (
      id: z.infer<typeof attention>['id'],
      severity: z.infer<typeof attention>['severity'],
      subject: string,
      detail = '',
    ) => ({ id, severity, subject, detail })
    return [
      ...(problems?.() ?? []).map((problem) => note('not-ready', 'bad', problem)),
      ...(domains.length === 0 ? [note('no-domain', 'info', '')] : []),
      ...domains.filter(({ isActive }) => !isActive).map(({ name }) => note('domain-unproved', 'warn', name)),
      ...domains
        .filter(({ isActive, problem }) => isActive && problem !== '')
        .map(({ name, problem }) => note('domain-records', 'warn', name, problem)),
      ...waiting.map(({ email }) => note('sender-waits', 'info', email)),
      ...servers.flatMap((server) =>
        [...ownServerWarnings(server, reach()), ...serverWarnings(server, parameters)].map((warning) =>
          note('server-warning', 'warn', server.name, warning),
        ),
      ),
      ...held.map((site) => note('queue-held', 'info', site.name)),
      ...old.map((site) => note('queue-old', 'warn', site.name, site.lastReply ?? '')),
      ...(await webhookTroubles(storage, accountId)).map(({ id, isDead, problem }) =>
        note(isDead ? 'webhook-dead' : 'webhook-failing', 'warn', String(id), problem),
      ),
      ...(await stoppedMailings(storage, accountId)).map(({ id, title, reason, publicKey }) => ({
        ...note('campaign-stopped', 'warn', String(id), reason),
        name: title,
        key: publicKey,
      })),
      ...(await blockedMailings(dependencies, accountId)).map(({ id, title, publicKey }) => ({
        ...note('campaign-blocked', 'warn', String(id)),
        name: title,
        key: publicKey,
      })),
    ]
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/overview',
      summary:
        'What was sent and what became of it, by hours; the health of domains and of the queue; what needs somebody',
      query: z.strictObject({
        hours: queryNumber({ min: 1, max: 720 }).optional().describe('Back from now; 24 when left out'),
      }),
      answer: z.object({
        hours: z.array(hour).describe('Oldest first; hours without events too'),
        isComplete: z.boolean().describe('false: the latest events are still being counted, ask again'),
        domains: z.array(
          z.object({
            name: z.string(),
            isActive: z.boolean(),
            problem: z.string(),
            lastCheckAt: instant.nullable(),
          }),
        ),
        queue: z.array(
          z.object({
            lane: z.string(),
            due: z.number(),
            waiting: z.number(),
            leased: z.number(),
            held: z.number(),
          }),
        ),
        attention: z.array(attention),
      }),
      async handle({ query: { hours: wanted = 24 } }) {
        const isComplete = await statistics.fresh()
        const { id: keyId } = await whichKey(storage, undefined)
        const domains = await listDomains(storage, { keyId })
        return {
          hours: await hoursUpTo(clock.now(), wanted),
          isComplete,
          domains: domains.map(({ name, isActive, problem, lastCheckAt }) => ({
            name,
            isActive,
            problem,
            lastCheckAt,
          })),
          queue: (await queue.counts()).filter(({ lane }) => lane === 'transactional' || lane === 'bulk'),
          attention: await whatNeedsSomebody(domains),
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/go-live',
      summary:
        'What has to be right before real mail is sent, each point looked at now; in the lab nothing is asked outside',
      role: 'admin',
      answer: z.object({
        checks: z.array(
          z.object({
            id: z.string(),
            status: z.enum(['ok', 'warn', 'bad', 'unknown']),
            found: z.string(),
            mend: z.string().describe('What to do; empty when it is right'),
          }),
        ),
      }),
      handle: async () => ({ checks: await goLive() }),
    }),
  ]
}
