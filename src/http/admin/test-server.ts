/** `/api/outgoing-servers/{server}/test`: Test Connection. */
import { z } from 'zod'
import { listApiKeys } from '../../accounts/api-keys.ts'
import { chooseTestSender } from '../../delivery/test-sender.ts'
import { listSenders } from '../../domains/senders.ts'
import type { AccountId } from '../../mail/ids.ts'
import { findServerRow, openSecrets } from '../../routing/servers.ts'
import { toRelayServer } from '../../routing/to-relay-server.ts'
import type { Storage } from '../../storage/storage.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute } from './route.ts'

const result = z.object({
  ok: z.boolean(),
  step: z
    .enum(['prepare', 'connect', 'ehlo', 'tls', 'auth', 'mail', 'rcpt', 'data'])
    .describe('How far it came'),
  situation: z.string().describe('ok, host-unknown, login-refused and so on'),
  message: z.string().describe('What happened, in words'),
  hint: z.string().describe('What to do about it'),
  transcript: z.string().describe('The SMTP dialogue, without passwords'),
  tls: z
    .object({
      version: z.string(),
      cipher: z.string(),
      certificate: z
        .object({
          subject: z.string(),
          names: z.array(z.string()).readonly(),
          validTo: z.number().describe('Milliseconds since 1970'),
          verified: z.boolean(),
        })
        .nullable(),
    })
    .nullable(),
  sizeLimit: z.number().optional().describe('Largest message in bytes, where the server tells it'),
  durationMs: z.number(),
  sender: z.string().nullable().describe('Whom the test named as sender'),
})

export function testServerRoutes({ storage, gateway }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/outgoing-servers/{server}/test',
      summary: 'Try a server up to where a message would follow, and leave without one; archived servers too',
      body: z.strictObject({
        sender: z
          .string()
          .max(500)
          .optional()
          .describe(
            'When left out, an address of its From filter, the default From, or a sender of the account',
          ),
        recipient: z.string().max(500).optional().describe('noreply@ the domain of the sender when left out'),
        needsSize: z.boolean().optional().describe('The server has to tell how large a message may be'),
      }),
      answer: z.object({ test: result }),
      async handle({ params, body }) {
        const row = await findServerRow(storage, params.server ?? '')
        const defaultFrom = await gateway.router.defaultFrom(row.account_id)
        const ownAddress = await ownAddressOf(storage, row.account_id)
        const sender =
          body.sender ??
          chooseTestSender({
            fromFilter: row.from_filter,
            ...(defaultFrom !== undefined && { defaultFrom }),
            ...(ownAddress !== undefined && { ownAddress }),
          })
        const test = await gateway.testServer(toRelayServer(row, openSecrets(gateway.seal, row)), {
          sender,
          ...(body.recipient !== undefined && { recipient: body.recipient }),
          ...(body.needsSize !== undefined && { needsSize: body.needsSize }),
        })
        return { test: { ...test, sender: sender ?? null } }
      },
    }),
  ]
}

/** An address that the account sends from; of a whole domain that is its, any. */
async function ownAddressOf(storage: Storage, accountId: AccountId): Promise<string | undefined> {
  for (const { id } of await listApiKeys(storage, { accountId })) {
    const active = await listSenders(storage, { keyId: id, status: 'active' })
    const [first] = active.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault))
    if (first !== undefined) return first.email.replace(/^\*@/, 'noreply@')
  }
  return undefined
}
