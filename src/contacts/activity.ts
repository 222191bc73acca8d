/** What contacts did with their mail, and that it reached them: kept with each contact, for lists and segments. */
import type { ContactId, KeyId } from '../mail/ids.ts'
import type { Instant } from '../storage/schema.ts'
import { defineUpdate, type Storage, type Write } from '../storage/storage.ts'
import { contactEmail } from './contacts.ts'
import {
  afterChange,
  type CountChange,
  countColumns,
  countNames,
  isCounted,
  memberCountWrites,
} from './counts.ts'

export type Activity = {
  keyId: KeyId
  /** As the delivery has it. */
  recipient: string
  at: Instant
  /** Of the message. */
  acceptedAt: Instant
  /** One of the key's lists, if the message went to it. */
  listId: number | null
  /** Undefined: nothing that shows that the person is there. */
  sign: 'delivered' | 'opened' | 'clicked' | 'unsubscribed' | undefined
  change: CountChange
}

type Known = Record<(typeof countColumns)[keyof typeof countColumns], number> & {
  id: ContactId
  email: string
  created_at: Instant
  last_activity_at: Instant | null
  last_open_at: Instant | null
  last_click_at: Instant | null
  unsubscribed_at: Instant | null
}

const update = defineUpdate(
  'contacts',
  [...Object.values(countColumns), 'last_activity_at', 'last_open_at', 'last_click_at', 'unsubscribed_at'],
  // An erased contact keeps its id alone.
  ['id', 'email'],
)

/** New values of the contacts concerned. Nobody else writes these; who calls this sees to it that each counts once. */
export async function activityWrites(
  { db }: Pick<Storage, 'db'>,
  activities: readonly Activity[],
): Promise<Write[]> {
  const known = await readContacts({ db }, activities)
  const changed = new Map<string, Known>()
  const changes = activities.flatMap((activity) => {
    const name = nameOf(activity)
    const contact = changed.get(name) ?? known.get(name)
    if (contact === undefined) return []
    const change = activity.acceptedAt < contact.created_at ? {} : activity.change
    const after = added(contact, { ...activity, change })
    if (after !== contact) changed.set(name, after)
    const { listId, at } = activity
    return listId === null || !isCounted(change) ? [] : [{ contactId: contact.id, listId, at, change }]
  })
  return [
    ...[...changed.values()].toSorted((a, b) => a.id - b.id).map(update),
    ...(await memberCountWrites({ db }, changes)),
  ]
}

async function readContacts(
  { db }: Pick<Storage, 'db'>,
  activities: readonly Activity[],
): Promise<Map<string, Known>> {
  const known = new Map<string, Known>()
  for (const [keyId, ofKey] of Map.groupBy(activities, (activity) => activity.keyId)) {
    const rows = await db
      .selectFrom('contacts')
      .select([
        'id',
        'email',
        'created_at',
        ...Object.values(countColumns),
        'last_activity_at',
        'last_open_at',
        'last_click_at',
        'unsubscribed_at',
      ])
      .where('key_id', '=', keyId)
      .where('email', 'in', [...new Set(ofKey.map(emailOf))])
      .execute()
    for (const row of rows) known.set(`${keyId} ${row.email}`, row)
  }
  return known
}

function nameOf(activity: Activity): string {
  return `${activity.keyId} ${emailOf(activity)}`
}

function emailOf({ recipient }: Activity): string {
  return contactEmail(recipient) ?? recipient
}

function added(contact: Known, { sign, at, change }: Activity): Known {
  const counted = isCounted(change) ? { ...contact } : contact
  for (const name of countNames) {
    if (change[name] === undefined) continue
    const column = countColumns[name]
    counted[column] = afterChange(contact[column], change[name])
  }
  if (sign === undefined) return counted
  const changed = { ...counted, last_activity_at: latest(contact.last_activity_at, at) }
  switch (sign) {
    case 'delivered':
      return changed
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
