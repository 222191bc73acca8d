import type { Storage } from '../storage/storage.ts'

/** Secrets that only the instance key can open: then it must not be made anew. */
export async function holdsSecrets({ db }: Storage): Promise<boolean> {
  const key = await db.selectFrom('dkim_keys').select('id').limit(1).executeTakeFirst()
  const server = await db.selectFrom('outgoing_servers').select('id').limit(1).executeTakeFirst()
  const user = await db
    .selectFrom('users')
    .select('id')
    .where('totp_secret_sealed', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  const webhook = await db.selectFrom('webhooks').select('id').limit(1).executeTakeFirst()
  if (webhook !== undefined) return true
  return key !== undefined || server !== undefined || user !== undefined
}
