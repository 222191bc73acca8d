/** `/api/outgoing-servers`: what an account's mail goes out through. */
import { z } from 'zod'
import type { AccountId, ServerId } from '../../mail/ids.ts'
import { readParameters } from '../../routing/parameters.ts'
import { authentications, type NewServer, type ServerInput, securities } from '../../routing/server-fields.ts'
import { serverWarnings } from '../../routing/server-warnings.ts'
import {
  addServer,
  findServer,
  listServers,
  type OutgoingServer,
  orderServers,
  updateServer,
} from '../../routing/servers.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { ownServerWarnings } from './own-server.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { whichKey } from './which-key.ts'

const security = z
  .enum(securities)
  .describe('The strict forms check the certificate of the server; none is clear text')
const authentication = z.enum(authentications).describe('login is a user name and a password')

const server = z.object({
  id: z.number(),
  accountId: z.number(),
  name: z.string(),
  host: z.string(),
  port: z.number(),
  security,
  fromFilter: z.string().nullable(),
  priority: z.number().describe('The smallest number is used first'),
  isActive: z.boolean().describe('false: archived, never chosen'),
  authentication,
  user: z.string().nullable(),
  hasPassword: z.boolean(),
  hasCertificate: z.boolean(),
  isDebug: z.boolean(),
  maxSizeBytes: z.number().nullable(),
  maxConnections: z.number().nullable(),
  maxMessagesPerConnection: z.number().nullable(),
  maxMessagesPerMinute: z.number().nullable(),
  fallbackServerId: z.number().nullable(),
  createdAt: z.number().describe('Milliseconds since 1970'),
  updatedAt: z.number(),
  warnings: z.array(z.string()).describe('What is allowed and yet probably not meant'),
})

const limit = z.int().min(0).nullable().optional()

export const changes = {
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('465 for tls, 587 for starttls, 25 for none when left out'),
  security: security.optional().describe('starttls-strict when left out'),
  fromFilter: z
    .string()
    .nullable()
    .optional()
    .describe('Addresses and domains with commas between them; empty: open to all'),
  priority: z.int().optional().describe('The smallest number is used first; 10 when left out'),
  isActive: z.boolean().optional().describe('false archives it, which is refused while it is in use'),
  authentication: authentication.optional(),
  user: z.string().nullable().optional(),
  password: z
    .string()
    .max(10_000)
    .nullable()
    .optional()
    .describe('Or the token for xoauth2. Kept sealed and never shown again'),
  certificate: z.string().max(100_000).nullable().optional().describe('Client certificate, PEM'),
  privateKey: z.string().max(100_000).nullable().optional().describe('Its key, PEM; never shown again'),
  isDebug: z.boolean().optional().describe('Write the whole SMTP dialogue to the log'),
  maxSizeBytes: limit.describe('Larger messages are not offered to it; 0 or null: what it announces'),
  maxConnections: limit.describe('At one time'),
  maxMessagesPerConnection: limit,
  maxMessagesPerMinute: limit,
  fallbackServerId: z
    .int()
    .nullable()
    .optional()
    .describe('Takes over while this one does not answer, with the same sender'),
}

export const newServer = z.strictObject({
  key: z.string().optional().describe('An API key of the account; the first one when left out'),
  name: z.string().describe('For people; plays no part in the choice'),
  host: z.string(),
  ...changes,
})

export const changedServer = z.strictObject({
  name: z.string().optional(),
  host: z.string().optional(),
  ...changes,
})

export function outgoingServerRoutes({ storage, clock, gateway, reach }: HttpDependencies): AdminRoute[] {
  const { seal, isHosted, router } = gateway
  const context = () => ({ storage, seal, isHosted, now: clock.now() })

  async function show(found: OutgoingServer) {
    const parameters = await readParameters(storage, found.accountId)
    const warnings = [...ownServerWarnings(found, reach()), ...serverWarnings(found, parameters)]
    return { server: { ...found, warnings } }
  }

  async function showChanged(changed: OutgoingServer) {
    router.forget(changed.accountId)
    return show(changed)
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/outgoing-servers',
      summary: 'Outgoing servers in the order of their priorities, archived ones too',
      query: z.strictObject({ key: z.string().optional().describe('Only those of the account of this key') }),
      answer: z.object({ servers: z.array(server) }),
      async handle({ query }) {
        const filter =
          query.key === undefined ? {} : { accountId: (await whichKey(storage, query.key)).accountId }
        const servers = await listServers(storage, filter)
        const parameters = new Map<AccountId, Awaited<ReturnType<typeof readParameters>>>()
        for (const { accountId } of servers) {
          if (!parameters.has(accountId)) parameters.set(accountId, await readParameters(storage, accountId))
        }
        return {
          servers: servers.map((one) => ({
            ...one,
            warnings: [
              ...ownServerWarnings(one, reach()),
              ...serverWarnings(one, parameters.get(one.accountId) ?? {}),
            ],
          })),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/outgoing-servers',
      summary: 'Add an outgoing server',
      body: newServer,
      answer: z.object({ server }),
      status: 201,
      async handle({ body: { key, ...body } }) {
        const { accountId } = await whichKey(storage, key)
        return showChanged(await addServer(context(), { accountId, input: toInput<NewServer>(body) }))
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/outgoing-servers/order',
      summary: 'Give priorities in the order of the list; servers that it leaves out follow',
      body: z.strictObject({
        key: z.string().optional().describe('An API key of the account; the first one when left out'),
        ids: z.array(z.int()).max(1000),
      }),
      answer: z.object({ ids: z.array(z.number()) }),
      async handle({ body: { key, ids } }) {
        const { accountId } = await whichKey(storage, key)
        const ordered = await orderServers({ storage, now: clock.now() }, { accountId, ids })
        router.forget(accountId)
        return { ids: ordered.map(({ id }) => id) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/outgoing-servers/{server}',
      summary: 'An outgoing server, by its id or its name',
      answer: z.object({ server }),
      handle: async ({ params }) => show(await findServer(storage, params.server ?? '')),
    }),
    defineRoute({
      method: 'PATCH',
      path: '/outgoing-servers/{server}',
      summary: 'Change an outgoing server; what is left out stays as it is',
      body: changedServer,
      answer: z.object({ server }),
      async handle({ params, body }) {
        const { id } = await findServer(storage, params.server ?? '')
        return showChanged(await updateServer(context(), { id, input: toInput<ServerInput>(body) }))
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/outgoing-servers/{server}/archive',
      summary: 'Archive an outgoing server: it is kept and never chosen; refused while it is in use',
      answer: z.object({ server }),
      async handle({ params }) {
        const { id } = await findServer(storage, params.server ?? '')
        return showChanged(await updateServer(context(), { id, input: { isActive: false } }))
      },
    }),
  ]
}

/** What is undefined was not given; ids get their brand. */
export function toInput<Input extends ServerInput>(
  given: Partial<Record<string, unknown>> & { fallbackServerId?: number | null | undefined },
): Input {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  // The schema above has checked names and types; ServerId is a number with a brand.
  return Object.fromEntries(entries) as Input & { fallbackServerId?: ServerId }
}
