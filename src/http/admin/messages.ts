import { z } from 'zod'
import { normaliseDomain } from '../../domains/domains.ts'
import { describeStory } from '../../events/describe-story.ts'
import { findMessage } from '../../events/find-message.ts'
import { listMessages } from '../../events/list-messages.ts'
import { readStory, type Story } from '../../events/story.ts'
import { formatAddress, parseAddress } from '../../mail/address.ts'
import { Refused } from '../../runtime/refused.ts'
import type { Storage } from '../../storage/storage.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { type AdminRoute, defineRoute, queryNumber } from './route.ts'
import { whichKey } from './which-key.ts'

export const deliveryStates = [
  'queued',
  'deferred',
  'held',
  'delivered',
  'failed',
  'blocked',
  'dropped',
] as const

const instant = z.number().describe('Milliseconds since 1970')

const listed = z
  .object({
    id: z.number().describe('Of the delivery: the MessageID of the Send API'),
    messageId: z.number(),
    keyId: z.number(),
    acceptedAt: instant,
    from: z.string(),
    recipient: z.string(),
    subject: z.string(),
    state: z.enum(deliveryStates),
    class: z.string().nullable(),
    attempts: z.number(),
    nextAttemptAt: instant.nullable(),
  })
  .describe('A message to one recipient')

const story = z.object({
  message: z.object({
    id: z.number(),
    keyId: z.number(),
    door: z.enum(['smtp', 'api', 'cli', 'system', 'campaign']),
    lane: z.enum(['transactional', 'bulk']),
    priority: z.number(),
    acceptedAt: instant,
    expiresAt: instant,
    from: z.string(),
    envelopeFrom: z.string(),
    subject: z.string(),
    messageId: z.string().describe('The Message-ID header'),
    sizeBytes: z.number(),
    recipientCount: z.number(),
    customId: z.string().nullable(),
    submissionUuid: z.string(),
  }),
  deliveries: z.array(
    z.object({
      id: z.number(),
      recipient: z.string(),
      kind: z.enum(['to', 'cc', 'bcc', 'envelope']),
      state: z.enum(deliveryStates),
      class: z.string().nullable(),
      replyCode: z.number().nullable(),
      replyText: z.string().nullable(),
      attempts: z.number(),
      nextAttemptAt: instant.nullable(),
      updatedAt: instant,
    }),
  ),
  attempts: z.array(
    z.object({
      id: z.number(),
      at: instant,
      durationMs: z.number(),
      host: z.string(),
      address: z.string(),
      tls: z.string(),
      transcript: z.string(),
    }),
  ),
  events: z.array(
    z.object({
      id: z.number(),
      deliveryId: z.number().nullable(),
      kind: z.string(),
      at: instant,
      attemptId: z.number().nullable(),
      class: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
})

const listQuery = z.strictObject({
  search: z.string().max(500).optional().describe('Part of an address or of the subject, or an id'),
  state: z.enum(deliveryStates).optional(),
  class: z.string().max(20).optional().describe('soft, hard, block, policy and so on'),
  from: z.string().max(500).optional().describe('Whole address in From'),
  recipient: z.string().max(500).optional().describe('Whole address'),
  domain: z.string().max(300).optional().describe('Of the recipient'),
  customId: z.string().max(500).optional(),
  key: z.string().optional().describe('API key'),
  before: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
    .optional()
    .describe('Only ids below: the next page'),
  limit: queryNumber({ min: 1, max: 1000 }).optional().describe('50 when left out'),
})

export function messageRoutes({ storage }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/messages',
      summary:
        'Messages, newest first, one entry for each recipient. A search looks at 20,000 of them in one call, and says how far back it came',
      query: listQuery,
      answer: z.object({
        messages: z.array(listed),
        next: z.number().nullable().describe('before of the next page; null when there is none'),
        searchedBackTo: instant
          .nullable()
          .describe('Where this call stopped looking before the page was full: go on with next'),
      }),
      async handle({ query: { key, recipient, domain, ...query } }) {
        const keyId = key === undefined ? undefined : (await whichKey(storage, key)).id
        return listMessages(storage.db, {
          ...query,
          ...(keyId !== undefined && { keyId }),
          ...(recipient !== undefined && { recipient: recipientOf(recipient) }),
          ...(domain !== undefined && { domain: normaliseDomain(domain) }),
        })
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/messages/{id}',
      summary:
        'The whole story of a message, by its id, the id or the UUID of one delivery, the UUID of the SMTP reply, or the Message-ID',
      answer: z.object({
        story,
        sentences: z.array(z.string()).describe('The same in plain words'),
        others: z.array(z.number()).describe('Other messages of that name; this is the newest'),
      }),
      async handle({ params }) {
        const { story: found, others } = await storyOf(storage, params.id)
        const also = others.length === 0 ? [] : [`Other messages have the same name: ${others.join(', ')}.`]
        return { story: found, sentences: [...describeStory(found), ...also], others }
      },
    }),
  ]
}

/** As deliveries have it, where it is an address. */
function recipientOf(text: string): string {
  const address = parseAddress(text.trim())
  return address === undefined ? text.trim() : formatAddress(address)
}

export async function storyOf({ db }: Storage, name = ''): Promise<{ story: Story; others: number[] }> {
  const found = await findMessage(db, name)
  const told = found && (await readStory(db, found.id))
  if (told !== undefined) return { story: told, others: found?.others ?? [] }
  const named = name.slice(0, 200)
  throw new Refused(
    'not-found',
    found !== undefined || /[@-]/.test(name)
      ? `there is no message and no delivery ${named}`
      : `'${named}' is neither an id, nor a UUID of the Send API or an SMTP reply, nor a Message-ID`,
  )
}

/** What stands in a path; anything that is no id belongs to nothing. */
export function readId(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    throw new Refused('not-found', `'${(text ?? '').slice(0, 40)}' is not an id; ids are whole numbers`)
  }
  return Number(text)
}
