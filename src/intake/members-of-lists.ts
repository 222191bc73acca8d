/** Those who are behind the addresses of lists, in the place of them. */
import type { AddressedLists } from '../contacts/list-addresses.ts'
import { type Address, normaliseAddress } from '../mail/address.ts'
import type { Draft, RawSubmission } from './draft.ts'
import type { PlannedMessage } from './store.ts'
import type { AcceptedRecipient } from './submission.ts'

/** To, Cc and Bcc as the client gave them, in this order. */
export function namedIn({ to, cc, bcc }: Pick<Draft, 'to' | 'cc' | 'bcc'>): Address[] {
  return [...to, ...cc, ...bcc].map(({ address }) => address)
}

/**
 * What is answered for each of `named`. Who is on a list is told to nobody who writes to it: it is answered for as a whole, by
 * the first of its members. Somebody who is named and on a list was written to once.
 */
export function answeredFor(
  named: readonly Address[],
  {
    planned,
    recipientsOf,
  }: { planned: readonly PlannedMessage[]; recipientsOf: readonly (readonly number[])[] },
): AcceptedRecipient[] {
  const answers: AcceptedRecipient[] = []
  for (const [index, { recipients }] of planned.entries()) {
    for (const [at, recipient] of recipients.entries()) {
      const place = recipientsOf[index]?.[at]
      if (place === undefined) continue
      answers[place] ??= { ...recipient, address: named[place] ?? recipient.address }
    }
  }
  return named.flatMap((address, place) => {
    const answer = answers[place] ?? personIn(planned, address)
    return answer === undefined ? [] : [{ ...answer, address }]
  })
}

function personIn(planned: readonly PlannedMessage[], address: Address): AcceptedRecipient | undefined {
  const email = normaliseAddress(address)
  return planned
    .flatMap(({ recipients }) => recipients)
    .find((recipient) => normaliseAddress(recipient.address) === email)
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
