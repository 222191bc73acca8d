/** Those who are behind the addresses of lists, in the place of them. */
import type { AddressedLists } from '../contacts/list-addresses.ts'
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { Draft, RawSubmission } from './draft.ts'

/** To, Cc and Bcc as the client gave them, in this order. */
export function namedIn({ to, cc, bcc }: Pick<Draft, 'to' | 'cc' | 'bcc'>): Address[] {
  return [...to, ...cc, ...bcc].map(({ address }) => address)
}

/** For what is to be known of all who get it. */
export function withMembers(draft: Draft, lists: AddressedLists | undefined): Draft {
  return lists === undefined
    ? draft
    : { ...draft, bcc: [...draft.bcc, ...[...lists.members.values()].flat()] }
}

/** Each person once; mail to a list is mass mail. */
export function withMembersOfRaw(raw: RawSubmission, lists: AddressedLists | undefined): RawSubmission {
  if (lists === undefined) return raw
  const all = raw.recipients.flatMap((recipient): RawSubmission['recipients'] => {
    const members = lists.members.get(normaliseAddress(recipient.address))
    return members === undefined ? [recipient] : members.map(({ address }) => ({ address }))
  })
  const each = new Map(all.map((recipient) => [normaliseAddress(recipient.address), recipient]))
  const options = { ...raw.options, bulk: true as const, listId: lists.listId }
  return { ...raw, recipients: [...each.values()], options }
}
