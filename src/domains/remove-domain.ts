/** A domain goes, with its keys and every sender at it. */
import type { KeyId } from '../mail/ids.ts'
import { checkLane } from './check-schedule.ts'
import type { DomainsContext } from './context.ts'
import { getDomain } from './domains.ts'

/** What still waits in the queue goes out signed by the instance's own domain. */
export async function removeDomain(
  ctx: DomainsContext,
  { keyId, name }: { keyId: KeyId; name: string },
): Promise<void> {
  const domain = await getDomain(ctx.storage, { keyId, name })
  const senders = await ctx.storage.db.transaction().execute(async (transaction) => {
    const rows = await transaction
      .selectFrom('senders')
      .select(['id', 'email'])
      .where('key_id', '=', keyId)
      .where('domain_id', '=', domain.id)
      .execute()
    if (rows.length > 0) {
      const ids = rows.map(({ id }) => id)
      await transaction
        .updateTable('senders')
        .set({ status: 'deleted', is_default: 0, domain_id: null })
        .where('id', 'in', ids)
        .execute()
      await transaction.deleteFrom('activations').where('sender_id', 'in', ids).execute()
    }
    await transaction.deleteFrom('dkim_keys').where('domain_id', '=', domain.id).execute()
    await transaction
      .deleteFrom('work')
      .where('lane', '=', checkLane)
      .where('ref', '=', domain.id)
      .where('owner', 'is', null)
      .execute()
    await transaction.deleteFrom('domains').where('id', '=', domain.id).execute()
    return rows
  })
  for (const { email } of senders) ctx.changed({ keyId, email })
  ctx.changed({ keyId, domain: domain.name })
  ctx.log.info({ keyId, domain: domain.name }, 'domain removed')
}
