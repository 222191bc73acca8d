/** What a stored message holds: as its recipient sees it, as it is, and once more to whom it was for. */
import { z } from 'zod'
import { asWork, readStoredMail } from '../../campaigns/stored-mail.ts'
import { whoHasLeft } from '../../campaigns/who-has-left.ts'
import type { Story } from '../../events/story.ts'
import type { MessageOptions } from '../../intake/submission.ts'
import { type Address, formatAddress } from '../../mail/address.ts'
import type { MessageId } from '../../mail/ids.ts'
import { type IncomingMessage, readIncoming } from '../../mail/incoming-message.ts'
import { Refused } from '../../runtime/refused.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { storyOf } from './messages.ts'
import { RawAnswer } from './raw-answer.ts'
import { maxResent, resendOptions, resendRecipients } from './resend.ts'
import { type AdminRoute, defineRoute } from './route.ts'
import { safePageAnswer } from './safe-page-answer.ts'

const maxTextLength = 200_000

export function messageContentRoutes({ storage, intake, renderer }: HttpDependencies): AdminRoute[] {
  /** Of a campaign it is what one recipient got, where one delivery is asked for. */
  async function open(name: string | undefined) {
    const { story } = await storyOf(storage, name)
    const [only, ...others] = story.deliveries
    const isOne = only !== undefined && others.length === 0
    const mail = await readStoredMail(storage.db, isOne ? only.id : story.message.id)
    if (mail === undefined) {
      throw new Refused(
        'not-found',
        'the content of this message is not kept any more (retention.bodies_days)',
      )
    }
    const { options } = mail.message
    const isCampaign = options.mailingId !== undefined
    if (!isCampaign || mail.recipient === undefined) {
      return { story, content: mail.content, isWhole: !isCampaign }
    }
    const made = renderer.ofWork(asWork(mail, mail.recipient))
    const content = Buffer.isBuffer(made) ? made : mail.content
    return { story, content, isWhole: Buffer.isBuffer(made) }
  }

  async function optionsOf(id: MessageId): Promise<MessageOptions> {
    const { options } = await storage.db
      .selectFrom('messages')
      .select('options')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return JSON.parse(options) as MessageOptions
  }

  /** The list of a campaign is asked again, as when its mail leaves. */
  async function refuseLeavers(
    { message: { keyId }, deliveries }: Story,
    { mailingId, listId }: MessageOptions,
    to: readonly { address: Address }[],
  ): Promise<void> {
    if (mailingId === undefined || listId === undefined) return
    const recipients = deliveries.map(({ recipient }) => recipient)
    const addresses = to.map(({ address }) => formatAddress(address))
    const gone = await whoHasLeft(storage.db, { keyId, listId, recipients, addresses })
    if (gone !== undefined) {
      throw new Refused(
        'conflict',
        `${gone} is not on the list of this campaign any more; only who wishes to be there again may get it again`,
      )
    }
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/messages/{id}/content',
      summary: 'Header, text and attachments of a message',
      answer: z.object({
        header: z.string().describe('As it is, at most 64 KB'),
        text: z.string().nullable(),
        hasHtml: z.boolean(),
        attachments: z.array(z.object({ name: z.string(), type: z.string(), sizeBytes: z.number() })),
      }),
      async handle({ params }) {
        const { content } = await open(params.id)
        const message = await readIncoming(content)
        return {
          header: headerOf(content),
          text: message.text === undefined ? null : message.text.slice(0, maxTextLength),
          hasHtml: message.html !== undefined,
          attachments: message.attachments.map(describeAttachment),
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/messages/{id}/html',
      summary: 'The message as it may be looked at: without scripts, and without images from elsewhere',
      answer: z.string(),
      produces: ['text/html'],
      async handle({ params }) {
        const { content } = await open(params.id)
        const { html, headers } = await safePageAnswer(await readIncoming(content))
        return new RawAnswer('text/html; charset=utf-8', html, headers)
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/messages/{id}/source',
      summary: 'The message as it was accepted, before it is signed',
      answer: z.string(),
      produces: ['message/rfc822'],
      async handle({ params }) {
        const { story, content } = await open(params.id)
        return new RawAnswer('message/rfc822', content, {
          'Content-Disposition': `attachment; filename="message-${story.message.id}.eml"`,
          'Content-Security-Policy': "sandbox; default-src 'none'",
        })
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/messages/{id}/resend',
      summary:
        'Send the same content again, as a new message; to the same recipients, or to those that are given. Its Message-ID stays, so that answers find their thread',
      role: 'marketer',
      body: z.strictObject({ to: z.array(z.string().max(500)).min(1).max(maxResent).optional() }),
      answer: z.object({ submissionUuid: z.string(), messageId: z.number() }),
      status: 201,
      async handle({ params, body, client }) {
        const { story, content, isWhole } = await open(params.id)
        if (!isWhole) {
          throw new Refused(
            'bad-value',
            'this is the message of a whole campaign, with placeholders in it; send the message of one recipient again, or duplicate the campaign',
          )
        }
        const options = await optionsOf(story.message.id)
        const recipients = resendRecipients(story, body.to)
        await refuseLeavers(story, options, recipients)
        const { submissionUuid, recipients: accepted } = await intake.submitRaw({
          keyId: story.message.keyId,
          envelopeFrom: story.message.envelopeFrom || story.message.from,
          recipients,
          raw: content,
          options: resendOptions(options),
          client: { address: client.address, helo: 'console', tls: true, authenticated: true },
        })
        const first = accepted[0]
        const { story: made } = await storyOf(storage, String(first?.deliveryId))
        return { submissionUuid, messageId: made.message.id }
      },
    }),
  ]
}

function headerOf(content: Buffer): string {
  const end = content.indexOf('\r\n\r\n')
  return content.subarray(0, Math.min(end === -1 ? content.length : end, 65_536)).toString('utf8')
}

function describeAttachment({ name, mimeType, content }: IncomingMessage['attachments'][number]) {
  return { name: name ?? '', type: mimeType, sizeBytes: content.length }
}
