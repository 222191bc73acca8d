import { z } from 'zod'
import type { Accepted } from '../../intake/draft.ts'
import { formatAddress } from '../../mail/address.ts'
import type { DeliveryId } from '../../mail/ids.ts'
import { type Mailbox, parseMailboxList } from '../../mail/mailbox.ts'
import type { Storage } from '../../storage/storage.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { BadField } from '../errors.ts'
import { breaksHeader } from '../mailjet/header-rules.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { whichKey } from './which-key.ts'

const maxRecipients = 1_000

export const acceptedShape = z.object({
  submissionUuid: z.string(),
  recipients: z.array(z.object({ id: z.number(), address: z.string(), messageId: z.number() })),
})

export function sendRoutes({ storage, intake }: HttpDependencies): AdminRoute[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/send',
      summary: 'Send a message',
      role: 'marketer',
      body: z.strictObject({
        key: z.string().optional().describe('API key that it belongs to; the first one when left out'),
        from: z.string().describe('Address, with a name or without'),
        to: z.array(z.string()).min(1).max(maxRecipients),
        subject: z.string().max(1_000),
        text: z.string().optional(),
        html: z.string().optional(),
      }),
      answer: acceptedShape,
      status: 201,
      async handle({ body }) {
        const [from, ...more] = readMailboxes('from', body.from)
        if (from === undefined || more.length > 0) throw new BadField('from', 'Give one address')
        const to = body.to.flatMap((text, index) => readMailboxes(`to.${index}`, text))
        if (breaksHeader(body.subject)) throw new BadField('subject', 'A subject has no line breaks')
        if (!body.text && !body.html) throw new BadField('text', 'Give text or html')
        const key = await whichKey(storage, body.key)
        const prepared = await intake.prepare({
          keyId: key.id,
          door: 'cli',
          lane: 'transactional',
          priority: 2,
          from,
          replyTo: [],
          to,
          cc: [],
          bcc: [],
          subject: body.subject,
          text: body.text,
          html: body.html,
          attachments: [],
          inlineAttachments: [],
          headers: [],
          template: { language: false, variables: {}, deliverOnError: false },
          options: {},
        })
        await intake.store([prepared])
        return tellAccepted(storage, prepared.accepted)
      },
    }),
  ]
}

/** With the messages that the deliveries belong to. */
export async function tellAccepted(
  { db }: Storage,
  accepted: Accepted,
): Promise<z.infer<typeof acceptedShape>> {
  const { submissionUuid, recipients } = accepted
  const ids = recipients.map((recipient) => recipient.deliveryId as DeliveryId)
  const rows = await db
    .selectFrom('deliveries')
    .select(['id', 'message_id as messageId'])
    .where('id', 'in', ids)
    .execute()
  const messageOf = new Map<number, number>(rows.map((row) => [row.id, row.messageId]))
  return {
    submissionUuid,
    recipients: recipients.map(({ deliveryId, address }) => ({
      id: deliveryId,
      address: formatAddress(address),
      messageId: messageOf.get(deliveryId) ?? 0,
    })),
  }
}

export function readMailboxes(field: string, text: string): Mailbox[] {
  const found = parseMailboxList(text)
  if (found === undefined || found.length === 0) {
    throw new BadField(
      field,
      `'${text.slice(0, 300)}' is not an e-mail address; write it like lea@shop.example`,
    )
  }
  return found
}
