/** What contacts did with their mail, and that it reached them: kept with each contact, for lists and segments. */
import type { ContactId, KeyId } from '../mail/ids.ts'
import type { Instant } from '../storage/schema.ts'
import { defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import { contactEmail } from './contacts.ts'

export type Activity = {
  keyId: KeyId
  /** As the delivery has it. */
  recipient: string
  kind: 'delivered' | 'opened' | 'clicked' | 'unsubscribed'
  at: Instant
}

type Known = {
  id: ContactId
  email: string
  delivered_count: number
  last_activity_at: Instant | null
  last_open_at: Instant | null
  last_click_at: Instant | null
  unsubscribed_at: Instant | null
}

const update = defineUpdate(
  'contacts',
  ['delivered_count', 'last_activity_at', 'last_open_at', 'last_click_at', 'unsubscribed_at'],
  // An erased contact keeps its id alone.
  ['id', 'email'],
)

/** New values of the contacts concerned. Nobody else writes these; who calls this sees to it that each counts once. */
export async function activityWrites(
  { db }: Pick<Storage, 'db'>,
  activities: readonly Activity[],
): Promise<Write[]> {
  const writes: Write[] = []
  for (const [keyId, ofKey] of Map.groupBy(activities, ({ keyId }) => keyId)) {
    const byEmail = Map.groupBy(ofKey, ({ recipient }) => contactEmail(recipient) ?? recipient)
    const rows = await db
      .selectFrom('contacts')
      .select([
        'id',
        'email',
        'delivered_count',
        'last_activity_at',
        'last_open_at',
        'last_click_at',
        'unsubscribed_at',
      ])
      .where('key_id', '=', keyId)
      .where('email', 'in', [...byEmail.keys()])
      .execute()
    for (const row of rows) {
      writes.push(update((byEmail.get(row.email) ?? []).reduce(added, row)))
    }
  }
  return writes
}

function added(contact: Known, { kind, at }: Activity): Known {
  const changed = { ...contact, last_activity_at: latest(contact.last_activity_at, at) }
  switch (kind) {
    case 'delivered':
      return { ...changed, delivered_count: contact.delivered_count + 1 }
    case 'opened':
      return { ...changed, last_open_at: latest(contact.last_open_at, at) }
    case 'clicked':
      return { ...changed, last_click_at: latest(contact.last_click_at, at) }
    case 'unsubscribed':
      return { ...changed, unsubscribed_at: latest(contact.unsubscribed_at, at) }
  }
}

function latest(known: Instant | null, at: Instant): Instant {
  return known === null ? at : Math.max(known, at)
}
