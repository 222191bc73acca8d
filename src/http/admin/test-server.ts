/** `/api/outgoing-servers/test` and `/api/outgoing-servers/{server}/test`: Test Connection. */
import { PassThrough } from 'node:stream'
import { z } from 'zod'
import { listApiKeys } from '../../accounts/api-keys.ts'
import { chooseTestSender } from '../../delivery/test-sender.ts'
import { listSenders } from '../../domains/senders.ts'
import type { AccountId } from '../../mail/ids.ts'
import { type Draft, draftNewServer, draftServer } from '../../routing/draft-server.ts'
import type { NewServer, ServerInput } from '../../routing/server-fields.ts'
import type { Storage } from '../../storage/storage.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { changedServer, toInput } from './outgoing-servers.ts'
import { RawAnswer } from './raw-answer.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { whichKey } from './which-key.ts'

const ndjson = 'application/x-ndjson'

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

const asked = {
  sender: z
    .string()
    .max(500)
    .optional()
    .describe('When left out, an address of its From filter, the default From, or a sender of the account'),
  recipient: z.string().max(500).optional().describe('noreply@ the domain of the sender when left out'),
  needsSize: z.boolean().optional().describe('The server has to tell how large a message may be'),
}

const streaming =
  'With Accept: application/x-ndjson each step is told as it begins: {"step":…}, and {"test":…} at the end'

export function testServerRoutes({ storage, gateway }: HttpDependencies): AdminRoute[] {
  const { seal, isHosted } = gateway

  async function run(
    { relay, accountId, fromFilter }: Draft,
    { sender: given, recipient, needsSize }: z.infer<z.ZodObject<typeof asked>>,
    { accept, signal }: { accept: string; signal: AbortSignal },
  ) {
    const defaultFrom = await gateway.router.defaultFrom(accountId)
    const ownAddress = await ownAddressOf(storage, accountId)
    const sender =
      given ??
      chooseTestSender({
        fromFilter,
        ...(defaultFrom !== undefined && { defaultFrom }),
        ...(ownAddress !== undefined && { ownAddress }),
      })
    const options = {
      sender,
      ...(recipient !== undefined && { recipient }),
      ...(needsSize !== undefined && { needsSize }),
    }
    if (!accept.includes(ndjson)) {
      const test = await gateway.testServer(relay, options)
      return { test: { ...test, sender: sender ?? null } }
    }
    const lines = new PassThrough()
    const say = (line: unknown) => lines.write(`${JSON.stringify(line)}\n`)
    signal.addEventListener('abort', () => lines.destroy())
    gateway.testServer(relay, { ...options, onStep: (step) => say({ step }) }).then(
      (test) => {
        say({ test: { ...test, sender: sender ?? null } })
        lines.end()
      },
      (error: unknown) => lines.destroy(error instanceof Error ? error : new Error(String(error))),
    )
    return new RawAnswer(ndjson, lines)
  }

  return [
    defineRoute({
      method: 'POST',
      path: '/outgoing-servers/test',
      summary: `Try a server that is not saved as it stands: a new one, or (with server) a saved one with changes. ${streaming}`,
      body: z.strictObject({
        ...changedServer.shape,
        ...asked,
        key: z.string().optional().describe('An API key of the account; the first one when left out'),
        server: z
          .union([z.string(), z.int()])
          .optional()
          .describe(
            'The saved one; what is left out is as it has it. Its password goes only to its own host',
          ),
      }),
      answer: z.object({ test: result }),
      produces: [ndjson],
      async handle({ body: { sender, recipient, needsSize, key, server, ...fields }, client, signal }) {
        const draft =
          server === undefined
            ? draftNewServer(
                { isHosted },
                {
                  accountId: (await whichKey(storage, key)).accountId,
                  input: toInput<NewServer>({ name: 'Test', host: '', ...fields }),
                },
              )
            : await draftServer(
                { storage, seal, isHosted },
                { reference: server, input: toInput<ServerInput>(fields) },
              )
        return run(draft, { sender, recipient, needsSize }, { accept: client.accept, signal })
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/outgoing-servers/{server}/test',
      summary: `Try a server up to where a message would follow, and leave without one; archived servers too. ${streaming}`,
      body: z.strictObject(asked),
      answer: z.object({ test: result }),
      produces: [ndjson],
      async handle({ params, body, client, signal }) {
        const draft = await draftServer(
          { storage, seal, isHosted },
          { reference: params.server ?? '', input: {} },
        )
        return run(draft, body, { accept: client.accept, signal })
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
