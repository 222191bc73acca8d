/** Mailings that wait for somebody: stopped by the breaker, or by what went wrong. */
import type { AccountId, MailingId } from '../mail/ids.ts'
import type { Storage } from '../storage/storage.ts'

export type StoppedMailing = { id: MailingId; publicKey: string; title: string; reason: string }

const maxShown = 20

/** The latest first. Those that a person has paused wait for that person, and are not among them. */
export async function stoppedMailings(
  { db }: Pick<Storage, 'db'>,
  accountId: AccountId,
): Promise<StoppedMailing[]> {
  const rows = await db
    .selectFrom('mailings')
    .innerJoin('api_keys', 'api_keys.id', 'mailings.key_id')
    .select([
      'mailings.id',
      'mailings.title',
      'mailings.subject',
      'mailings.reason',
      'api_keys.public_key as publicKey',
    ])
    .where('api_keys.account_id', '=', accountId)
    .where('mailings.state', '=', 'paused')
    .where('mailings.paused_by', 'in', ['breaker', 'problem'])
    .orderBy('mailings.id', 'desc')
    .limit(maxShown)
    .execute()
  return rows.map(({ subject, title, ...row }) => ({ ...row, title: title || subject }))
}
