/**
 * The address of a list reaches all who are subscribed to it (reference: contacts.md §3, send-api.md §3): its nine letters
 * and digits, at `lists.` before the name of the instance, or at the domain that clients of the provider know.
 */
import type { Kysely } from 'kysely'
import { type Address, formatAddress, normaliseAddress, parseAddress } from '../mail/address.ts'
import type { ContactListId, KeyId } from '../mail/ids.ts'
import type { Mailbox } from '../mail/mailbox.ts'
import { Refused } from '../runtime/refused.ts'
import type { Schema } from '../storage/schema.ts'

/** More are for a campaign, which goes out piece by piece and stops when it does harm. */
export const maxMembers = 1_000

const knownDomain = 'lists.mailjet.com'

export type AddressedLists = {
  /** The last one, where there are several. */
  listId: ContactListId
  /** By the normalised address of each list. */
  members: ReadonlyMap<string, readonly Mailbox[]>
}

/**
 * Undefined when no address is one of the key's lists, which costs nothing where none could be. Throws `Refused` for a list
 * that nobody is subscribed to, or more than `maxMembers`.
 */
export async function addressedLists(
  db: Kysely<Schema>,
  { keyId, addresses, host }: { keyId: KeyId; addresses: readonly Address[]; host: string },
): Promise<AddressedLists | undefined> {
  const domains = [`lists.${host}`, knownDomain]
  const asked = addresses.filter(({ domain }) => domains.includes(domain.toLowerCase()))
  if (asked.length === 0) return undefined
  const lists = await db
    .selectFrom('contact_lists')
    .select(['id', 'address', 'name'])
    .where('key_id', '=', keyId)
    .where('deleted_at', 'is', null)
    .where(
      'address',
      'in',
      asked.map(({ local }) => local.toLowerCase()),
    )
    .execute()
  const members = new Map<string, readonly Mailbox[]>()
  let listId: ContactListId | undefined
  for (const address of asked) {
    const list = lists.find((one) => one.address === address.local.toLowerCase())
    if (list === undefined) continue
    members.set(normaliseAddress(address), await subscribed(db, { ...list, text: formatAddress(address) }))
    listId = list.id
  }
  return listId === undefined ? undefined : { listId, members }
}

async function subscribed(
  db: Kysely<Schema>,
  { id, name, text }: { id: ContactListId; name: string; text: string },
): Promise<readonly Mailbox[]> {
  const rows = await db
    .selectFrom('list_members')
    .innerJoin('contacts', 'contacts.id', 'list_members.contact_id')
    .select(['contacts.email', 'contacts.name'])
    .where('list_members.list_id', '=', id)
    .where('list_members.is_unsubscribed', '=', 0)
    .where('contacts.erased_at', 'is', null)
    .orderBy('list_members.id')
    .limit(maxMembers + 1)
    .execute()
  if (rows.length === 0) {
    throw new Refused('no-recipients', `nobody is subscribed to the list '${name}' (${text})`)
  }
  if (rows.length > maxMembers) {
    throw new Refused(
      'too-many-recipients',
      `the list '${name}' (${text}) has more than ${maxMembers} members: reach it by a campaign`,
    )
  }
  return rows.flatMap(({ email, name: called }) => {
    const address = parseAddress(email)
    return address === undefined ? [] : [{ name: called, address }]
  })
}
