/** What the holder of an account says about it: contact, company, language. Nothing here changes what is sent. */
import type { Kysely } from 'kysely'
import { parseAddress } from '../mail/address.ts'
import type { AccountId } from '../mail/ids.ts'
import { Refused } from '../runtime/refused.ts'
import type { Schema } from '../storage/schema.ts'
import type { Storage } from '../storage/storage.ts'

export const detailNames = [
  'email',
  'userName',
  'locale',
  'timeZone',
  'firstName',
  'lastName',
  'jobTitle',
  'company',
  'employees',
  'industry',
  'website',
  'phone',
  'billingEmail',
  'street',
  'postalCode',
  'city',
  'state',
  'country',
  'birthday',
  'estimatedVolume',
  'features',
  'vatNumber',
] as const

export type DetailName = (typeof detailNames)[number]
export type AccountDetails = Partial<Record<DetailName, string>>

export async function readDetails(db: Kysely<Schema>, accountId: AccountId): Promise<AccountDetails> {
  const rows = await db
    .selectFrom('account_details')
    .select(['name', 'value'])
    .where('account_id', '=', accountId)
    .execute()
  const details: AccountDetails = {}
  for (const { name, value } of rows) {
    const known = detailNames.find((one) => one === name)
    if (known !== undefined) details[known] = value
  }
  return details
}

/** Sets what is given and leaves the rest. */
export async function changeDetails(
  storage: Pick<Storage, 'db'>,
  { accountId, details }: { accountId: AccountId; details: AccountDetails },
): Promise<void> {
  for (const name of ['email', 'billingEmail'] as const) checkEmail(details[name])
  const rows = detailNames.flatMap((name) => {
    const value = details[name]
    return value === undefined ? [] : [{ account_id: accountId, name, value }]
  })
  if (rows.length === 0) return
  await storage.db
    .insertInto('account_details')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'name']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
    )
    .execute()
}

function checkEmail(email: string | undefined): void {
  if (email === undefined || email === '' || parseAddress(email) !== undefined) return
  throw new Refused(
    'bad-address',
    `'${email.slice(0, 300)}' is not an e-mail address; write it like lea@shop.example`,
  )
}
