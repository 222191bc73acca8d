/** `/api/explain`: why would, or did, a message go that way. */
import { z } from 'zod'
import type { Story } from '../../events/story.ts'
import type { MessageOptions } from '../../intake/submission.ts'
import { parseAddress } from '../../mail/address.ts'
import type { KeyId, MessageId, ServerId } from '../../mail/ids.ts'
import { fromText, readFromText } from '../../routing/from-text.ts'
import type { Route } from '../../routing/route.ts'
import { ownReturnPath, type RoutedMessage } from '../../routing/rules.ts'
import { findServer } from '../../routing/servers.ts'
import { decideWhatIf, whatIf } from '../../routing/what-if.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { storyOf } from './messages.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

const routeError = z.enum(['from_missing', 'from_invalid', 'server_archived', 'server_unknown'])

const headers = z.object({
  from: z.string().nullable(),
  envelopeFrom: z
    .string()
    .nullable()
    .describe('null: for what was submitted, none of its own; for what goes out, one of this instance'),
})

export const explanation = z.object({
  server: z
    .object({ id: z.number().nullable(), name: z.string(), host: z.string(), port: z.number() })
    .nullable()
    .describe('null: this instance sends it itself; without an id, the relay of the settings'),
  error: routeError.nullable().describe('Why nothing can be sent as things are'),
  because: z.array(z.string()).describe('Each step of the decision, in order'),
  before: headers.describe('As submitted'),
  after: headers.nullable().describe('As it goes out; null with an error'),
  hosts: z.array(z.string()).describe('Where it is sent to, best first; empty when nobody was asked for'),
})

const attempt = z.object({
  at: z.number().describe('Milliseconds since 1970'),
  host: z.string(),
  address: z.string(),
  remarks: z.array(z.string()).describe('What was decided then'),
})

const decided = z.union([
  z.object({
    server: z.number().nullable(),
    smtp_from: z.string(),
    from_header: z.string(),
    because: z.array(z.string()),
  }),
  z.object({ error: routeError, because: z.array(z.string()) }),
])

export function explainRoutes({ storage, gateway }: HttpDependencies): AdminRoute[] {
  async function explain(
    keyId: KeyId,
    message: RoutedMessage,
    to: string | undefined,
  ): Promise<z.infer<typeof explanation>> {
    const route = await gateway.router.route(keyId, message)
    const before = { from: message.readFrom(), envelopeFrom: message.returnPath ?? null }
    const sender = await gateway.explainSender(keyId, before.from)
    const because = sender === undefined ? [...route.because] : [sender, ...route.because]
    const server = route.kind === 'relay' ? showServer(route) : null
    if (route.kind === 'refused') {
      return { server, error: route.error, because, before, after: null, hosts: [] }
    }
    const hosts = server === null ? await mailHosts(to, because) : [server.host]
    const after = { from: route.fromHeader ?? before.from, envelopeFrom: route.envelopeFrom ?? null }
    return { server, error: null, because, before, after, hosts }
  }

  async function mailHosts(to: string | undefined, because: string[]): Promise<string[]> {
    if (to === undefined) return []
    const destination = await gateway.destinationOf(domainOf(to))
    if (destination.kind === 'hosts') return destination.hosts.map(({ name }) => name)
    because.push(`nowhere just now: ${destination.text}`)
    return []
  }

  async function storedMessage({ message }: Story): Promise<RoutedMessage> {
    const row = await storage.db
      .selectFrom('messages')
      .leftJoin('bodies', 'bodies.message_id', 'messages.id')
      .select(['messages.options', 'bodies.content'])
      .where('messages.id', '=', message.id as MessageId)
      .executeTakeFirstOrThrow()
    // After its retention time the text is gone, and with it the name of the author.
    const from = row.content === null ? message.from : readFromText(Buffer.from(row.content))
    const options = JSON.parse(row.options) as MessageOptions
    const returnPath = ownReturnPath({ envelopeFrom: message.envelopeFrom, fromAddress: message.from })
    return {
      readFrom: () => from,
      isBulk: options.bulk === true,
      ...(returnPath !== undefined && { returnPath }),
    }
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/explain',
      summary: 'Which way a message of this author would go, and why',
      query: z.strictObject({
        from: z
          .string()
          .max(2_000)
          .optional()
          .describe('As in the From header; the default From when left out'),
        to: z.string().max(500).optional().describe('A recipient: then the hosts are told as well'),
        bulk: z.enum(['true', 'false']).optional().describe('true: as mass mail'),
        server: z.string().optional().describe('The outgoing server that the message demands'),
        returnPath: z.string().max(500).optional().describe('The envelope sender that the client asks for'),
        key: z.string().optional().describe('API key that sends; the first one when left out'),
      }),
      answer: explanation,
      async handle({ query: { from, to, bulk, server, returnPath, key } }) {
        const keyId = (await whichKey(storage, key)).id
        const text = from === undefined ? null : fromText(from)
        const forcedServerId: ServerId | undefined =
          server === undefined ? undefined : (await findServer(storage, server)).id
        const message: RoutedMessage = {
          readFrom: () => text,
          isBulk: bulk === 'true',
          ...(returnPath !== undefined && { returnPath }),
          ...(forcedServerId !== undefined && { forcedServerId }),
        }
        return explain(keyId, message, to)
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/explain/{message}',
      summary: 'Which way a stored message would go now, and which way it went',
      query: z.strictObject({
        attempts: queryNumber({ min: 0, max: 200 }).optional().describe('At most so many; 10 when left out'),
      }),
      answer: explanation.extend({ attempts: z.array(attempt).describe('The latest, oldest first') }),
      async handle({ params, query: { attempts: most = 10 } }) {
        const { story } = await storyOf(storage, params.message)
        const to = story.deliveries[0]?.recipient
        const latest = most === 0 ? [] : story.attempts.slice(-most)
        return {
          ...(await explain(story.message.keyId, await storedMessage(story), to)),
          attempts: latest.map(({ at, host, address, transcript }) => {
            return { at, host, address, remarks: remarksOf(transcript) }
          }),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/explain',
      summary: 'The same for rules that are not in place: servers, parameters and a From in one case',
      body: whatIf,
      answer: decided,
      handle: async ({ body }) => decideWhatIf(body),
    }),
  ]
}

function showServer({ server: { id, name, host, port } }: Extract<Route, { kind: 'relay' }>) {
  return { id: id ?? null, name, host, port }
}

function domainOf(to: string): string {
  const address = parseAddress(to.trim())
  if (address !== undefined) return address.domain
  throw new Refused('bad-address', `'${to.slice(0, 300)}' is not an e-mail address`)
}

/** Our own lines of a transcript: what was decided, not what was said on the wire. */
function remarksOf(transcript: string): string[] {
  return transcript
    .split('\n')
    .filter((line) => line.startsWith('# '))
    .map((line) => line.slice(2))
}
