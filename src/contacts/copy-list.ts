/** `importlist`: the members of one list into another (reference: contacts.md §5.5). */
import type { ContactId, ContactListId } from '../mail/ids.ts'
import type { ContactsContext } from './context.ts'
import type { ContactJob } from './jobs.ts'
import { applyActions, type MemberAction } from './members.ts'
import type { Step } from './steps.ts'

export const copyMethods = [
  'addforce',
  'addnoforce',
  'unsub',
  'duplicate-override',
  'duplicate-no-override',
] as const

const membersPerStep = 500

/** The position is the last contact's id. */
export async function* copyListSteps(
  { storage, clock }: ContactsContext,
  job: ContactJob,
): AsyncGenerator<Step> {
  const { listId, sourceId, keyId } = job
  if (listId === null || sourceId === null) return
  for (let after = job.position; ; ) {
    const members = await storage.db
      .selectFrom('list_members')
      .select(['contact_id', 'is_unsubscribed'])
      .where('list_id', '=', sourceId as ContactListId)
      .where('contact_id', '>', after as ContactId)
      .orderBy('contact_id')
      .limit(membersPerStep)
      .execute()
    const last = members.at(-1)
    if (last === undefined) return
    const firstId = await storage.reserveIds(members.length)
    yield {
      position: last.contact_id,
      processed: members.length,
      errors: [],
      async also(tx) {
        const left = members.filter(({ is_unsubscribed }) => is_unsubscribed === 1)
        const stayed = members.filter(({ is_unsubscribed }) => is_unsubscribed === 0)
        for (const [group, action, offset] of [
          [stayed, actionFor(job.method, false), 0],
          [left, actionFor(job.method, true), stayed.length],
        ] as const) {
          const contactIds = group.map(({ contact_id }) => contact_id)
          const targets = [{ listId, action }]
          await applyActions(tx, { keyId, contactIds, targets, firstId: firstId + offset, now: clock.now() })
        }
      },
    }
    after = last.contact_id
  }
}

/** The `duplicate` ones bring who has left as having left; `no-override` changes nobody who is in the list. */
function actionFor(method: string, hasLeft: boolean): MemberAction {
  switch (method) {
    case 'duplicate-override':
      return hasLeft ? 'unsub' : 'addforce'
    case 'duplicate-no-override':
      return hasLeft ? 'unsub-new' : 'addnoforce'
    case 'unsub':
      return 'unsub'
    case 'addforce':
      return 'addforce'
    default:
      return 'addnoforce'
  }
}
