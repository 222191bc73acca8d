/** Mail of a mailing is made for each recipient: what is known of them is read when their work is claimed. */
import type { Kysely } from 'kysely'
import { contactEmail } from '../contacts/contacts.ts'
import { type Person, personsByEmail, subscribedAmong } from '../contacts/persons.ts'
import type { ContactId, ContactListId, KeyId } from '../mail/ids.ts'
import type { Schema } from '../storage/schema.ts'
import type { ClaimedWork } from './load.ts'
import type { Block, OutboundRecipient } from './outbound.ts'

export type LoadedPersons = {
  /** The work with what is known of its recipients, where its content is made for each. */
  with(work: ClaimedWork): ClaimedWork
  /** Why this recipient gets no mail of a mailing any more. */
  heldBack(work: ClaimedWork, recipient: OutboundRecipient): Block | undefined
}

const nobody: LoadedPersons = { with: (work) => work, heldBack: () => undefined }

/** A few statements for each mailing; none where there is no mail of one. */
export async function readPersons(db: Kysely<Schema>, works: readonly ClaimedWork[]): Promise<LoadedPersons> {
  const ofMailings = works.filter(isOfMailing)
  if (ofMailings.length === 0) return nobody
  const persons = new Map<string, Person>()
  const subscribed = new Map<number, ReadonlySet<ContactId>>()
  for (const [keyId, ofKey] of Map.groupBy(ofMailings, ({ message }) => message.keyId)) {
    const emails = ofKey.flatMap(({ recipients }) => recipients.map(({ address }) => emailOf(address)))
    for (const [email, person] of await personsByEmail(db, { keyId, emails })) {
      persons.set(nameOf(keyId, email), person)
    }
    for (const listId of new Set(ofKey.flatMap(({ message }) => message.options.listId ?? []))) {
      const ids = [...persons.values()].map(({ id }) => id)
      subscribed.set(listId, await subscribedAmong(db, { listId: listId as ContactListId, ids }))
    }
  }
  return {
    with(work) {
      if (!isOfMailing(work)) return work
      const recipients = work.recipients.map((recipient) => {
        const person = persons.get(nameOf(work.message.keyId, emailOf(recipient.address)))
        return person === undefined ? recipient : { ...recipient, person }
      })
      return { ...work, recipients }
    },
    heldBack(work, { address, person }) {
      if (!isOfMailing(work)) return undefined
      if (person === undefined) {
        return { class: 'suppressed-listed', detail: `${address} is no contact of this API key any more` }
      }
      const { listId } = work.message.options
      if (listId === undefined || subscribed.get(listId)?.has(person.id)) return undefined
      return {
        class: 'suppressed-listed',
        detail: `${address} has left the list since the campaign was started, or was taken off it`,
      }
    },
  }
}

function isOfMailing({ message }: ClaimedWork): boolean {
  return message.options.mailingId !== undefined
}

function emailOf(address: string): string {
  return contactEmail(address) ?? address
}

function nameOf(keyId: KeyId, email: string): string {
  return `${keyId} ${email}`
}
