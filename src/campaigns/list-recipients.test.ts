import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kysely } from 'kysely'
import { openTestStorage, storagePlace, storageTest } from '../../test/storage.ts'
import { planOf, watchQueries } from '../../test/watch-queries.ts'
import type { ContactId, MailingId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import type { MailingExclusion } from '../storage/tables/mailings.ts'
import { listRecipients } from './list-recipients.ts'

const mailingId = 7 as MailingId

/** Of `count` recipients those are left out that have a reason, by their contact. */
async function addRecipients(
  db: Kysely<Schema>,
  { count, excluded }: { count: number; excluded: Readonly<Record<number, MailingExclusion>> },
) {
  const rows = Array.from({ length: count }, (_, index) => {
    const reason = excluded[index + 1] ?? null
    return {
      ...{
        mailing_id: mailingId,
        contact_id: (index + 1) as ContactId,
        address: `r${index + 1}@inbox.example`,
      },
      ...{ state: reason === null ? ('handed' as const) : ('excluded' as const), reason, delivery_id: null },
    }
  })
  for (let from = 0; from < count; from += 500) {
    await db
      .insertInto('mailing_recipients')
      .values(rows.slice(from, from + 500))
      .execute()
  }
}

storageTest('whom a mailing leaves out is listed in the order of contacts', async (_t, { db }) => {
  await addRecipients(db, {
    count: 40,
    excluded: { 3: 'unsubscribed', 11: 'hard-bounce', 12: 'unsubscribed', 30: 'complaint' },
  })
  const idsOf = async (more: Partial<Parameters<typeof listRecipients>[1]>) =>
    (await listRecipients(db, { mailingId, limit: 3, ...more })).map(({ contactId }) => contactId)
  assert.deepEqual(await idsOf({ state: 'excluded' }), [3, 11, 12])
  assert.deepEqual(await idsOf({ state: 'excluded', after: 11 as ContactId }), [12, 30])
  assert.deepEqual(await idsOf({ reason: 'unsubscribed' }), [3, 12])
  assert.deepEqual(await idsOf({}), [1, 2, 3])
})

test('a page of those who are left out walks through nobody else (sqlite)', async (t) => {
  const { db } = await openTestStorage(t, await storagePlace(t, 'sqlite'))
  await addRecipients(db, { count: 2_000, excluded: { 1999: 'unsubscribed' } })
  for (const [more, index] of [
    [{ state: 'excluded' }, 'mailing_recipients_excluded_order'],
    [{ state: 'excluded', after: 5 as ContactId }, 'mailing_recipients_excluded_order'],
    [{ reason: 'unsubscribed', after: 5 as ContactId }, 'mailing_recipients_excluded'],
  ] as const) {
    const { db: watched, asked } = watchQueries(db)
    await listRecipients(watched, { mailingId, limit: 100, ...more })
    const plan = (await Promise.all(asked.map((query) => planOf(db, query)))).join('\n')
    assert.match(plan, new RegExp(`^SEARCH mailing_recipients USING INDEX ${index} `), plan)
    assert.doesNotMatch(plan, /TEMP B-TREE/, plan)
  }
})
