/**
 * Recipients become deliveries, batch by batch, through the one door: deliveries, the recipients' rows and how far the
 * mailing has come are one commit, which holds only while nobody has come further and the mailing is being sent. So each
 * gets it once, whenever we are killed and whoever else works on it.
 */
import { exclusionWord } from '../contacts/count-recipients.ts'
import { personsById } from '../contacts/persons.ts'
import { recipientsNow } from '../contacts/recipients.ts'
import type { LateRecipient, OpenMessage } from '../intake/draft.ts'
import { askedSenderId } from '../intake/sender-id.ts'
import type { MessageOptions } from '../intake/submission.ts'
import { parseAddress } from '../mail/address.ts'
import type { CampaignId, ContactId, ContactListId, DeliveryId, KeyId, MessageId } from '../mail/ids.ts'
import { type Commit, defineEnsure, defineUpdate, type Write } from '../storage/storage.ts'
import type { MailingExclusion } from '../storage/tables/mailings.ts'
import { composeMailing, senderOf, usesLanguage } from './compose-mailing.ts'
import type { CampaignsContext } from './context.ts'
import type { Mailing } from './mailing.ts'
import { readMailingContent } from './mailing-content.ts'

export const recipientsPerBatch = 250

const ensureCampaign = defineEnsure('campaigns', ['id', 'key_id', 'name', 'created_at', 'mailing_id'])
const openMailing = defineUpdate('mailings', ['message_id', 'campaign_id'], ['id', 'state', 'handed_after'])
const setProgress = defineUpdate(
  'mailings',
  ['handed_after', 'pending', 'handed', 'excluded', 'first_delivery_id'],
  ['id', 'state', 'handed_after', 'pending'],
)
const setRecipient = defineUpdate(
  'mailing_recipients',
  ['state', 'reason', 'delivery_id'],
  ['mailing_id', 'contact_id'],
)
const ensureExclusion = defineEnsure('mailing_exclusions', ['mailing_id', 'reason', 'count'])
const setExclusion = defineUpdate('mailing_exclusions', ['count'], ['mailing_id', 'reason'])

type Parts = Pick<CampaignsContext, 'storage' | 'clock' | 'intake' | 'trackingOf'>

/** Stores the mail itself. Undefined: the mailing is not being sent any more. */
export async function openMail(parts: Parts, mailing: Mailing): Promise<OpenMessage | undefined> {
  const { storage, intake } = parts
  const { id, keyId, listId } = mailing
  const from = senderOf(mailing)
  if (from === undefined || listId === null)
    throw new Error(`mailing ${id} is being sent without what it needs`)
  const content = await readMailingContent(storage.db, id)
  const campaignId = await campaignOf(parts, mailing)
  const defaults = await parts.trackingOf(keyId)
  const hasHtml = !!content.html
  const texts = [mailing.subject, content.html, content.text]
  const senderId = await askedSenderId(storage.db, { keyId, from: from.address, texts })
  const options: MessageOptions = {
    ...(senderId !== undefined && { senderId }),
    ...{ bulk: true, individual: true, mailingId: id, campaignId, listId },
    trackOpens: hasHtml && (mailing.trackOpens ?? defaults.opens) ? 'enabled' : 'disabled',
    trackClicks: hasHtml && (mailing.trackClicks ?? defaults.clicks) ? 'enabled' : 'disabled',
    ...(!usesLanguage(content.headers) && { rawBraces: true as const }),
  }
  return intake.openMessage(
    {
      ...{ keyId, from, campaignId, options },
      subject: mailing.subject,
      compose: (facts) => composeMailing(mailing, content, { from, ...facts }),
    },
    (messageId) => ({
      guards: [
        openMailing({
          ...{ id, state: 'sending', handed_after: mailing.handedAfter },
          message_id: messageId,
          campaign_id: campaignId,
        }),
      ],
      writes: [],
    }),
  )
}

/** `mj.nl=<number>`, as Mailjet names it. */
export function campaignNameOf(mailing: Pick<Mailing, 'id'>): string {
  return `mj.nl=${mailing.id}`
}

async function campaignOf({ storage, clock }: Parts, mailing: Mailing): Promise<CampaignId> {
  const { keyId, id } = mailing
  if (mailing.campaignId !== null) return mailing.campaignId
  const name = campaignNameOf(mailing)
  const row = {
    id: (await storage.reserveIds(1)) as CampaignId,
    key_id: keyId,
    name,
    created_at: clock.now(),
    mailing_id: id,
  }
  await storage.commit({ writes: [ensureCampaign(row)] })
  // Mail of another kind may have taken the name before.
  const found = await storage.db
    .updateTable('campaigns')
    .set({ mailing_id: id })
    .where('key_id', '=', keyId)
    .where('name', '=', name)
    .returning('id')
    .executeTakeFirstOrThrow()
  return found.id
}

/** The stored mail, to go on with; undefined when it is not kept any more. */
export async function reopenMail(
  { storage: { db } }: Pick<Parts, 'storage'>,
  messageId: MessageId,
): Promise<OpenMessage | undefined> {
  const row = await db
    .selectFrom('messages')
    .innerJoin('bodies', 'bodies.message_id', 'messages.id')
    .select([
      'messages.id',
      'messages.key_id as keyId',
      'messages.accepted_at as acceptedAt',
      'messages.from_address as fromAddress',
      'messages.options',
      'messages.recipient_count as recipientCount',
      'bodies.content',
    ])
    .where('messages.id', '=', messageId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { content, options } = row
  return {
    ...row,
    options: JSON.parse(options) as MessageOptions,
    content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
  }
}

export type HandedOver = { kind: 'handed' } | { kind: 'done' } | { kind: 'overtaken' }

/** The next batch. `done`: there was nobody left. */
export async function handOverStep(
  parts: Parts,
  mailing: Mailing,
  { message, limit }: { message: OpenMessage; limit: number },
): Promise<HandedOver> {
  const { storage, intake } = parts
  const { id, keyId, listId } = mailing
  if (listId === null) throw new Error(`mailing ${id} is being sent to no list`)
  const rows = await storage.db
    .selectFrom('mailing_recipients')
    .select(['contact_id as contactId', 'state'])
    .where('mailing_id', '=', id)
    .where('contact_id', '>', mailing.handedAfter as ContactId)
    .orderBy('contact_id')
    .limit(Math.min(limit, recipientsPerBatch))
    .execute()
  // Another process may have gone on with it since we had it last.
  message.recipientCount = mailing.handed
  const last = rows.at(-1)
  if (last === undefined) return { kind: 'done' }
  const contactIds = rows.flatMap(({ contactId, state }) => (state === 'pending' ? [contactId] : []))
  const { recipients, excluded } = await judge(parts, { keyId, listId, contactIds })
  const counts = await newExclusionCounts(parts, id, excluded)
  const together = (deliveryIds: readonly DeliveryId[]): Commit => ({
    guards: [
      progress(mailing, {
        handedAfter: last.contactId,
        pending: mailing.pending - contactIds.length,
        handed: mailing.handed + recipients.length,
        excluded: mailing.excluded + excluded.size,
        firstDeliveryId: mailing.firstDeliveryId ?? deliveryIds[0] ?? null,
      }),
    ],
    writes: [
      ...recipients.map(({ person }, place) =>
        setRecipient({
          mailing_id: id,
          contact_id: person.id,
          state: 'handed',
          reason: null,
          delivery_id: deliveryIds[place] ?? null,
        }),
      ),
      ...[...excluded].map(([contactId, reason]) =>
        setRecipient({
          mailing_id: id,
          contact_id: contactId,
          state: 'excluded',
          reason,
          delivery_id: null,
        }),
      ),
      ...counts,
    ],
  })
  const isStored = await intake.addRecipients(message, recipients, together)
  return { kind: isStored ? 'handed' : 'overtaken' }
}

/** Who is to get nothing has perhaps said so since the recipients were gathered. */
async function judge(
  { storage: { db } }: Parts,
  { keyId, listId, contactIds }: { keyId: KeyId; listId: ContactListId; contactIds: readonly ContactId[] },
): Promise<{ recipients: LateRecipient[]; excluded: Map<ContactId, MailingExclusion> }> {
  const [now, persons] = await Promise.all([
    recipientsNow(db, { keyId, listId, contactIds }),
    personsById(db, { keyId, ids: contactIds }),
  ])
  const byId = new Map(now.map((recipient) => [recipient.contactId, recipient]))
  const recipients: LateRecipient[] = []
  const excluded = new Map<ContactId, MailingExclusion>()
  for (const contactId of contactIds) {
    const recipient = byId.get(contactId)
    const person = persons.get(contactId)
    const address = person && parseAddress(person.email)
    if (recipient === undefined || person === undefined) excluded.set(contactId, 'gone')
    else if (recipient.exclusion !== undefined) excluded.set(contactId, exclusionWord(recipient.exclusion))
    else if (address === undefined) excluded.set(contactId, 'invalid-address')
    else recipients.push({ address, person })
  }
  return { recipients, excluded }
}

async function newExclusionCounts(
  { storage: { db } }: Parts,
  mailingId: Mailing['id'],
  excluded: ReadonlyMap<ContactId, MailingExclusion>,
): Promise<Write[]> {
  if (excluded.size === 0) return []
  const known = await db
    .selectFrom('mailing_exclusions')
    .select(['reason', 'count'])
    .where('mailing_id', '=', mailingId)
    .execute()
  const byReason = Map.groupBy(excluded.values(), (reason) => reason)
  return [...byReason].flatMap(([reason, more]) => {
    const before = known.find((row) => row.reason === reason)?.count ?? 0
    const row = { mailing_id: mailingId, reason, count: before + more.length }
    return [ensureExclusion(row), setExclusion(row)]
  })
}

function progress(
  mailing: Mailing,
  after: {
    handedAfter: ContactId
    pending: number
    handed: number
    excluded: number
    firstDeliveryId: DeliveryId | null
  },
): Write {
  const { id, handedAfter, pending } = mailing
  const { statement, values } = setProgress({
    id,
    state: 'sending',
    handed_after: after.handedAfter,
    pending: after.pending,
    handed: after.handed,
    excluded: after.excluded,
    first_delivery_id: after.firstDeliveryId,
  })
  // Two of them stand on both sides: what they become, and last, what they must be.
  return { statement, values: [...values.slice(0, 5), id, 'sending', handedAfter, pending] }
}
