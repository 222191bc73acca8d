/** Deleting a property: it is gone at once, and its values go step by step. */
import type { ContactId, PropertyId } from '../mail/ids.ts'
import type { ContactsContext } from './context.ts'
import { type ContactJob, createJob } from './jobs.ts'
import type { Property } from './properties.ts'
import type { Step } from './steps.ts'

const contactsPerStep = 2_000

export async function deleteProperty(
  ctx: Pick<ContactsContext, 'storage' | 'clock' | 'wakeJobs'>,
  { keyId, id }: Pick<Property, 'id'> & Pick<ContactJob, 'keyId'>,
): Promise<void> {
  await ctx.storage.db
    .updateTable('contact_properties')
    .set({ deleted_at: ctx.clock.now() })
    .where('key_id', '=', keyId)
    .where('id', '=', id)
    .execute()
  await createJob(ctx, { keyId, kind: 'forget-property', method: 'remove', targets: [], sourceId: id })
}

/** The position is the last contact's id. */
export async function* forgetPropertySteps(
  { storage: { db } }: ContactsContext,
  job: ContactJob,
): AsyncGenerator<Step> {
  if (job.sourceId === null) return
  const propertyId = job.sourceId as PropertyId
  for (let after = job.position as ContactId; ; ) {
    const contacts = await db
      .selectFrom('contacts')
      .select('id')
      .where('key_id', '=', job.keyId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(contactsPerStep)
      .execute()
    const last = contacts.at(-1)
    if (last === undefined) return
    yield {
      position: last.id,
      processed: contacts.length,
      errors: [],
      async also(tx) {
        await tx
          .deleteFrom('contact_values')
          .where('property_id', '=', propertyId)
          .where(
            'contact_id',
            'in',
            contacts.map(({ id }) => id),
          )
          .execute()
      },
    }
    after = last.id
  }
}
