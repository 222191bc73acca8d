/** A new secret for a webhook and for all that share its secret: those that were added together. */
import type { WebhookId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { WebhooksContext } from './context.ts'
import { bothSecretsMs, makeSecret } from './secrets.ts'
import { noSuchWebhook, selectWebhooks, toWebhook, type Webhook } from './webhooks.ts'

/** The new secret, to be shown once. Bodies are signed with the old one too for a day. Throws Refused. */
export async function rotateSecret(
  { storage, seal, clock }: WebhooksContext,
  id: WebhookId,
): Promise<{ webhooks: Webhook[]; secret: string }> {
  const secret = makeSecret()
  const rows = await storage.db.transaction().execute(async (db) => {
    const [rotated] = await selectWebhooks(db, { id }).execute()
    if (rotated === undefined) throw noSuchWebhook(id)
    const old = seal.open(rotated.secret_sealed)
    const ofKey = await selectWebhooks(db, { keyId: rotated.key_id }).execute()
    const sharing = ofKey.filter((row) => seal.open(row.secret_sealed) === old)
    for (const row of sharing) {
      const changed = await db
        .updateTable('webhooks')
        .set({
          secret_sealed: seal.seal(secret),
          old_secret_sealed: row.secret_sealed,
          old_secret_until: clock.now() + bothSecretsMs,
        })
        .where('id', '=', row.id)
        .where('secret_sealed', '=', row.secret_sealed)
        .executeTakeFirst()
      if (Number(changed.numUpdatedRows) === 0) {
        throw new Refused(
          'conflict',
          `the secret of webhook ${row.id} was changed at the same time; ask again`,
        )
      }
    }
    return sharing
  })
  return { webhooks: rows.map((row) => toWebhook(row, seal)), secret }
}
