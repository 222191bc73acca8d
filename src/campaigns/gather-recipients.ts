/**
 * Whom a mailing goes to, computed once when it begins: one row for each member of the list, in bounded steps. Each
 * step's rows and how far it came stand in one transaction that holds only while the mailing is being sent.
 */
import type { Kysely } from 'kysely'
import { exclusionWord } from '../contacts/count-recipients.ts'
import { recipientWindow } from '../contacts/recipients.ts'
import { parseAddress } from '../mail/address.ts'
import type { ContactId, MailingId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import type { MailingExclusion } from '../storage/tables/mailings.ts'
import type { CampaignsContext } from './context.ts'
import type { Mailing } from './mailing.ts'

/** A step is one transaction, which mail waits for on SQLite: it takes a few milliseconds. */
const membersPerStep = 250
/** A segment may choose few of them. */
const membersLookedAt = 1_000

/** False: the mailing is not being sent any more, or somebody else goes on with it. */
export async function gatherStep(
  { storage, clock }: Pick<CampaignsContext, 'storage' | 'clock'>,
  mailing: Mailing,
): Promise<boolean> {
  const { id, keyId, listId, segmentId, gatheredAfter, startedAt } = mailing
  if (listId === null) throw new Error(`mailing ${id} is being sent to no list`)
  const now = clock.now()
  const { recipients, reached } = await recipientWindow(storage.db, {
    ...{ keyId, listId },
    ...(segmentId !== null && { segment: { id: segmentId } }),
    after: gatheredAfter as ContactId,
    limit: segmentId === null ? membersPerStep : membersLookedAt,
    // The same moment for everybody, however long it takes.
    now: startedAt ?? now,
  })
  const rows = recipients.map(({ contactId, email, exclusion }) => {
    const reason: MailingExclusion | null =
      exclusion !== undefined
        ? exclusionWord(exclusion)
        : parseAddress(email) === undefined
          ? 'invalid-address'
          : null
    return {
      mailing_id: id,
      contact_id: contactId,
      address: email,
      state: reason === null ? ('pending' as const) : ('excluded' as const),
      reason,
      delivery_id: null,
    }
  })
  return storage.db
    .transaction()
    .execute(async (tx) => {
      const added = new Set(await insertRows(tx, rows))
      const excluded = new Map<MailingExclusion, number>()
      let pending = 0
      for (const { contact_id, reason } of rows) {
        const word = added.has(contact_id) ? reason : 'duplicate'
        if (word === null) pending += 1
        else excluded.set(word, (excluded.get(word) ?? 0) + 1)
      }
      const excludedCount = rows.length - pending
      const { numUpdatedRows } = await tx
        .updateTable('mailings')
        .set((column) => ({
          ...(reached === undefined ? { gathered_at: now } : { gathered_after: reached }),
          total: column('total', '+', rows.length),
          pending: column('pending', '+', pending),
          excluded: column('excluded', '+', excludedCount),
        }))
        .where('id', '=', id)
        .where('state', '=', 'sending')
        .where('gathered_at', 'is', null)
        .where('gathered_after', '=', gatheredAfter)
        .executeTakeFirstOrThrow()
      if (Number(numUpdatedRows) !== 1) throw new Overtaken()
      await addExclusions(tx, id, excluded)
      return true
    })
    .catch((error: unknown) => {
      if (error instanceof Overtaken) return false
      throw error
    })
}

class Overtaken extends Error {}

/** The contacts of those whose address was not there yet. */
async function insertRows(
  tx: Kysely<Schema>,
  rows: readonly Schema['mailing_recipients'][],
): Promise<ContactId[]> {
  const added: ContactId[] = []
  for (let from = 0; from < rows.length; from += membersPerStep) {
    const inserted = await tx
      .insertInto('mailing_recipients')
      .values(rows.slice(from, from + membersPerStep))
      .onConflict((conflict) => conflict.doNothing())
      .returning('contact_id')
      .execute()
    for (const { contact_id } of inserted) added.push(contact_id)
  }
  return added
}

export async function addExclusions(
  tx: Kysely<Schema>,
  mailingId: MailingId,
  excluded: ReadonlyMap<MailingExclusion, number>,
): Promise<void> {
  for (const [reason, count] of excluded) {
    await tx
      .insertInto('mailing_exclusions')
      .values({ mailing_id: mailingId, reason, count })
      .onConflict((conflict) =>
        conflict
          .columns(['mailing_id', 'reason'])
          .doUpdateSet((set) => ({ count: set('mailing_exclusions.count', '+', count) })),
      )
      .execute()
  }
}
