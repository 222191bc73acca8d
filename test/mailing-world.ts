/** A list with members, a mailing to it, and workers that send it: real rows, and nobody who delivers. */
import type { TestContext } from 'node:test'
import type { CampaignsContext } from '../src/campaigns/context.ts'
import type { Mailing } from '../src/campaigns/mailing.ts'
import { saveMailingContent } from '../src/campaigns/mailing-content.ts'
import { startMailings } from '../src/campaigns/run-mailings.ts'
import { createMailing, getMailing } from '../src/campaigns/store-mailings.ts'
import type { ContactId, ContactListId, KeyId, MailingId, MemberId } from '../src/mail/ids.ts'
import { createQueue } from '../src/queue/queue.ts'
import type { Storage } from '../src/storage/storage.ts'
import type { SuppressionReason } from '../src/storage/tables/suppressions.ts'
import { cleanUp } from './storage.ts'

export const keyId = 7 as KeyId
export const listId = 50 as ContactListId

export type Member = {
  email: string
  isUnsubscribed?: boolean
  isPending?: boolean
  suppressed?: SuppressionReason
}

export async function addMembers(
  storage: Storage,
  members: readonly Member[],
  { firstId = 1_000 } = {},
): Promise<void> {
  const { db } = storage
  const isNew = firstId === 1_000
  if (isNew) {
    await db
      .insertInto('contact_lists')
      .values({ id: listId, key_id: keyId, name: 'Readers', address: 'abc', created_at: 1, deleted_at: null })
      .execute()
  }
  for (let from = 0; from < members.length; from += 200) {
    const part = members.slice(from, from + 200)
    await db
      .insertInto('contacts')
      .values(
        part.map(({ email, isPending }, place) => ({
          id: (firstId + from + place) as ContactId,
          key_id: keyId,
          email,
          name: '',
          is_opt_in_pending: isPending ? (1 as const) : (0 as const),
          created_at: 1,
        })),
      )
      .execute()
    await db
      .insertInto('list_members')
      .values(
        part.map(({ isUnsubscribed }, place) => ({
          id: (firstId + from + place) as MemberId,
          key_id: keyId,
          list_id: listId,
          contact_id: (firstId + from + place) as ContactId,
          is_unsubscribed: isUnsubscribed ? (1 as const) : (0 as const),
          subscribed_at: 1,
          unsubscribed_at: null,
        })),
      )
      .execute()
  }
  for (const { email, suppressed } of members) if (suppressed) await suppress(storage, email, suppressed)
}

export async function suppress(storage: Storage, address: string, reason: SuppressionReason): Promise<void> {
  await storage.db
    .insertInto('suppressions')
    .values({
      ...{ address, reason, key_id: keyId, origin: '', created_at: 1 },
      ...{ message_id: null, delivery_id: null, opted_out_at: reason === 'unsubscribe' ? 1 : null },
    })
    .execute()
}

export const readers = (count: number): Member[] =>
  Array.from({ length: count }, (_, n) => ({ email: `r${n}@inbox.example` }))

export async function makeMailing(ctx: CampaignsContext): Promise<Mailing> {
  const mailing = await createMailing(ctx, {
    ...{ keyId, listId, builder: 'campaigndraft', title: 'T', subject: 'S' },
    senderEmail: 'news@shop.example',
  })
  await saveMailingContent(ctx, mailing, { text: 'Hello [[data:first:"you"]]' })
  return getMailing(ctx.storage.db, { keyId, id: mailing.id })
}

/** Starts a worker on it, as a process has one. */
export function work(t: TestContext, ctx: CampaignsContext) {
  const { storage, clock, log } = ctx
  const runner = startMailings(ctx, { queue: createQueue({ storage, clock, log }) })
  cleanUp(t, () => runner.stop())
  return runner
}

export async function until(
  storage: Storage,
  id: MailingId,
  holds: (mailing: Mailing) => boolean,
): Promise<Mailing> {
  for (;;) {
    const mailing = await getMailing(storage.db, { keyId, id })
    if (holds(mailing)) return mailing
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const deliveries = (storage: Storage) =>
  storage.db.selectFrom('deliveries').select(['recipient', 'state', 'class']).orderBy('recipient').execute()
